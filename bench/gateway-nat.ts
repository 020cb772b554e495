// The gateway's NAT beside libslirp, in the same arrangement: bytes down, bytes up, and new connections.
import { interleave, type Take } from "./framework/measure.ts";
import { type Arena, connectionsPerSecond, iperf, openArena } from "./framework/nat-arena.ts";
import type { Bench, Measured, Row } from "./framework/row.ts";

const ROUNDS = { warmUp: 1, rounds: 5 };
const SECONDS = 2;

interface Wish {
  readonly name: string;
  readonly what: string;
  readonly unit: Row["unit"];
  readonly atLeast: number;
  readonly take: (arena: Arena, side: "ours" | "peer") => Take;
}

const rowOf = ({ name, what, unit, atLeast, take }: Wish): Row => ({
  name,
  what: `${what}, through an endpoint and NAT of ours that ask the gateway's rules; beside it libslirp (QEMU's user network).`,
  unit,
  bound: `at least ${atLeast} times`,
  async run(bench: Bench): Promise<Measured> {
    const arena = await openArena(bench);
    const [ours, peer] = await interleave([take(arena, "ours"), take(arena, "peer")], ROUNDS);
    if (!ours || !peer) throw new Error("nothing was measured");
    return { ours, peer, holds: ours.median >= atLeast * peer.median };
  },
});

export const gatewayNatDown: Row = rowOf({
  name: "gateway-nat-down",
  what: "One TCP connection of a guest downloads",
  unit: "Gbit/s",
  atLeast: 1.25,
  take: (arena, side) => () => iperf(arena[side], { seconds: SECONDS, isDown: true }),
});

export const gatewayNatUp: Row = rowOf({
  name: "gateway-nat-up",
  what: "One TCP connection of a guest uploads",
  unit: "Gbit/s",
  atLeast: 1.6,
  take: (arena, side) => () => iperf(arena[side], { seconds: SECONDS, isDown: false }),
});

export const gatewayNatConnections: Row = rowOf({
  name: "gateway-nat-connections",
  what: "New TCP connections of a guest, 16 at a time, each with one byte",
  unit: "per second",
  atLeast: 1.5,
  take: (arena, side) => () => connectionsPerSecond(arena, arena[side], SECONDS),
});
