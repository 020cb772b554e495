// Rules of a gateway in words: the same at every door. Apart from the schemas, as link-profiles.ts is. Pure.
import type { FirewallRule, FirewallTarget } from "./firewall.ts";

/** “the Internet”, “VLAN 7”. `networkWords`: how a network is called there, by what the rule says of it. */
export function targetInWords(target: FirewallTarget, networkWords: (network: string) => string): string {
  switch (target.to) {
    case "anywhere":
      return "anywhere";
    case "internet":
      return "the Internet";
    case "range":
      return target.range;
    case "name":
      return target.name;
    case "vlan":
      return `VLAN ${target.vlan}`;
    case "network":
      return networkWords(target.network);
    case "host":
      return `port ${target.port} of this computer`;
    default:
      return target satisfies never;
  }
}

/** “drop TCP port 22 to the Internet”. */
export function ruleInWords(rule: FirewallRule, networkWords: (network: string) => string): string {
  const ports = rule.ports ? ` port ${rule.ports[0] === rule.ports[1] ? rule.ports[0] : rule.ports.join("–")}` : "";
  const what = rule.protocol === "any" ? "" : ` ${rule.protocol.toUpperCase()}`;
  return `${rule.action}${what}${ports} to ${targetInWords(rule.target, networkWords)}`;
}
