// What the network pages say: modes, qualities, rules and addresses as sentences. Pure.
import { plain } from "@mimic/base";
import {
  type FirewallRule,
  isGood,
  LINK_PROFILES,
  type NetworkKind,
  type NetworkView,
  type PortMode,
  type PortView,
  profileOf,
  qualityInWords,
  type TwoWayQuality,
  targetInWords,
} from "@mimic/model";

export const KIND_WORDS: Readonly<Record<NetworkKind, { readonly title: string; readonly field: string; readonly means: string }>> = {
  nat: {
    title: "Together, with a way out",
    field: "nat",
    means: "Machines reach each other and the Internet. Nobody outside reaches them, except through a forward.",
  },
  isolated: {
    title: "Among themselves",
    field: "isolated",
    means: "Machines reach each other and have addresses and names. Nothing leaves, nothing comes in.",
  },
  hostOnly: {
    title: "With this computer only",
    field: "hostOnly",
    means: "Machines reach each other; you reach them from this computer through forwards. Nothing goes further.",
  },
  routed: {
    title: "Rooms with a router",
    field: "routed",
    means: "Several VLANs with a router between them and to the Internet. Rules say who may talk to whom.",
  },
  bare: {
    title: "Only a switch",
    field: "bare",
    means: "Frames go from port to port and nothing else is there: no addresses, no names, no way out.",
  },
  bridged: {
    title: "On this computer’s own LAN",
    field: "bridged",
    means: "Machines stand beside this computer on its LAN, with addresses from there. Only where the system allows it.",
  },
};

/** “VLAN 20”, “trunk: VLANs 10, 20; untagged 1” */
export function modeInWords(mode: PortMode): string {
  switch (mode.mode) {
    case "access":
      return mode.vlan === 1 ? "VLAN 1 (untagged)" : `VLAN ${mode.vlan}`;
    case "trunk": {
      const which =
        mode.allowed === "all"
          ? "every VLAN"
          : `VLAN${mode.allowed.length > 1 ? "s" : ""} ${mode.allowed.slice(0, 12).join(", ")}${mode.allowed.length > 12 ? "…" : ""}`;
      return `trunk: ${which}${mode.native === undefined ? ", tagged only" : `; untagged is ${mode.native}`}`;
    }
    case "qinq":
      return `QinQ, outer VLAN ${mode.vlan}`;
    case "private":
      return `private VLAN ${mode.vlan}, ${mode.role.kind === "community" ? `community ${mode.role.community}` : mode.role.kind}`;
    default:
      return mode satisfies never;
  }
}

/** Both directions, said once where they are alike. */
export function bothWaysInWords(quality: TwoWayQuality): string {
  const [down, up] = [qualityInWords(quality.down), qualityInWords(quality.up)];
  return down === up ? down : `to it ${down}; from it ${up}`;
}

/** The worse direction, short: what stands beside a bad cable. */
export function badLinkInWords(quality: TwoWayQuality): string {
  const profile = profileOf(quality);
  return profile ? LINK_PROFILES[profile].words : qualityInWords(isGood({ up: {}, down: quality.down }) ? quality.up : quality.down);
}

/** “up”, “the cable is pulled”, “nobody is at the other end” – and how good. */
export function linkInWords(port: Pick<PortView, "isUp" | "isConnected" | "problem" | "quality">): string {
  if (!port.isUp) return "Cable pulled";
  if (port.problem !== undefined) return port.problem;
  if (!port.isConnected) return "Nobody at the other end";
  return isGood(port.quality) ? "Connected" : `Connected, but bad: ${badLinkInWords(port.quality)}`;
}

const ACTIONS: Readonly<Record<FirewallRule["action"], string>> = { accept: "Let through", drop: "Drop silently", reject: "Refuse" };

/** “Let through TCP port 443 from hello to example.org” */
export function ruleInWords(rule: FirewallRule, names: { machine: (id: string) => string; network: (id: string) => string }): string {
  const ports = rule.ports
    ? rule.ports[0] === rule.ports[1]
      ? ` port ${rule.ports[0]}`
      : ` ports ${rule.ports[0]} to ${rule.ports[1]}`
    : "";
  const what = rule.protocol === "any" ? (ports ? `everything on${ports}` : "everything") : `${rule.protocol.toUpperCase()}${ports}`;
  const from = !rule.from
    ? "everybody here"
    : rule.from.from === "machine"
      ? `“${names.machine(rule.from.machine)}”`
      : rule.from.from === "vlan"
        ? `VLAN ${rule.from.vlan}`
        : rule.from.range;
  return plain(
    `${ACTIONS[rule.action]} ${what} from ${from} to ${targetInWords(rule.target, (id) => `the network “${names.network(id)}”`)}`,
    400,
  );
}

/** A network's addresses in one sentence. */
export function addressesInWords(network: Pick<NetworkView, "gateway" | "kind">): string {
  const { gateway } = network;
  if (!gateway)
    return network.kind === "bridged"
      ? "Addresses come from this computer’s own LAN."
      : "No gateway: machines give themselves addresses, or have none.";
  const [first, ...more] = gateway.feet;
  if (!first) return "The gateway has no foot in any VLAN yet.";
  const v6 = first.v6 ? ` and ${first.v6}` : "";
  const out = gateway.reachesInternet ? "The way out to the Internet leads through this computer." : "Nothing leads out of it.";
  const others =
    more.length === 0 ? "" : ` ${more.length === 1 ? "One more VLAN has" : `${more.length} more VLANs have`} addresses of their own.`;
  return `The gateway is ${first.v4 ?? first.v6 ?? "here"}${first.v4 ? v6 : ""}${first.pool ? `, and gives out ${first.pool}` : ""}. Machines are called NAME.${gateway.domain}. ${out}${others}`;
}
