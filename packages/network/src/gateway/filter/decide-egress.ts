// The firewall and the destination filter as one pure question: may this one send there? Asked for every new flow, for every
// packet between segments, and by `trace`, so that what is explained is what is done.
//
//   own address ─ host rules ─ services of the gateway ─ else refused
//   other address ─ is it this computer, or closed to all? ─ rules in order ─ else: Internet yes, everything else no
import { type DropReason, ruleInWords } from "@mimic/model";
import { equalBytes, ipText, isInRange } from "@mimic/wire";
import { type CompiledRule, type EgressPolicy, isHostAddress, networkOf, segmentOf } from "./policy.ts";
import { destinationWithin, type SpecialRange, specialRangeOf } from "./special-ranges.ts";

export interface EgressQuestion {
  /** The sender's NIC; “52:54:00:12:34:56”, “” when it is not known. */
  readonly mac: string;
  /** The machine (`mch_…`) behind it, when the plan names one. */
  readonly machine: string | undefined;
  readonly vlan: number;
  /** 4 or 16 bytes. */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  /** other = neither; only rules for “any” fit. */
  readonly protocol: "tcp" | "udp" | "icmp" | "other";
  /** The destination port, 0 where there is none. */
  readonly port: number;
}

/** Where the packet goes on. */
export type EgressWay =
  /** To a service of the gateway itself: DNS, DHCP, ping. */
  | { readonly way: "gateway" }
  /** To this computer's loopback at the same port, because a rule says so. */
  | { readonly way: "host"; readonly port: number }
  | { readonly way: "segment"; readonly vlan: number }
  | { readonly way: "network"; readonly network: string }
  /** Out through this computer: the Internet, or a neighbour when a rule opened it. */
  | { readonly way: "uplink" };

export type EgressDecision =
  | ({ readonly verdict: "accept"; readonly rule: string | undefined; readonly words: string } & EgressWay)
  /** reject: the sender is told. */
  | { readonly verdict: "drop" | "reject"; readonly reason: DropReason; readonly rule: string | undefined; readonly words: string };

/** Services that the gateway answers at its own addresses. */
const SERVICES: readonly (readonly ["tcp" | "udp", number, string])[] = [
  ["udp", 53, "DNS"],
  ["tcp", 53, "DNS"],
  ["udp", 67, "DHCP"],
  ["udp", 547, "DHCPv6"],
];

export function decideEgress(policy: EgressPolicy, question: EgressQuestion): EgressDecision {
  const own = policy.segments.find((segment) => equalBytes(segment.own, question.to));
  return own ? decideOwn(policy, question) : decideBeyond(policy, question);
}

function decideOwn(policy: EgressPolicy, question: EgressQuestion): EgressDecision {
  const { protocol, port } = question;
  const where = `the gateway's own address ${ipText(question.to)}`;
  if (protocol === "icmp") return { verdict: "accept", way: "gateway", rule: undefined, words: `${where} answers pings.` };
  const service = SERVICES.find(([kind, number]) => kind === protocol && number === port);
  if (service) return { verdict: "accept", way: "gateway", rule: undefined, words: `${where} answers ${service[2]}.` };
  const rule = policy.rules.find((compiled) => {
    const { target } = compiled.rule;
    return target.to === "host" && target.port === port && isFromAndKind(compiled, question);
  });
  if (rule?.rule.action === "accept") {
    const words = `${ruleWords(rule)} lets it reach port ${port} of this computer.`;
    return { verdict: "accept", way: "host", port, rule: rule.rule.id, words };
  }
  if (rule) return refusedBy(rule);
  return {
    verdict: "reject",
    reason: "firewall",
    rule: "filter:gateway",
    words: `${where} answers DNS, DHCP and pings only, and no rule leads from it to a port of this computer.`,
  };
}

function decideBeyond(policy: EgressPolicy, question: EgressQuestion): EgressDecision {
  const { to } = question;
  const segment = segmentOf(policy, to);
  const network = segment ? undefined : networkOf(policy, to);
  const special = segment || network ? undefined : specialRangeOf(to);
  const isHost = !segment && isHostAddress(policy, destinationWithin(to));
  // Nothing opens these: whatever rules say, the packet would mean this computer itself, or nobody.
  if (special?.kind === "closed") return filtered(`filter:${special.name}`, `${ipText(to)} is ${special.words}. No rule opens it.`);
  if (to.length === 4 && segment && isBroadcastOf(segment.range.prefix, to)) {
    return filtered("filter:broadcast", `${ipText(to)} is a broadcast address of VLAN ${segment.vlan}.`);
  }
  const target: Target = { question, policy, vlan: segment?.vlan, network: network?.id, special, isHost };
  const rule = policy.rules.find((compiled) => isFromAndKind(compiled, question) && fitsTarget(compiled, target));
  if (rule && rule.rule.action !== "accept") return refusedBy(rule);
  if (segment) return decideSegment({ vlan: segment.vlan, from: question.vlan, rule });
  if (network) return decideNetwork(network, rule);
  if (isHost && !rule) return filtered("filter:host", `${ipText(to)} is this computer. A rule for exactly this address would open it.`);
  if (special && !rule) {
    return filtered(`filter:${special.name}`, `${ipText(to)} is ${special.words}. An accept rule for its range opens it.`);
  }
  if (policy.uplink === "none") {
    return { verdict: "reject", reason: "noRoute", rule: "filter:noUplink", words: "This network has no way out: its uplink is “none”." };
  }
  const words = rule ? `${ruleWords(rule)} accepts it.` : `${ipText(to)} is a public address, which needs no rule.`;
  return { verdict: "accept", way: "uplink", rule: rule?.rule.id, words };
}

interface BetweenVlans {
  readonly vlan: number;
  readonly from: number;
  readonly rule: CompiledRule | undefined;
}

function decideSegment({ vlan, from, rule }: BetweenVlans): EgressDecision {
  if (rule) return { verdict: "accept", way: "segment", vlan, rule: rule.rule.id, words: `${ruleWords(rule)} accepts it.` };
  if (vlan === from) return { verdict: "accept", way: "segment", vlan, rule: undefined, words: `It stays in VLAN ${vlan}.` };
  return {
    verdict: "reject",
    reason: "firewall",
    rule: "filter:betweenVlans",
    words: `VLAN ${from} may not reach VLAN ${vlan}: no rule allows it.`,
  };
}

function decideNetwork(network: { readonly id: string; readonly name: string }, rule: CompiledRule | undefined): EgressDecision {
  if (rule) return { verdict: "accept", way: "network", network: network.id, rule: rule.rule.id, words: `${ruleWords(rule)} accepts it.` };
  const words = `It leads to the network “${network.name}”, and no rule allows that.`;
  return { verdict: "reject", reason: "firewall", rule: "filter:betweenNetworks", words };
}

const filtered = (rule: string, words: string): EgressDecision => ({ verdict: "reject", reason: "destinationFiltered", rule, words });

function refusedBy(compiled: CompiledRule): EgressDecision {
  const { action, id } = compiled.rule;
  return { verdict: action === "drop" ? "drop" : "reject", reason: "firewall", rule: id, words: `${ruleWords(compiled)} forbids it.` };
}

const ruleWords = ({ rule }: CompiledRule): string => `The rule “${ruleInWords(rule, (network) => `network ${network}`)}” (${rule.id})`;

/** Sender, protocol and port; the target is looked at apart. */
function isFromAndKind({ rule, fromRange }: CompiledRule, question: EgressQuestion): boolean {
  if (rule.protocol !== "any" && rule.protocol !== question.protocol) return false;
  if (rule.ports) {
    const hasPort = question.protocol === "tcp" || question.protocol === "udp";
    if (!hasPort || question.port < rule.ports[0] || question.port > rule.ports[1]) return false;
  }
  switch (rule.from?.from) {
    case undefined:
      return true;
    case "machine":
      return rule.from.machine === question.mac || (question.machine !== undefined && rule.from.machine === question.machine);
    case "vlan":
      return rule.from.vlan === question.vlan;
    case "range":
      return fromRange !== undefined && isInRange(fromRange, question.from);
  }
}

interface Target {
  readonly question: EgressQuestion;
  readonly policy: EgressPolicy;
  readonly vlan: number | undefined;
  readonly network: string | undefined;
  readonly special: SpecialRange | undefined;
  readonly isHost: boolean;
}

/** What a rule that accepts may open is narrower than what one that refuses may close: this computer only by its exact address. */
function fitsTarget(compiled: CompiledRule, target: Target): boolean {
  const { rule, targetRange } = compiled;
  const { question, policy, special, isHost } = target;
  const isOutside = target.vlan === undefined && target.network === undefined;
  const opens = rule.action === "accept";
  switch (rule.target.to) {
    case "anywhere":
      return !(opens && isHost);
    case "internet":
      return isOutside && !special && !isHost;
    case "range":
      if (!targetRange || !isInRange(targetRange, question.to)) return false;
      return !(opens && isHost) || targetRange.prefix === question.to.length * 8;
    case "name":
      // A name's answer may point anywhere (rebinding), so a name opens nothing that is not public.
      return policy.isNamed(question.to, rule.target.name) && !(opens && (special !== undefined || isHost));
    case "vlan":
      return target.vlan === rule.target.vlan;
    case "network":
      return target.network === rule.target.network;
    case "host":
      return false;
  }
}

/** The network's first and last address, which mean all of it. */
function isBroadcastOf(prefix: number, address: Uint8Array): boolean {
  const bits = 32 - prefix;
  if (bits < 2) return false;
  const value = new DataView(address.buffer, address.byteOffset, 4).getUint32(0);
  const host = value % 2 ** bits;
  return host === 0 || host === 2 ** bits - 1;
}
