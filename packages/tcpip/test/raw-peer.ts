// One endpoint, and a peer that is no TCP at all: the test writes each segment itself and reads each answer.

import { Endpoint, type EndpointLimits, IpAddress, type TcpConnection } from "@mimic/tcpip";
import { seededChance, VirtualScheduler } from "@mimic/testkit";
import {
  ETHER_TYPE,
  IP_PROTOCOL,
  type Ipv4Packet,
  isMalformed,
  parseEthernet,
  parseIcmp,
  parseIpv4Packet,
  parseTcp,
  parseUdp,
  serializeEthernet,
  serializeIpv4Packet,
  serializeTcp,
  type TcpParts,
  type TcpSegment,
} from "@mimic/wire";
import { Sink } from "./pair.ts";

const PEER_MAC = new Uint8Array([2, 0, 0, 0, 0, 9]);
const MAC = new Uint8Array([2, 0, 0, 0, 0, 1]);
const PEER = new Uint8Array([10, 0, 0, 9]);
const OWN = new Uint8Array([10, 0, 0, 1]);

export class RawPeer {
  readonly scheduler = new VirtualScheduler();
  readonly endpoint: Endpoint;
  readonly #frames: Uint8Array[] = [];
  #isGathering = false;

  constructor(limits?: Partial<EndpointLimits>) {
    const chance = seededChance(5);
    this.endpoint = new Endpoint({
      mac: MAC,
      addresses: [{ address: new IpAddress(OWN), prefixLength: 24 }],
      answersFor: "own",
      scheduler: this.scheduler,
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => chance() * 256) },
      transmit: (run) => {
        const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
        for (let at = 0; at < run.length; at += 4 + view.getUint32(at)) this.#frames.push(run.slice(at + 4, at + 4 + view.getUint32(at)));
        return true;
      },
      limits,
    });
  }

  frame(payload: Uint8Array, etherType: number = ETHER_TYPE.ipv4): void {
    this.endpoint.input(serializeEthernet({ destination: MAC, source: PEER_MAC, etherType, payload }));
    if (!this.#isGathering) this.endpoint.flush();
  }

  /** What is sent during `work` comes in as one batch. */
  atOnce(work: () => void): void {
    this.#isGathering = true;
    work();
    this.#isGathering = false;
    this.endpoint.flush();
  }

  packet(protocol: number, payload: Uint8Array, more: Partial<Parameters<typeof serializeIpv4Packet>[0]> = {}): void {
    this.frame(serializeIpv4Packet({ source: PEER, destination: OWN, protocol, payload, ...more }));
  }

  send(parts: Partial<TcpParts>, from: Uint8Array = PEER): void {
    const segment = { sourcePort: 1000, destinationPort: 80, sequence: 0, acknowledgement: 0, flags: 0x10, window: 8192, ...parts };
    this.packet(
      IP_PROTOCOL.tcp,
      serializeTcp({ ...segment, sequence: segment.sequence >>> 0, acknowledgement: segment.acknowledgement >>> 0 }, from, OWN),
      { source: from },
    );
  }

  /** What was sent since the last time. */
  packets(): Ipv4Packet[] {
    return this.#frames.splice(0).flatMap((frame) => {
      const ethernet = parseEthernet(frame);
      if (isMalformed(ethernet) || ethernet.etherType !== ETHER_TYPE.ipv4) return [];
      const packet = parseIpv4Packet(ethernet.payload);
      if (isMalformed(packet)) throw new Error(`the endpoint sent a packet that is ${packet.malformed}`);
      return [packet];
    });
  }

  segments(): TcpSegment[] {
    return this.packets().flatMap((packet) => {
      if (packet.protocol !== IP_PROTOCOL.tcp) return [];
      const segment = parseTcp(packet.payload, packet.source, packet.destination);
      if (isMalformed(segment)) throw new Error(`the endpoint sent a segment that is ${segment.malformed}`);
      return [segment];
    });
  }

  icmp(): { type: number; code: number }[] {
    return this.packets().flatMap((packet) => {
      const message = packet.protocol === IP_PROTOCOL.icmp ? parseIcmp(packet.payload) : undefined;
      return message && !isMalformed(message) ? [{ type: message.type, code: message.code }] : [];
    });
  }

  datagrams(): Uint8Array[] {
    return this.packets().flatMap((packet) => {
      const datagram = packet.protocol === IP_PROTOCOL.udp ? parseUdp(packet.payload, packet.source, packet.destination) : undefined;
      return datagram && !isMalformed(datagram) ? [datagram.payload.slice()] : [];
    });
  }

  /** Shakes hands from port 1000; answers where the endpoint's sequence numbers begin. Ours begin at 1. */
  open(options: NonNullable<TcpParts["options"]> = { mss: 1460 }): number {
    this.segments();
    this.send({ flags: 0x02, sequence: 0, options });
    const [answer] = this.segments();
    if (answer?.flags !== 0x12) throw new Error("no SYN with ACK");
    const { timestamps } = options;
    // With time stamps, every segment has one (RFC 7323 §3.2).
    this.send({ sequence: 1, acknowledgement: answer.sequence + 1, options: timestamps ? { timestamps } : {} });
    return (answer.sequence + 1) >>> 0;
  }
}

/** An endpoint with one open connection. `at`: where its sequence numbers begin; the peer's begin at 1. */
export function opened(
  options?: Parameters<RawPeer["open"]>[0],
  { isIdle = false } = {},
): {
  peer: RawPeer;
  connection: TcpConnection;
  /** What is read; nobody reads with `isIdle`. */
  sink: Sink;
  at: number;
  closings: string[];
} {
  const peer = new RawPeer();
  const sink = new Sink();
  const closings: string[] = [];
  let connection: TcpConnection | undefined;
  peer.endpoint.events.opening = (opening) => {
    const accepted = opening.accept({});
    accepted.events = { readable: () => isIdle || sink.take(accepted), closed: (why) => closings.push(why) };
    connection = accepted;
  };
  const at = peer.open(options);
  peer.segments();
  return { peer, connection: connection as unknown as TcpConnection, sink, at, closings };
}
