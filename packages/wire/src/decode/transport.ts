// TCP with its options, UDP: headers leniently, then what the ports and the first bytes say.
import { readU16, readU32 } from "../bytes.ts";
import { checksumOf, pseudoHeaderSum } from "../checksum/index.ts";
import { parseTcpOptions, type TcpOptions, tcpFlagsText } from "../tcp/index.ts";
import { bytesText, type Decoding, hex } from "./decoding.ts";

export function decodeTcp(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const layer = d.layer("tcp", "TCP", at, Math.min(20, end - at));
  d.says("TCP", "cut off");
  if (!decodePorts(d, layer, at, end)) return;
  if (at + 20 > end) {
    layer.cutOff();
    return;
  }
  const payloadAt = at + ((bytes[at + 12] as number) >> 4) * 4;
  const flags = bytes[at + 13] as number;
  layer.field("Sequence", readU32(bytes, at + 4), at + 4, 4).field("Acknowledgement", readU32(bytes, at + 8), at + 8, 4);
  layer.field("Flags", tcpFlagsText(flags) || "none", at + 13, 1).field("Window", readU16(bytes, at + 14), at + 14, 2);
  layer.field("Checksum", `${hex(readU16(bytes, at + 16), 4)} (${checksumWords(d, 6, at, end)})`, at + 16, 2);
  if ((flags & 32) !== 0) layer.field("Urgent pointer", readU16(bytes, at + 18), at + 18, 2);
  if (payloadAt < at + 20 || payloadAt > end) {
    if (payloadAt > end) layer.cutOff(" inside the options");
    else layer.wrong("its header length is too small");
    d.says("TCP", tcpFlagsText(flags) || "no flags");
    return;
  }
  layer.length = payloadAt - at;
  for (const [name, value] of optionTexts(parseTcpOptions(bytes.subarray(at + 20, payloadAt))))
    layer.field(name, value, at + 20, payloadAt - at - 20);
  d.says("TCP", `${tcpFlagsText(flags) || "no flags"}${end + d.missing > payloadAt ? `, ${bytesText(end + d.missing - payloadAt)}` : ""}`);
  if (end > payloadAt) d.steps.application(d, "tcp", payloadAt, end);
}

function optionTexts(options: TcpOptions): [string, string][] {
  const texts: [string, string][] = [];
  if (options.mss !== undefined) texts.push(["Maximum segment", bytesText(options.mss)]);
  if (options.windowScale !== undefined) texts.push(["Window scale", `${options.windowScale} (times ${2 ** options.windowScale})`]);
  if (options.sackPermitted) texts.push(["Selective acknowledgements", "permitted"]);
  if (options.timestamps) texts.push(["Time stamps", `${options.timestamps.value}, echo ${options.timestamps.echo}`]);
  if (options.sack) texts.push(["Selectively acknowledged", options.sack.map(([left, right]) => `${left} to ${right}`).join(", ")]);
  return texts;
}

export function decodeUdp(d: Decoding, at: number, end: number): void {
  const { bytes } = d;
  const layer = d.layer("udp", "UDP", at, Math.min(8, end - at));
  d.says("UDP", "cut off");
  if (!decodePorts(d, layer, at, end)) return;
  if (at + 8 > end) {
    layer.cutOff();
    return;
  }
  const length = readU16(bytes, at + 4);
  layer.field("Length", length, at + 4, 2);
  layer.field("Checksum", `${hex(readU16(bytes, at + 6), 4)} (${checksumWords(d, 17, at, Math.min(end, at + length))})`, at + 6, 2);
  if (length < 8) layer.wrong("its length is too small");
  else if (at + length > end) layer.cutOff(`: its length says ${bytesText(length)}, and ${end - at} are there`);
  const payloadEnd = length < 8 ? end : Math.min(end, at + length);
  d.says("UDP", bytesText(length < 8 ? end - at - 8 : length - 8));
  if (payloadEnd > at + 8) d.steps.application(d, "udp", at + 8, payloadEnd);
}

/** Answers whether the ports are there. */
function decodePorts(d: Decoding, layer: ReturnType<Decoding["layer"]>, at: number, end: number): boolean {
  if (at + 4 > end) {
    layer.cutOff();
    return false;
  }
  const ports = [readU16(d.bytes, at), readU16(d.bytes, at + 2)] as const;
  layer.field("Source port", ports[0], at, 2).field("Destination port", ports[1], at + 2, 2);
  d.ports = ports;
  if (!d.isInside) [d.sourcePort, d.destinationPort] = ports;
  return true;
}

function checksumWords(d: Decoding, protocol: number, at: number, end: number): string {
  if (d.isPart || d.addresses === undefined) return "not looked at: only a part is here";
  if (protocol === 17 && readU16(d.bytes, at + 6) === 0) return "not computed";
  const { source, destination } = d.addresses;
  const pseudo = pseudoHeaderSum(source, destination, protocol, end - at);
  return checksumOf(d.bytes, at, end - at, pseudo) === 0 ? "right" : "wrong";
}
