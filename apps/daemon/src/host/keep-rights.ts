// A daemon that was started with a right of its own (CAP_NET_ADMIN as an ambient capability, for bridged networks) keeps it to
// itself: QEMU, the switch and all helpers are started without. bubblewrap even refuses to make a cage with it.
import { readFileSync } from "node:fs";
import { libc } from "@mimic/base/node";

export function keepRights(): void {
  if (process.platform !== "linux") return;
  const ambient = /^CapAmb:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0";
  if (/[1-9a-f]/.test(ambient)) libc()?.keepRightsFromChildren();
}
