// Two endpoints on a wire, with virtual time.

import { Endpoint, type EndpointLimits, IpAddress, type TcpConnection, type TcpEvents } from "@mimic/tcpip";
import { HostileWire, seededChance, VirtualScheduler, type WireQuality } from "@mimic/testkit";
import {
  ETHER_TYPE,
  IP_PROTOCOL,
  serializeEthernet,
  serializeIcmp,
  serializeIcmpv6,
  serializeIpv4Packet,
  serializeIpv6Packet,
} from "@mimic/wire";

export interface End {
  readonly endpoint: Endpoint;
  readonly v4: IpAddress;
  readonly v6: IpAddress;
}

export interface PairWish {
  readonly quality?: WireQuality;
  readonly seed?: number;
  readonly mtu?: number;
  readonly limits?: Partial<EndpointLimits>;
  readonly answersFor?: "own" | "every";
  /** In the middle of the way: what is longer is lost there, and its sender is told by a router, or not. */
  readonly narrow?: { readonly mtu: number; readonly tells: boolean; readonly says?: number };
}

export function openPair(wish: PairWish = {}): { scheduler: VirtualScheduler; a: End; b: End; wires: HostileWire[] } {
  const { quality = {}, seed = 1 } = wish;
  const scheduler = new VirtualScheduler();
  const wires: HostileWire[] = [];
  const make = (number: number): End => {
    const v4 = IpAddress.of(`10.0.0.${number}`);
    const v6 = IpAddress.of(`fd00::${number}`);
    const chance = seededChance(seed + number);
    const endpoint = new Endpoint({
      mac: new Uint8Array([0x52, 0x54, 0, 0, 0, number]),
      mtu: wish.mtu ?? 1500,
      addresses: [
        { address: v4, prefixLength: 24 },
        { address: v6, prefixLength: 64 },
      ],
      answersFor: wish.answersFor ?? "own",
      scheduler,
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => chance() * 256) },
      transmit: (run) =>
        wires[number - 1]?.sendRun(wish.narrow ? throughNarrow(run, wish.narrow, (told) => wires[2 - number]?.send(told)) : run),
      limits: wish.limits,
    });
    return { endpoint, v4, v6 };
  };
  const a = make(1);
  const b = make(2);
  // ARP and neighbour discovery are not what is tested here, and ARP has no checksum.
  for (const [end, other] of [
    [a, 2],
    [b, 1],
  ] as const) {
    const mac = new Uint8Array([0x52, 0x54, 0, 0, 0, other]);
    for (const address of [IpAddress.of(`10.0.0.${other}`), IpAddress.of(`fd00::${other}`)]) end.endpoint.neighbours.learn(address, mac);
  }
  const into =
    ({ endpoint }: End) =>
    (frames: readonly Uint8Array[]): void => {
      for (const frame of frames) endpoint.input(frame);
      endpoint.flush();
    };
  wires.push(new HostileWire({ quality, seed, scheduler }, into(b)), new HostileWire({ quality, seed: seed + 77, scheduler }, into(a)));
  return { scheduler, a, b, wires };
}

const ETHERNET = 14;
const ROUTER_MAC = new Uint8Array([0x52, 0x54, 0, 0, 0, 0xfe]);

/** The run without what is too long; about each of those `tell` gets the router's message as a frame. */
function throughNarrow(
  run: Uint8Array,
  { mtu, tells, says = mtu }: NonNullable<PairWish["narrow"]>,
  tell: (frame: Uint8Array) => void,
): Uint8Array {
  const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
  const passed: Uint8Array[] = [];
  for (let at = 0; at < run.length; ) {
    const end = at + 4 + view.getUint32(at);
    if (end - at - 4 - ETHERNET <= mtu) passed.push(run.subarray(at, end));
    else if (tells) tell(tooBigFrame(run.subarray(at + 4, end), says));
    at = end;
  }
  return new Uint8Array(Buffer.concat(passed));
}

/** What a router says about the frame's packet: only as much of it as every router gives back. */
export function tooBigFrame(frame: Uint8Array, mtu: number): Uint8Array {
  const packet = frame.subarray(ETHERNET);
  const destination = frame.subarray(6, 12);
  const ethernet = { destination, source: ROUTER_MAC };
  if ((packet[0] as number) >> 4 === 4) {
    const to = packet.subarray(12, 16);
    const message = serializeIcmp({ type: 3, code: 4, rest: mtu, body: packet.subarray(0, 28) });
    const payload = serializeIpv4Packet({
      source: IpAddress.of("10.9.9.9").bytes,
      destination: to,
      protocol: IP_PROTOCOL.icmp,
      payload: message,
    });
    return serializeEthernet({ ...ethernet, etherType: ETHER_TYPE.ipv4, payload });
  }
  const [router, to] = [IpAddress.of("fd09::9").bytes, packet.subarray(8, 24)];
  const message = serializeIcmpv6({ type: 2, rest: mtu, body: packet.subarray(0, 48) }, router, to);
  const payload = serializeIpv6Packet({ source: router, destination: to, protocol: IP_PROTOCOL.icmpv6, payload: message });
  return serializeEthernet({ ...ethernet, etherType: ETHER_TYPE.ipv6, payload });
}

/** Writes all of it as room comes, then ends. */
export function sendAll(connection: TcpConnection, bytes: Uint8Array): TcpEvents {
  let sent = 0;
  const more = (): void => {
    while (sent < bytes.length && connection.room > 0) {
      const taken = connection.write(bytes.subarray(sent, sent + Math.min(connection.room, 65_536)));
      if (taken === 0) return;
      sent += taken;
    }
    if (sent === bytes.length) connection.end();
  };
  more();
  return { writable: more };
}

/** Keeps all that comes. */
export class Sink {
  readonly parts: Uint8Array[] = [];
  length = 0;
  hasEnded = false;

  take(connection: TcpConnection): void {
    for (let view = connection.read(); view.length > 0; view = connection.read()) {
      this.parts.push(view.slice());
      this.length += view.length;
      connection.consume(view.length);
    }
    if (connection.hasEnded) this.hasEnded = true;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.parts));
  }
}
