// ICMP and ICMPv6 of an endpoint: echoes to its own addresses are answered, neighbour discovery goes to the neighbours, errors
// go out when the owner complains, and “too big” about a connection's segment reaches the connection. Everything else is the owner's.
import {
  checksumOf,
  foldSum,
  ICMP,
  ICMPV6,
  IP_PROTOCOL,
  ndpType,
  pseudoHeaderSum,
  readU16,
  restOfEcho,
  serializeIcmp,
  serializeIcmpv6,
  sumOf,
  writeU16,
} from "@mimic/wire";
import { IpAddress } from "./address.ts";
import { type Complaint, ComplaintLimit, icmpErrorOf, mayComplain, quoteOf } from "./icmp-errors.ts";
import type { IpOutput } from "./ip-output.ts";
import type { Neighbours } from "./neighbours.ts";
import type { EndpointCounters, EndpointEvents } from "./options.ts";
import type { Packet } from "./packet.ts";
import type { TcpStack } from "./tcp/stack.ts";
import { arriveTooBig, isTooBig } from "./too-big.ts";

export interface IcmpSurroundings {
  readonly limit: number;
  readonly output: IpOutput;
  readonly counters: EndpointCounters;
  nowMs(): number;
}

export interface IcmpListeners {
  readonly events: EndpointEvents;
  readonly neighbours: Neighbours;
  readonly tcp: TcpStack;
}

type Echo = { source: IpAddress; destination: IpAddress; identifier: number; sequence: number; data: Uint8Array; mac: Uint8Array };

export class Icmp {
  readonly #around: IcmpSurroundings;
  readonly #limit: ComplaintLimit;

  constructor(around: IcmpSurroundings) {
    this.#around = around;
    this.#limit = new ComplaintLimit(around.limit);
  }

  arrive(packet: Packet, { events, neighbours, tcp }: IcmpListeners): void {
    const { bytes, payloadAt, end, version } = packet;
    const { counters } = this.#around;
    if (end - payloadAt < 8) {
      counters.malformed++;
      return;
    }
    const initial = version === 4 ? 0 : packet.pseudoSum();
    if (foldSum(initial + sumOf(bytes, payloadAt, end - payloadAt)) !== 0xffff) {
      counters.badChecksums++;
      return;
    }
    const type = bytes[payloadAt] as number;
    if (type === (version === 4 ? ICMP.echo : ICMPV6.echo)) this.#arriveEcho(packet, events);
    else if (version === 6 && (type === ndpType.neighborSolicitation || type === ndpType.neighborAdvertisement)) {
      // From another link it would have been forwarded, and so have a smaller limit (RFC 4861 §7.1).
      if (packet.ttl === 255) neighbours.arriveNdp(packet.payload, packet.source, packet.mac.slice());
    } else {
      if (isTooBig(packet)) arriveTooBig(packet, tcp);
      events.icmp?.(packet);
    }
  }

  #arriveEcho(packet: Packet, events: EndpointEvents): void {
    // A broadcast echo is an invitation to flood somebody (RFC 1122 §3.2.2.6 allows silence).
    if (packet.isGroup) return;
    const identifier = readU16(packet.bytes, packet.payloadAt + 4);
    const sequence = readU16(packet.bytes, packet.payloadAt + 6);
    const { source, destination, ttl } = packet;
    const data = packet.bytes.subarray(packet.payloadAt + 8, packet.end);
    const echo = { source, destination, identifier, sequence, data, ttl, mac: packet.mac.slice(), packet };
    if (packet.isOwn) this.sendEchoReply(echo);
    else events.echo?.(echo);
  }

  sendEchoReply({ source, destination, identifier, sequence, data, mac }: Echo): void {
    const isV4 = source.version === 4;
    const parts = { type: isV4 ? ICMP.echoReply : ICMPV6.echoReply, rest: restOfEcho(identifier, sequence), body: data };
    const message = isV4 ? serializeIcmp(parts) : serializeIcmpv6(parts, destination.bytes, source.bytes);
    this.#send(message, { source: destination, destination: source }, mac);
  }

  complain(packet: Uint8Array, version: 4 | 6, complaint: Complaint, { from, mac }: { from: IpAddress; mac: Uint8Array }): void {
    const { nowMs, counters } = this.#around;
    if (!mayComplain(packet, version)) return;
    if (!this.#limit.take(nowMs())) {
      counters.complaintsSuppressed++;
      return;
    }
    const to = senderOf(packet, version);
    const parts = { ...icmpErrorOf(complaint, version), body: quoteOf(packet, version) };
    const message = version === 4 ? serializeIcmp(parts) : serializeIcmpv6(parts, from.bytes, to.bytes);
    this.#send(message, { source: from, destination: to }, mac);
  }

  /** With hop limit 255; its checksum is put in place here. */
  sendNdp(message: Uint8Array, ends: { source: IpAddress; destination: IpAddress }, mac: Uint8Array): void {
    writeU16(message, 2, 0);
    const pseudo = pseudoHeaderSum(ends.source.bytes, ends.destination.bytes, IP_PROTOCOL.icmpv6, message.length);
    writeU16(message, 2, checksumOf(message, 0, message.length, pseudo));
    this.#around.output.send({ ...ends, protocol: IP_PROTOCOL.icmpv6, ttl: 255 }, message, mac);
  }

  #send(message: Uint8Array, ends: { source: IpAddress; destination: IpAddress }, mac: Uint8Array): void {
    const protocol = ends.source.version === 4 ? IP_PROTOCOL.icmp : IP_PROTOCOL.icmpv6;
    this.#around.output.send({ ...ends, protocol }, message, mac);
  }
}

const senderOf = (packet: Uint8Array, version: 4 | 6): IpAddress =>
  version === 4 ? IpAddress.at(packet, 12, 4) : IpAddress.at(packet, 8, 16);
