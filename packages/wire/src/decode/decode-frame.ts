// A frame as people read it: all layers with their fields, or one line. Pure, never throws, and bounded by the frame's length.
import { ETHER_TYPE } from "../link/index.ts";
import { decodeApplication } from "./application.ts";
import { decodeIcmp, decodeIcmpv6, decodeIgmp } from "./control.ts";
import { type DecodedFrame, Decoding, type Steps } from "./decoding.ts";
import { decodeIpv4, decodeIpv6, decodeOther } from "./ip.ts";
import { decodeArp, decodeEthernet, decodeLldp, decodeUnknownType } from "./link.ts";
import { decodeTcp, decodeUdp } from "./transport.ts";

const steps: Steps = {
  network(d, etherType, at, end) {
    if (d.isFull) return;
    if (etherType === ETHER_TYPE.ipv4) decodeIpv4(d, at, end);
    else if (etherType === ETHER_TYPE.ipv6) decodeIpv6(d, at, end);
    else if (etherType === ETHER_TYPE.arp || etherType === ETHER_TYPE.rarp) decodeArp(d, etherType, at, end);
    else if (etherType === ETHER_TYPE.lldp) decodeLldp(d, at, end);
    else decodeUnknownType(d, etherType, at, end);
  },
  transport(d, protocol, at, end) {
    if (d.isFull) return;
    if (protocol === 6) decodeTcp(d, at, end);
    else if (protocol === 17) decodeUdp(d, at, end);
    else if (protocol === 1) decodeIcmp(d, at, end);
    else if (protocol === 58) decodeIcmpv6(d, at, end);
    else if (protocol === 2) decodeIgmp(d, at, end);
    else decodeOther(d, protocol, at, end);
  },
  application: decodeApplication,
};

/** All that a frame says. `bytes` may be only its beginning: then `wireLength` is the length of the whole frame. */
export function decodeFrame(bytes: Uint8Array, wireLength = bytes.length): DecodedFrame {
  const d = new Decoding(bytes, wireLength, steps);
  decodeEthernet(d);
  return {
    layers: d.layers,
    protocol: d.protocol,
    source: d.source,
    destination: d.destination,
    sourcePort: d.sourcePort,
    destinationPort: d.destinationPort,
    vlans: d.vlans,
    info: d.info,
    problem: d.layers.find((layer) => layer.problem !== undefined)?.problem,
  };
}

/** One line: “10.0.2.15:51234 → 10.0.2.2:445 TCP SYN”. Harmless text, at most some 300 characters. */
export function describeFrame(bytes: Uint8Array, wireLength = bytes.length): string {
  const { protocol, source, destination, sourcePort, destinationPort, vlans, info } = decodeFrame(bytes, wireLength);
  const ends = source === "" ? "" : `${endText(source, sourcePort)} → ${endText(destination, destinationPort)} `;
  const tags = vlans.length === 0 ? "" : ` (VLAN ${vlans.join(" in ")})`;
  return `${ends}${protocol}${info === "" ? "" : ` ${info}`}${tags}`;
}

/** “10.0.2.15:80”, “[fd00::1]:80”. */
function endText(address: string, port: number | undefined): string {
  if (port === undefined) return address;
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
