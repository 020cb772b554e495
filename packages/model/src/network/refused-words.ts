// Which rule of the gateway dropped a frame, in words, and how to change it: a person's own rule by its place in the list, or one
// that nobody wrote (“filter:betweenVlans”) and that holds until a rule says otherwise. Pure.
import type { DropWords } from "./drop-words.ts";
import type { FirewallRule } from "./firewall.ts";
import { ruleInWords } from "./firewall-words.ts";

const NO_RULE_OPENS = "Nothing to do: no rule opens such addresses, since they lead back to this computer or to nobody.";

/** What holds without a rule, by the part behind “filter:”. NETWORK stands for the network's name. */
const UNWRITTEN: Readonly<Record<string, DropWords>> = {
  betweenVlans: {
    words: "It leads to another VLAN, and no rule allows that.",
    hint: "Allow it: mimic net rule NETWORK --accept vlan:NUMBER",
  },
  betweenNetworks: {
    words: "It leads to another network, and no rule allows that.",
    hint: "Allow it: mimic net rule NETWORK --accept net:OTHER",
  },
  gateway: {
    words: "It is for the gateway itself, which answers DNS, DHCP and pings only, and no rule leads to a port of this computer.",
    hint: "Open one: mimic net rule NETWORK --accept host:8080",
  },
  host: {
    words: "It is for an address of this computer, and no rule opens exactly that.",
    hint: "Open one port at the gateway's address: mimic net rule NETWORK --accept host:8080",
  },
  noUplink: {
    words: "This network has no way out.",
    hint: "Give the machine a card in one that has: mimic net plug MACHINE home",
  },
};

/** Neighbours of this computer, which a rule may open: ranges by the names that the gateway gives them. */
const PRIVATE: Readonly<Record<string, string>> = {
  private10: "10.0.0.0/8",
  carrierGrade: "100.64.0.0/10",
  private172: "172.16.0.0/12",
  private192: "192.168.0.0/16",
  benchmark: "198.18.0.0/15",
  uniqueLocal: "fc00::/7",
};

export interface RefusedFrame {
  readonly reason: string;
  /** What the gateway called what decided. */
  readonly rule: string;
}

/** Undefined = the reason alone says it all. */
export function wordsOfRefusal({ reason, rule }: RefusedFrame, rules: readonly FirewallRule[]): DropWords | undefined {
  if (!rule.startsWith("filter:")) return wordsOfRule(rule, rules);
  const name = rule.slice("filter:".length);
  const range = PRIVATE[name];
  if (range !== undefined) {
    return {
      words: `It is for an address near this computer (${range}), and no rule allows that.`,
      hint: "Open just the range that is needed: mimic net rule NETWORK --accept 192.168.1.0/24",
    };
  }
  if (UNWRITTEN[name]) return UNWRITTEN[name];
  if (reason !== "destinationFiltered") return undefined;
  return { words: `The gateway lets nothing of that kind through (${rule}).`, hint: NO_RULE_OPENS };
}

function wordsOfRule(id: string, rules: readonly FirewallRule[]): DropWords {
  const at = rules.findIndex((rule) => rule.id === id);
  const rule = rules[at];
  if (rule === undefined) return { words: "A rule forbade it that is gone by now.", hint: "See the rules: mimic net rule NETWORK" };
  const place = at + 1;
  return {
    words: `Rule ${place} forbids it: ${ruleInWords(rule, (network) => `network ${network}`)}.`,
    hint: `Take it away: mimic net rule NETWORK --rm ${place}. Or put one before it that accepts: mimic net rule NETWORK --accept TARGET --at ${place}`,
  };
}
