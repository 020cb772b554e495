// Ethernet and what stands directly on it: tags, LLC, ARP, spanning tree, LLDP.
import { ipv4Text, macText } from "../address/index.ts";
import { isMalformed, readU16 } from "../bytes.ts";
import { type ArpPacket, type Bpdu, ETHER_TYPE, isTpid, MAX_TAGS, parseArp, parseBpdu, parseLldp, parseTag } from "../link/index.ts";
import { bytesText, type Decoding, hex, named } from "./decoding.ts";

const ETHER_TYPE_NAMES: Readonly<Record<number, string>> = {
  2048: "IPv4",
  2054: "ARP",
  2114: "Wake-on-LAN",
  32821: "RARP",
  33024: "802.1Q",
  34525: "IPv6",
  34824: "Ethernet flow control",
  34825: "slow protocols (LACP)",
  34887: "MPLS",
  34915: "PPPoE discovery",
  34916: "PPPoE",
  34958: "802.1X",
  34984: "802.1ad",
  35020: "LLDP",
};

export function decodeEthernet(d: Decoding): void {
  const { bytes } = d;
  const ethernet = d.layer("eth", "Ethernet", 0, 14);
  if (bytes.length < 14) {
    ethernet.wrong(`cut off: ${bytesText(bytes.length)}, and a header has 14`);
    d.says("Ethernet", `${bytesText(bytes.length)}, too short for a frame`);
    return;
  }
  d.destination = macText(bytes, 0);
  d.source = macText(bytes, 6);
  ethernet.field("Destination", d.destination, 0, 6).field("Source", d.source, 6, 6);
  let at = 12;
  while (isTpid(readU16(bytes, at)) && d.vlans.length < MAX_TAGS) {
    if (at === 12) ethernet.field("Type", named(readU16(bytes, at), ETHER_TYPE_NAMES), at, 2);
    if (!decodeTag(d, at)) return;
    at += 4;
  }
  const type = readU16(bytes, at);
  const last = d.layers.at(-1);
  if (type >= 0x600) {
    last?.field("Type", `${hex(type, 4)}${ETHER_TYPE_NAMES[type] ? ` (${ETHER_TYPE_NAMES[type]})` : ""}`, at, 2);
    d.steps.network(d, type, at + 2, bytes.length);
    return;
  }
  last?.field("Length", type, at, 2);
  if (type > 1500) {
    last?.wrong(`${type} is neither a length nor a type`);
    d.layer("data", "Data", at + 2, bytes.length - at - 2);
    d.says("Ethernet", last?.problem ?? "");
    return;
  }
  if (at + 2 + type > bytes.length) last?.cutOff(`: its length says ${bytesText(type)}, and ${bytes.length - at - 2} are there`);
  decodeLlc(d, at + 2, Math.min(bytes.length, at + 2 + type));
}

/** Answers whether what is behind the tag can be read. */
function decodeTag(d: Decoding, at: number): boolean {
  const { bytes } = d;
  const isService = readU16(bytes, at) === 0x88a8;
  const layer = d.layer(isService ? "ieee8021ad" : "vlan", isService ? "802.1ad tag" : "802.1Q tag", at + 2, 4);
  if (at + 6 > bytes.length) {
    layer.wrong("cut off inside the tag");
    d.says(layer.name, "cut off inside the tag");
    return false;
  }
  const tag = parseTag(bytes, at);
  d.vlans.push(tag.vlan);
  layer.field("Priority", tag.priority, at + 2, 1);
  if (tag.dropEligible) layer.field("Drop eligible", "yes", at + 2, 1);
  layer.field("VLAN", tag.vlan === 0 ? "0 (a priority, no VLAN)" : tag.vlan, at + 2, 2);
  d.says(layer.name, `VLAN ${tag.vlan}`);
  return true;
}

/** IEEE 802.2: service access points; SNAP (RFC 1042) leads on to an EtherType. */
function decodeLlc(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const layer = d.layer("llc", "LLC", at, Math.min(3, end - at));
  d.says("LLC", `802.3 frame with ${bytesText(end - at)}`);
  if (at + 3 > end) {
    layer.wrong("cut off");
    return;
  }
  layer.field("DSAP", hex(bytes[at] as number, 2), at, 1).field("SSAP", hex(bytes[at + 1] as number, 2), at + 1, 1);
  layer.field("Control", hex(bytes[at + 2] as number, 2), at + 2, 1);
  if (bytes[at] === 0x42) decodeSpanningTree(d, at, end);
  if (bytes[at] === 0xaa && bytes[at + 1] === 0xaa && at + 8 <= end) {
    layer.length = 8;
    layer.field("Organization", [3, 4, 5].map((i) => (bytes[at + i] as number).toString(16).padStart(2, "0")).join(":"), at + 3, 3);
    layer.field("Type", hex(readU16(bytes, at + 6), 4), at + 6, 2);
    const isEthernet = bytes[at + 3] === 0 && bytes[at + 4] === 0 && bytes[at + 5] === 0;
    if (isEthernet) d.steps.network(d, readU16(bytes, at + 6), at + 8, end);
  }
}

const bridgeText = (id: Uint8Array): string => `${readU16(id, 0) & 0xf000}/${readU16(id, 0) & 0x0fff}/${macText(id, 2)}`;

function decodeSpanningTree(d: Decoding, llcAt: number, end: number): void {
  const at = llcAt + 3;
  const layer = d.layer("stp", "Spanning tree", at, end - at);
  const bpdu = parseBpdu(d.bytes.subarray(llcAt, end));
  if (isMalformed(bpdu)) {
    d.unreadable(layer, "STP", bpdu.malformed);
    return;
  }
  const name = bpdu.kind === "rapid" || bpdu.version >= 2 ? "RSTP" : "STP";
  layer.field("Version", bpdu.version, at + 2, 1).field("Kind", BPDU_WORDS[bpdu.kind], at + 3, 1);
  if (bpdu.kind === "topologyChange") {
    d.says(name, "topology change");
    return;
  }
  const on = Object.entries(bpdu.flags).filter(([, value]) => value === true);
  layer.field("Flags", [...on.map(([flag]) => flag), `role ${bpdu.flags.role}`].join(", "), at + 4, 1);
  layer.field("Root", bridgeText(bpdu.root), at + 5, 8).field("Cost to root", bpdu.rootPathCost, at + 13, 4);
  layer.field("Bridge", bridgeText(bpdu.bridge), at + 17, 8).field("Port", hex(bpdu.port, 4), at + 25, 2);
  layer.field("Message age", `${bpdu.messageAge} s`, at + 27, 2).field("Maximum age", `${bpdu.maxAge} s`, at + 29, 2);
  layer.field("Hello time", `${bpdu.helloTime} s`, at + 31, 2).field("Forward delay", `${bpdu.forwardDelay} s`, at + 33, 2);
  d.says(name, `root ${bridgeText(bpdu.root)}, cost ${bpdu.rootPathCost}, port ${hex(bpdu.port, 4)}`);
}

const BPDU_WORDS: Readonly<Record<Bpdu["kind"], string>> = {
  configuration: "configuration",
  rapid: "rapid spanning tree",
  topologyChange: "topology change",
};

const ARP_OPERATIONS: Readonly<Record<number, string>> = { 1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply" };

export function decodeArp(d: Decoding, etherType: number, at: number, end: number): void {
  const isReverse = etherType === ETHER_TYPE.rarp;
  const name = isReverse ? "RARP" : "ARP";
  const layer = d.layer(isReverse ? "rarp" : "arp", name, at, Math.min(28, end - at));
  const packet = parseArp(d.bytes.subarray(at, end));
  if (isMalformed(packet)) {
    d.unreadable(layer, name, packet.malformed === "too_short" ? "cut off" : "not of Ethernet and IPv4");
    return;
  }
  layer.field("Operation", named(packet.operation, ARP_OPERATIONS), at + 6, 2);
  layer.field("Sender MAC", macText(packet.senderMac), at + 8, 6).field("Sender address", ipv4Text(packet.senderIp), at + 14, 4);
  layer.field("Target MAC", macText(packet.targetMac), at + 18, 6).field("Target address", ipv4Text(packet.targetIp), at + 24, 4);
  d.says(name, arpInfo(packet));
}

function arpInfo(packet: ArpPacket): string {
  const [sender, target, mac] = [ipv4Text(packet.senderIp), ipv4Text(packet.targetIp), macText(packet.senderMac)];
  if (packet.operation === 1 && sender === target) return `${sender} is at ${mac} (announcement)`;
  if (packet.operation === 1 && sender === "0.0.0.0") return `is ${target} free? (probe)`;
  if (packet.operation === 1) return `who has ${target}? Tell ${sender}`;
  if (packet.operation === 2) return `${sender} is at ${mac}`;
  return `${ARP_OPERATIONS[packet.operation] ?? `operation ${packet.operation}`} from ${mac}`;
}

const decoder = new TextDecoder();

/** Chassis and port ids: a MAC or text, by subtype (IEEE 802.1AB §8.5.2.2, §8.5.3.2). */
const idText = ({ subtype, id }: { readonly subtype: number; readonly id: Uint8Array }, macSubtype: number): string =>
  subtype === macSubtype && id.length === 6 ? macText(id) : decoder.decode(id);

export function decodeLldp(d: Decoding, at: number, end: number): void {
  const layer = d.layer("lldp", "LLDP", at, end - at);
  const message = parseLldp(d.bytes.subarray(at, end));
  if (isMalformed(message)) {
    d.unreadable(layer, "LLDP", message.malformed);
    return;
  }
  const place = (part: Uint8Array): [number, number] => [part.byteOffset - d.bytes.byteOffset, part.length];
  const [chassis, port] = [idText(message.chassis, 4), idText(message.port, 3)];
  layer.field("Chassis", chassis, ...place(message.chassis.id)).field("Port", port, ...place(message.port.id));
  layer.field("Valid for", `${message.ttlSeconds} s`, at, end - at);
  const { systemName, systemDescription, portDescription } = message;
  if (systemName) layer.field("System name", decoder.decode(systemName), ...place(systemName));
  if (systemDescription) layer.field("System", decoder.decode(systemDescription), ...place(systemDescription));
  if (portDescription) layer.field("Port description", decoder.decode(portDescription), ...place(portDescription));
  d.says("LLDP", `${systemName ? decoder.decode(systemName) : chassis}, port ${port}`);
}

export function decodeUnknownType(d: Decoding, etherType: number, at: number, end: number): void {
  const name = ETHER_TYPE_NAMES[etherType];
  d.layer("data", name ?? "Data", at, end - at);
  d.says(name ?? hex(etherType, 4), bytesText(end - at + d.wireLength - d.bytes.length));
}
