// Two endpoints on a wire, with virtual time.

import { Endpoint, type EndpointLimits, IpAddress, type TcpConnection, type TcpEvents } from "@mimic/tcpip";
import { HostileWire, seededChance, VirtualScheduler, type WireQuality } from "@mimic/testkit";

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
      transmit: (run) => wires[number - 1]?.sendRun(run),
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
