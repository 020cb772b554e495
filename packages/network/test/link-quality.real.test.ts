// Bad links at a port of a real switch while it carries frames: what a real peer sees of each quality, that the other
// direction knows nothing of it, and that nothing stays behind when the link is good again.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { LinkQuality } from "@mimic/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frame, macOf } from "./frames.ts";
import { NET, networkPlan, nicId, Peer, portPlan, switchHome, waiting } from "./real-switch.ts";

type Fabric = ReturnType<Awaited<ReturnType<typeof switchHome>>["fabric"]>;
let home: Awaited<ReturnType<typeof switchHome>>;
let fabric: Fabric;
let a: Peer;
let b: Peer;

const MAC = { a: macOf(1), b: macOf(2) };
const HEAD = 14;

/** Sets how the link of `a` is, in one direction: `up` leaves it, `down` comes to it. */
const set = (way: "up" | "down", quality: LinkQuality): Promise<unknown> =>
  fabric.apply(networkPlan([portPlan(1, { quality: { up: {}, down: {}, [way]: quality } }), portPlan(2)]), waiting());

/** What the switch has seen of the frames that came from a port or go to one: carried and dropped. */
async function countersOf(port: string) {
  const found = (await fabric.counters(NET, waiting())).find((one) => one.port === port);
  if (!found) throw new Error(`no counters of ${port}`);
  return found;
}

interface Arrived {
  /** Numbers of the frames, in the order in which they came. */
  readonly numbers: readonly number[];
  /** Frames that are not bit by bit as they were sent. */
  readonly damaged: readonly { readonly wrongBits: number; readonly isHeadWhole: boolean }[];
  readonly firstToLastMs: number;
  /** From sending to the first one. */
  readonly firstMs: number;
  readonly lost: number;
}

const numbered = (from: string, to: string, size: number, number: number): Uint8Array =>
  // Twice, so that a frame whose number is damaged does not pass for another one.
  frame({ from, to, size, payload: [number >> 8, number & 255, number >> 8, number & 255] });

/** How many bits two frames of one size differ in. */
const bitsApart = (one: Uint8Array, other: Uint8Array): number =>
  one.reduce((sum, byte, at) => sum + (byte ^ (other[at] ?? 0)).toString(2).replaceAll("0", "").length, 0);

/** Sends numbered frames over the switch, and waits until each of them came, or was dropped. */
async function carry(from: "a" | "b", count: number, size = 100): Promise<Arrived> {
  const to = from === "a" ? "b" : "a";
  const [sender, receiver] = from === "a" ? [a, b] : [b, a];
  const frames = Array.from({ length: count }, (_, number) => numbered(MAC[from], MAC[to], size, number));
  const linked = nicId(1);
  const before = await countersOf(linked);
  const lostIn = (counters: typeof before) => (counters.drops.linkLoss ?? 0) + (counters.drops.linkQueueFull ?? 0);
  receiver.got.splice(0);
  const times: number[] = [];
  const got: Buffer[] = [];
  receiver.onFrame = (one) => {
    times.push(performance.now());
    got.push(Buffer.from(one));
  };
  const sentAt = performance.now();
  sender.send(...frames);
  let lost = 0;
  while (got.length + lost < count) {
    await sleep(10);
    lost = lostIn(await countersOf(linked)) - lostIn(before);
  }
  // What came twice comes close behind its first.
  await sleep(50);
  receiver.onFrame = undefined;
  const isWhole = (one: Buffer) => bitsApart(one, frames[one.readUInt16BE(HEAD)] ?? new Uint8Array(size)) === 0;
  const damageOf = (one: Buffer) => {
    const meant = [HEAD, HEAD + 2].flatMap((at) => frames[one.readUInt16BE(at)] ?? []);
    const wrongBits = Math.min(...meant.map((sent) => bitsApart(one, sent)));
    return { wrongBits, isHeadWhole: meant.some((sent) => one.subarray(0, HEAD).equals(sent.subarray(0, HEAD))) };
  };
  return {
    numbers: got.filter(isWhole).map((one) => one.readUInt16BE(HEAD)),
    damaged: got.filter((one) => !isWhole(one)).map(damageOf),
    firstToLastMs: (times.at(-1) ?? 0) - (times[0] ?? 0),
    firstMs: (times[0] ?? 0) - sentAt,
    lost,
  };
}

const inOrder = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
const COUNT = 2000;
/** A quarter of them, within five standard deviations. */
const aQuarter = (count: number): void => {
  expect(count).toBeGreaterThan(COUNT / 4 - 100);
  expect(count).toBeLessThan(COUNT / 4 + 100);
};

beforeAll(async () => {
  home = await switchHome();
  a = await Peer.listen(join(home.net, "p1.sock"));
  b = await Peer.listen(join(home.net, "p2.sock"));
  fabric = home.fabric();
  await set("up", {});
  await Promise.all([a.connected(), b.connected()]);
  // Each has spoken: the switch knows where they are.
  await carry("a", 1);
  await carry("b", 1);
});
afterAll(async () => {
  await fabric?.close({ end: true });
  await Promise.all([a, b].map((peer) => peer?.[Symbol.asyncDispose]()));
  await home?.[Symbol.asyncDispose]();
});

interface Case {
  readonly what: string;
  readonly quality: LinkQuality;
  readonly count: number;
  readonly size?: number;
  readonly seen: (arrived: Arrived) => void;
}
const CASES: readonly Case[] = [
  {
    what: "a quarter is lost, and the port counts what is",
    quality: { loss: 0.25 },
    count: COUNT,
    seen: ({ numbers, lost, damaged }) => {
      aQuarter(lost);
      expect(numbers.length).toBe(COUNT - lost);
      expect(numbers).toEqual(inOrder(COUNT).filter((number) => numbers.includes(number)));
      expect(damaged).toEqual([]);
    },
  },
  {
    what: "a quarter comes twice, and nothing is lost",
    quality: { duplicate: 0.25 },
    count: COUNT,
    seen: ({ numbers, lost }) => {
      aQuarter(numbers.length - COUNT);
      expect([...new Set(numbers)].sort((one, other) => one - other)).toEqual(inOrder(COUNT));
      expect(lost).toBe(0);
    },
  },
  {
    what: "a quarter has one wrong bit behind its header",
    quality: { corrupt: 0.25 },
    count: COUNT,
    seen: ({ numbers, damaged }) => {
      aQuarter(damaged.length);
      expect(numbers.length + damaged.length).toBe(COUNT);
      expect(damaged.every(({ wrongBits, isHeadWhole }) => wrongBits === 1 && isHeadWhole)).toBe(true);
    },
  },
  {
    what: "each frame is late",
    quality: { delayMs: 1000 },
    count: 20,
    seen: ({ numbers, firstMs }) => {
      expect(firstMs).toBeGreaterThanOrEqual(995);
      expect(numbers).toEqual(inOrder(20));
    },
  },
  {
    what: "some overtake those before them",
    quality: { delayMs: 500, reorder: 0.25 },
    count: COUNT,
    seen: ({ numbers }) => {
      expect(numbers.length).toBe(COUNT);
      expect(numbers).not.toEqual(inOrder(COUNT));
      // All were sent before the first of the others had travelled: the quarter that overtakes is here first.
      aQuarter(numbers.findIndex((number, at) => number < (numbers[at - 1] ?? -1)));
    },
  },
  {
    what: "frames take their turn at the rate, and what finds no room in the queue is lost",
    quality: { bitsPerSecond: 400_000, queueBytes: 30_000 },
    count: 40,
    size: 1000,
    seen: ({ numbers, lost, firstMs, firstToLastMs }) => {
      // 30 frames of 1000 bytes find room at once, each takes 20 ms; some more while these leave.
      expect(numbers.length).toBeGreaterThanOrEqual(30);
      expect(numbers.length + lost).toBe(40);
      expect(lost).toBeGreaterThan(0);
      // From the sending: on a busy computer the first may be seen late, but none is ever early.
      expect(firstMs + firstToLastMs).toBeGreaterThanOrEqual((numbers.length - 1) * 20 - 10);
    },
  },
];

describe.each([
  { way: "up", over: "a", other: "b" },
  { way: "down", over: "b", other: "a" },
] as const)("a link that is bad in the direction $way", ({ way, over, other }) => {
  test.each(CASES)(
    "$what; the other direction is clean, and so is this one when it is good again",
    async (one) => {
      await set(way, one.quality);
      one.seen(await carry(over, one.count, one.size));
      const isTimed = one.quality.delayMs !== undefined || one.quality.bitsPerSecond !== undefined;
      const expectClean = async (from: "a" | "b"): Promise<void> => {
        const times: number[] = [];
        // A busy computer may hold one up, but not each; a link that is still slow does.
        for (let round = 0; round < (isTimed ? 3 : 1); round++) {
          const clean = await carry(from, one.count, one.size);
          expect(clean).toMatchObject({ numbers: inOrder(one.count), damaged: [], lost: 0 });
          times.push(clean.firstMs + clean.firstToLastMs);
        }
        if (isTimed) expect(Math.min(...times)).toBeLessThan(300);
      };
      await expectClean(other);
      await set(way, {});
      await expectClean(over);
      expect([a.connections, b.connections]).toEqual([1, 1]);
    },
    30_000,
  );
});
