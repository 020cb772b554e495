// What is captured now, in words. Pure.
import type { NetworkView } from "./view.ts";

/** “ada, VLAN 10”, each once; undefined = nobody looks. Labels come as they are: they may be a guest's. */
export function capturedNow({ captures, ports }: Pick<NetworkView, "captures" | "ports">): string | undefined {
  if (captures.length === 0) return undefined;
  const each = captures.map(({ port, vlan }) => {
    if (port !== undefined) return ports.find(({ id }) => id === port)?.label ?? (port === "gateway" ? "the gateway" : port);
    return vlan === undefined ? "all of it" : `VLAN ${vlan}`;
  });
  return [...new Set(each)].join(", ");
}
