// IPv4, IPv6 and its extension headers, leniently: what is cut off or has a wrong checksum is shown all the same, and said to be so.
import { ipv4Text, ipv6Text } from "../address/index.ts";
import { readU16, readU32 } from "../bytes.ts";
import { checksumOf } from "../checksum/index.ts";
import { bytesText, type Decoding, hex, type Layer, named } from "./decoding.ts";

export const PROTOCOL_NAMES: Readonly<Record<number, string>> = {
  0: "hop-by-hop options",
  1: "ICMP",
  2: "IGMP",
  4: "IPv4 in IP",
  6: "TCP",
  17: "UDP",
  41: "IPv6 in IP",
  43: "routing header",
  44: "fragment header",
  47: "GRE",
  50: "ESP",
  51: "AH",
  58: "ICMPv6",
  59: "nothing",
  60: "destination options",
  89: "OSPF",
  103: "PIM",
  112: "VRRP",
  132: "SCTP",
};

const protocolName = (protocol: number): string => PROTOCOL_NAMES[protocol] ?? `IP protocol ${protocol}`;

export function decodeIpv4(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const layer = d.layer("ip", "IPv4", at, 20);
  d.says("IPv4", "");
  const first = bytes[at] ?? 0;
  if (at + 20 > end || first >> 4 !== 4) {
    const problem = at + 20 > end ? "cut off" : `its version is ${first >> 4}`;
    layer.wrong(problem);
    d.says("IPv4", problem);
    return;
  }
  const payloadAt = at + (first & 15) * 4;
  const total = readU16(bytes, at + 2);
  layer.length = Math.min(payloadAt, end) - at;
  describeIpv4(d, layer, at, total);
  if (payloadAt < at + 20 || payloadAt > at + total || payloadAt > end) {
    layer.wrong("its lengths contradict each other");
    d.says("IPv4", "malformed");
    return;
  }
  if (at + total > end) layer.cutOff(`: its length says ${bytesText(total)}, and ${end - at} are there`);
  const payloadEnd = Math.min(end, at + total);
  d.missing = at + total - payloadEnd;
  const fragment = readU16(bytes, at + 6);
  if ((fragment & 0x3fff) !== 0) {
    decodeFragment(d, { protocol: bytes[at + 9] as number, offset: (fragment & 0x1fff) * 8, at: payloadAt, end: payloadEnd });
    return;
  }
  d.steps.transport(d, bytes[at + 9] as number, payloadAt, payloadEnd);
}

function describeIpv4(d: Decoding, layer: Layer, at: number, total: number): void {
  const { bytes } = d;
  const header = layer.length;
  const flags = readU16(bytes, at + 6);
  layer
    .field("Header length", bytesText(((bytes[at] as number) & 15) * 4), at, 1)
    .field("DSCP and ECN", hex(bytes[at + 1] as number, 2), at + 1, 1);
  layer.field("Total length", total, at + 2, 2).field("Identification", hex(readU16(bytes, at + 4), 4), at + 4, 2);
  layer.field(
    "Flags",
    [flags & 0x4000 ? "don't fragment" : "", flags & 0x2000 ? "more fragments" : ""].filter(Boolean).join(", ") || "none",
    at + 6,
    1,
  );
  layer.field("Fragment offset", (flags & 0x1fff) * 8, at + 6, 2).field("Time to live", bytes[at + 8] as number, at + 8, 1);
  layer.field("Protocol", named(bytes[at + 9] as number, PROTOCOL_NAMES), at + 9, 1);
  const isRight = header >= 20 && checksumOf(bytes, at, header) === 0;
  layer.field("Header checksum", `${hex(readU16(bytes, at + 10), 4)} (${isRight ? "right" : "wrong"})`, at + 10, 2);
  layer.field("Source", ipv4Text(bytes, at + 12), at + 12, 4).field("Destination", ipv4Text(bytes, at + 16), at + 16, 4);
  if (header > 20) layer.field("Options", bytesText(header - 20), at + 20, header - 20);
  setAddresses(
    d,
    [ipv4Text(bytes, at + 12), ipv4Text(bytes, at + 16)],
    [bytes.subarray(at + 12, at + 16), bytes.subarray(at + 16, at + 20)],
  );
}

function setAddresses(d: Decoding, texts: readonly [string, string], [source, destination]: readonly [Uint8Array, Uint8Array]): void {
  d.addresses = { source, destination };
  if (d.isInside) return;
  [d.source, d.destination] = texts;
}

/** The first piece begins like a whole packet; of the others nothing more can be read. */
function decodeFragment(d: Decoding, { protocol, offset, at, end }: { protocol: number; offset: number; at: number; end: number }): void {
  if (offset !== 0) {
    d.layer("data", `Part of ${protocolName(protocol)}`, at, end - at);
    d.says(protocolName(protocol), `fragment: ${bytesText(end - at + d.missing)} from byte ${offset} on`);
    return;
  }
  d.part(() => d.steps.transport(d, protocol, at, end));
  d.says(d.protocol, `${d.info}${d.info === "" ? "" : ", "}first fragment (${bytesText(end - at + d.missing)})`);
}

export function decodeIpv6(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const layer = d.layer("ipv6", "IPv6", at, 40);
  d.says("IPv6", "");
  const first = bytes[at] ?? 0;
  if (at + 40 > end || first >> 4 !== 6) {
    layer.wrong(at + 40 > end ? "cut off" : `its version is ${first >> 4}`);
    d.says("IPv6", layer.problem ?? "");
    return;
  }
  const length = readU16(bytes, at + 4);
  layer
    .field("Traffic class", hex((readU16(bytes, at) >> 4) & 0xff, 2), at, 2)
    .field("Flow label", hex(readU32(bytes, at) & 0xfffff, 5), at + 1, 3);
  layer.field("Payload length", length, at + 4, 2).field("Next header", named(bytes[at + 6] as number, PROTOCOL_NAMES), at + 6, 1);
  layer.field("Hop limit", bytes[at + 7] as number, at + 7, 1);
  const texts = [ipv6Text(bytes, at + 8), ipv6Text(bytes, at + 24)] as const;
  layer.field("Source", texts[0], at + 8, 16).field("Destination", texts[1], at + 24, 16);
  setAddresses(d, texts, [bytes.subarray(at + 8, at + 24), bytes.subarray(at + 24, at + 40)]);
  if (at + 40 + length > end) layer.cutOff(`: its length says ${bytesText(length)}, and ${end - at - 40} are there`);
  const payloadEnd = Math.min(end, at + 40 + length);
  d.missing = at + 40 + length - payloadEnd;
  decodeExtensions(d, bytes[at + 6] as number, at + 40, payloadEnd);
}

const EXTENSION_KEYS: Readonly<Record<number, readonly [key: string, name: string]>> = {
  0: ["ipv6.hopopts", "IPv6 hop-by-hop options"],
  43: ["ipv6.routing", "IPv6 routing header"],
  44: ["ipv6.fraghdr", "IPv6 fragment header"],
  60: ["ipv6.dstopts", "IPv6 destination options"],
};

/** RFC 8200 §4: each header says what is behind it. Ends with the packet, since each has at least eight bytes. */
function decodeExtensions(d: Decoding, firstHeader: number, from: number, end: number): void {
  const { bytes } = d;
  let [header, at] = [firstHeader, from];
  for (let known = EXTENSION_KEYS[header]; known !== undefined; known = EXTENSION_KEYS[header]) {
    if (d.isFull) return;
    const isFragment = header === 44;
    const length = isFragment ? 8 : ((bytes[at + 1] ?? 0) + 1) * 8;
    const layer = d.layer(known[0], known[1], at, Math.min(length, end - at));
    if (at + 2 > end || at + length > end) {
      layer.cutOff();
      d.says("IPv6", `${known[1]}, cut off`);
      return;
    }
    const next = bytes[at] as number;
    layer.field("Next header", named(next, PROTOCOL_NAMES), at, 1);
    if (!isFragment) layer.field("Length", bytesText(length), at + 1, 1);
    if (header === 43)
      layer.field("Routing type", bytes[at + 2] as number, at + 2, 1).field("Segments left", bytes[at + 3] as number, at + 3, 1);
    if (isFragment) {
      const control = readU16(bytes, at + 2);
      layer.field("Offset", control & 0xfff8, at + 2, 2).field("More fragments", control & 1 ? "yes" : "no", at + 3, 1);
      layer.field("Identification", hex(readU32(bytes, at + 4), 8), at + 4, 4);
      // “Atomic” fragments (RFC 6946) are whole packets.
      if ((control & 0xfff9) !== 0) {
        decodeFragment(d, { protocol: next, offset: control & 0xfff8, at: at + 8, end });
        return;
      }
    }
    header = next;
    at += length;
  }
  d.steps.transport(d, header, at, end);
}

/** Tunnels and what is not read further. */
export function decodeOther(d: Decoding, protocol: number, at: number, end: number): void {
  if (protocol === 59) d.says("IPv6", "no payload");
  else d.says(protocolName(protocol), bytesText(end - at + d.missing));
  if (protocol === 4 || protocol === 41) {
    d.inside({ isPart: false }, () => d.steps.network(d, protocol === 4 ? 0x0800 : 0x86dd, at, end));
    return;
  }
  if (protocol === 47) {
    decodeGre(d, at, end);
    return;
  }
  if (protocol === 51) {
    decodeAuthentication(d, at, end);
    return;
  }
  if (protocol !== 59 && end > at)
    d.layer(protocol === 50 ? "esp" : protocol === 132 ? "sctp" : "data", protocolName(protocol), at, end - at);
}

/** RFC 2784, with the optional fields of RFC 2890. */
function decodeGre(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const flags = readU16(bytes, at);
  const length = 4 + (flags & 0x8000 ? 4 : 0) + (flags & 0x2000 ? 4 : 0) + (flags & 0x1000 ? 4 : 0);
  const layer = d.layer("gre", "GRE", at, Math.min(length, end - at));
  if (at + length > end) {
    layer.cutOff();
    return;
  }
  const type = readU16(bytes, at + 2);
  layer.field("Flags", hex(flags, 4), at, 2).field("Type", hex(type, 4), at + 2, 2);
  d.inside({ isPart: false }, () => d.steps.network(d, type, at + length, end));
}

/** RFC 4302 §2: the payload is not hidden. */
function decodeAuthentication(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const length = ((bytes[at + 1] ?? 0) + 2) * 4;
  const layer = d.layer("ah", "AH", at, Math.min(length, end - at));
  if (at + 12 > end || at + length > end || length < 12) {
    layer.cutOff();
    return;
  }
  layer.field("Next header", named(bytes[at] as number, PROTOCOL_NAMES), at, 1).field("SPI", hex(readU32(bytes, at + 4), 8), at + 4, 4);
  if (!d.isFull) d.steps.transport(d, bytes[at] as number, at + length, end);
}
