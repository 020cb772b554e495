// ICMP, ICMPv6 with neighbour discovery, IGMP and MLD.
import { ipText, ipv4Text, ipv6Text, macText } from "../address/index.ts";
import { isMalformed, readU16, readU32 } from "../bytes.ts";
import { type GroupRecord, type IgmpMessage, isMldType, type MldMessage, parseIgmp, parseMld } from "../group/index.ts";
import { type NdpMessage, type NdpOption, parseNdp } from "../ndp/index.ts";
import { bytesText, type Decoding, type Layer, named } from "./decoding.ts";

const ICMP_TYPES: Readonly<Record<number, string>> = {
  0: "echo reply",
  3: "unreachable",
  4: "source quench",
  5: "redirect",
  8: "echo request",
  9: "router advertisement",
  10: "router solicitation",
  11: "time exceeded",
  12: "parameter problem",
  13: "timestamp",
  14: "timestamp reply",
};
const UNREACHABLE_CODES: Readonly<Record<number, string>> = {
  0: "network",
  1: "host",
  2: "protocol",
  3: "port",
  4: "fragmentation needed",
  9: "network prohibited",
  10: "host prohibited",
  13: "prohibited",
};
const ICMPV6_TYPES: Readonly<Record<number, string>> = {
  1: "unreachable",
  2: "packet too big",
  3: "time exceeded",
  4: "parameter problem",
  128: "echo request",
  129: "echo reply",
  130: "listener query",
  131: "listener report",
  132: "listener done",
  133: "router solicitation",
  134: "router advertisement",
  135: "neighbour solicitation",
  136: "neighbour advertisement",
  137: "redirect",
  143: "listener report v2",
};
const UNREACHABLE6_CODES: Readonly<Record<number, string>> = {
  0: "no route",
  1: "prohibited",
  3: "address",
  4: "port",
  5: "policy",
  6: "rejected",
};

export function decodeIcmp(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const layer = d.layer("icmp", "ICMP", at, end - at);
  if (at + 8 > end) {
    layer.cutOff();
    d.says("ICMP", "cut off");
    return;
  }
  const [type, code] = [bytes[at] as number, bytes[at + 1] as number];
  layer.field("Type", named(type, ICMP_TYPES), at, 1).field("Code", type === 3 ? named(code, UNREACHABLE_CODES) : code, at + 1, 1);
  const words = ICMP_TYPES[type] ?? `type ${type}, code ${code}`;
  if (type === 0 || type === 8) {
    decodeEcho(d, layer, "ICMP", words, at, end);
    return;
  }
  if (type === 5) layer.field("Gateway", ipv4Text(bytes, at + 4), at + 4, 4);
  if (type === 3 && code === 4) layer.field("MTU", readU16(bytes, at + 6), at + 6, 2);
  d.says("ICMP", type === 3 ? unreachableWords(code, readU16(bytes, at + 6)) : words);
  if (type === 3 || type === 5 || type === 11 || type === 12) quote(d, layer, 0x0800, at + 8, end);
}

const unreachableWords = (code: number, mtu: number): string =>
  code === 4 ? `fragmentation needed, MTU ${mtu}` : `${UNREACHABLE_CODES[code] ?? `code ${code}`} unreachable`;

function decodeEcho(d: Decoding, layer: Layer, name: string, words: string, at: number, end: number): void {
  const [identifier, sequence] = [readU16(d.bytes, at + 4), readU16(d.bytes, at + 6)];
  layer.field("Identifier", identifier, at + 4, 2).field("Sequence", sequence, at + 6, 2);
  if (end > at + 8) layer.field("Data", bytesText(end - at - 8), at + 8, end - at - 8);
  d.says(name, `${words} ${identifier}/${sequence}`);
}

/** The packet that an error is about, or as much of it as there is. */
function quote(d: Decoding, layer: Layer, etherType: number, at: number, end: number): void {
  layer.length = at - layer.at;
  if (end > at && !d.isFull) d.inside({ isPart: true }, () => d.steps.network(d, etherType, at, end));
}

export function decodeIcmpv6(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const layer = d.layer("icmpv6", "ICMPv6", at, end - at);
  if (at + 8 > end) {
    layer.cutOff();
    d.says("ICMPv6", "cut off");
    return;
  }
  const [type, code] = [bytes[at] as number, bytes[at + 1] as number];
  layer.field("Type", named(type, ICMPV6_TYPES), at, 1).field("Code", type === 1 ? named(code, UNREACHABLE6_CODES) : code, at + 1, 1);
  const words = ICMPV6_TYPES[type] ?? `type ${type}, code ${code}`;
  d.says("ICMPv6", words);
  if (type === 128 || type === 129) {
    decodeEcho(d, layer, "ICMPv6", words, at, end);
    return;
  }
  if (isMldType(type)) {
    decodeMld(d, layer, at, end);
    return;
  }
  if (type >= 133 && type <= 137) {
    decodeNdp(d, layer, at, end);
    return;
  }
  if (type === 1) d.says("ICMPv6", `${UNREACHABLE6_CODES[code] ?? `code ${code}`} unreachable`);
  if (type === 2) {
    layer.field("MTU", readU32(bytes, at + 4), at + 4, 4);
    d.says("ICMPv6", `packet too big, MTU ${readU32(bytes, at + 4)}`);
  }
  if (type >= 1 && type <= 4) quote(d, layer, 0x86dd, at + 8, end);
}

function decodeNdp(d: Decoding, layer: Layer, at: number, end: number): void {
  const message = parseNdp(d.bytes.subarray(at, end));
  if (isMalformed(message)) {
    d.unreadable(layer, "ICMPv6", message.malformed);
    return;
  }
  describeNdp(d, layer, message, at);
  for (const option of message.options) layer.field(...ndpOptionText(option), at, end - at);
}

function describeNdp(d: Decoding, layer: Layer, message: NdpMessage, at: number): void {
  switch (message.kind) {
    case "routerSolicitation":
      return;
    case "routerAdvertisement": {
      const flags = [message.isManaged ? "managed" : "", message.hasOtherConfiguration ? "other configuration" : ""].filter(Boolean);
      layer.field("Hop limit", message.hopLimit, at + 4, 1).field("Flags", flags.join(", ") || "none", at + 5, 1);
      layer.field("Router lifetime", `${message.lifetimeSeconds} s`, at + 6, 2).field("Preference", message.preference, at + 5, 1);
      const prefixes = message.options.flatMap((one) => (one.option === "prefix" ? [`${ipv6Text(one.prefix)}/${one.prefixLength}`] : []));
      d.says("ICMPv6", `router advertisement${prefixes.length > 0 ? ` of ${prefixes.join(", ")}` : ""}, ${message.lifetimeSeconds} s`);
      return;
    }
    case "neighborSolicitation":
      layer.field("Target", ipv6Text(message.target), at + 8, 16);
      d.says("ICMPv6", `neighbour solicitation: who has ${ipv6Text(message.target)}?`);
      return;
    case "neighborAdvertisement": {
      const flags = [message.isRouter ? "router" : "", message.isSolicited ? "solicited" : "", message.isOverride ? "override" : ""];
      layer.field("Flags", flags.filter(Boolean).join(", ") || "none", at + 4, 1).field("Target", ipv6Text(message.target), at + 8, 16);
      const mac = message.options.find((one) => one.option === "targetLinkLayer");
      d.says("ICMPv6", `neighbour advertisement: ${ipv6Text(message.target)}${mac && "mac" in mac ? ` is at ${macText(mac.mac)}` : ""}`);
      return;
    }
    case "redirect":
      layer.field("Target", ipv6Text(message.target), at + 8, 16).field("Destination", ipv6Text(message.destination), at + 24, 16);
      d.says("ICMPv6", `redirect: ${ipv6Text(message.destination)} by ${ipv6Text(message.target)}`);
      return;
    default:
      message satisfies never;
  }
}

function ndpOptionText(option: NdpOption): [string, string] {
  switch (option.option) {
    case "sourceLinkLayer":
      return ["Source MAC", macText(option.mac)];
    case "targetLinkLayer":
      return ["Target MAC", macText(option.mac)];
    case "prefix":
      return [
        "Prefix",
        `${ipv6Text(option.prefix)}/${option.prefixLength}${option.isAutonomous ? ", autonomous" : ""}, valid ${option.validSeconds} s`,
      ];
    case "mtu":
      return ["MTU", String(option.mtu)];
    case "redirectedHeader":
      return ["Redirected packet", bytesText(option.packet.length)];
    case "route":
      return ["Route", `${ipv6Text(option.prefix)}/${option.prefixLength}, ${option.preference}, ${option.seconds} s`];
    case "dnsServers":
      return ["DNS servers", option.servers.map((server) => ipv6Text(server)).join(", ")];
    case "dnsSearch":
      return ["DNS search list", option.domains.join(", ")];
    case "nonce":
      return ["Nonce", bytesText(option.nonce.length)];
    case "unknown":
      return [`Option ${option.type}`, bytesText(option.data.length)];
    default:
      return option satisfies never;
  }
}

const RECORD_WORDS: Readonly<Record<number, string>> = {
  1: "include",
  2: "exclude",
  3: "to include",
  4: "to exclude",
  5: "allow",
  6: "block",
};

function describeRecords(layer: Layer, records: readonly GroupRecord[], at: number): string {
  for (const { type, group, sources } of records) {
    layer.field(
      `Group ${ipText(group)}`,
      `${RECORD_WORDS[type] ?? `type ${type}`} ${sources.map(ipText).join(", ") || "nobody"}`,
      at,
      layer.length,
    );
  }
  return records.map(({ type, group, sources }) => `${reportVerb(type, sources.length)} ${ipText(group)}`).join(", ");
}

/** “To exclude nobody” is to join, “to include nobody” is to leave (RFC 3376 §3). */
const reportVerb = (type: number, sources: number): string =>
  sources === 0 && (type === 2 || type === 4)
    ? "join"
    : sources === 0 && (type === 1 || type === 3)
      ? "leave"
      : (RECORD_WORDS[type] ?? `type ${type}`);

export function decodeIgmp(d: Decoding, at: number, end: number): void {
  const layer = d.layer("igmp", "IGMP", at, end - at);
  const message = parseIgmp(d.bytes.subarray(at, end));
  if (isMalformed(message)) {
    d.unreadable(layer, "IGMP", message.malformed);
    return;
  }
  layer.field("Type", d.bytes[at] as number, at, 1);
  d.says("IGMP", igmpInfo(layer, message, at));
}

function igmpInfo(layer: Layer, message: IgmpMessage, at: number): string {
  if (message.kind === "other") return `type ${message.type}`;
  if (message.kind === "reportV3") return `report: ${describeRecords(layer, message.records, at)}`;
  const group = ipv4Text(message.group);
  layer.field("Group", group, at + 4, 4);
  if (message.kind === "query")
    return group === "0.0.0.0" ? `v${message.version} query for all groups` : `v${message.version} query for ${group}`;
  return message.kind === "leave" ? `leave ${group}` : `v${message.version} report: join ${group}`;
}

function decodeMld(d: Decoding, layer: Layer, at: number, end: number): void {
  const message = parseMld(d.bytes.subarray(at, end));
  if (isMalformed(message)) d.unreadable(layer, "ICMPv6", message.malformed);
  else d.says("ICMPv6", mldInfo(layer, message, at));
}

function mldInfo(layer: Layer, message: MldMessage, at: number): string {
  if (message.kind === "reportV2") return `MLDv2 report: ${describeRecords(layer, message.records, at)}`;
  const group = ipv6Text(message.group);
  layer.field("Group", group, at + 8, 16);
  if (message.kind === "query")
    return group === "::" ? `MLDv${message.version} query for all groups` : `MLDv${message.version} query for ${group}`;
  return message.kind === "done" ? `MLD: leave ${group}` : `MLD: join ${group}`;
}
