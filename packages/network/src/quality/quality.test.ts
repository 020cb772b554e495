import type { LinkQuality } from "@mimic/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DelayLine, ImpairedLinks, isPerfect, LinkEngine, makeVerdict, seededChance, turnOneBit } from "./index.ts";

/** What comes out of one link: which frame (its number stands in its first four bytes), when, and its bytes. */
function rig(quality: LinkQuality, options: { readonly seed?: number; readonly maxBytes?: number } = {}) {
  const out: { number: number; atUs: number; bytes: Uint8Array }[] = [];
  let nowUs = 0;
  const links = new ImpairedLinks({
    chance: seededChance(options.seed ?? 7),
    maxBytes: options.maxBytes ?? 1 << 28,
    deliver: (_link, frame) =>
      out.push({ number: new DataView(frame.buffer, frame.byteOffset).getUint32(0), atUs: nowUs, bytes: frame.slice() }),
  });
  links.set(0, quality, 0);
  const advance = (toUs: number): void => {
    while (links.nextDueUs <= toUs) {
      nowUs = Math.max(nowUs, links.nextDueUs);
      links.release(nowUs);
    }
    nowUs = toUs;
  };
  const offer = (number: number, length = 100): string | undefined => {
    const frame = new Uint8Array(length);
    new DataView(frame.buffer).setUint32(0, number);
    return links.offer(0, frame, nowUs);
  };
  return { links, out, advance, offer };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
};

test("a perfect link is no link at all, and frames pass within the offer", () => {
  const { links, out, offer } = rig({});
  expect(isPerfect({})).toBe(true);
  expect(links.has(0)).toBe(false);
  offer(1);
  expect(out).toHaveLength(1);
});

test("a delay is kept exactly, and order with it", () => {
  const { out, offer, advance } = rig({ delayMs: 40 });
  for (let i = 0; i < 100; i++) {
    advance(i * 10);
    offer(i);
  }
  advance(1e6);
  expect(out.map((one) => one.number)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(out.every((one) => Math.abs(one.atUs - one.number * 10 - 40_000) < 1e-6)).toBe(true);
});

test("jitter has the deviation that was asked for when frames are far apart", () => {
  const { out, offer, advance } = rig({ delayMs: 100, jitterMs: 10 });
  for (let i = 0; i < 4000; i++) {
    advance(i * 1e6);
    offer(i);
  }
  advance(1e10);
  const delays = out.map((one) => (one.atUs - one.number * 1e6) / 1000);
  expect(mean(delays)).toBeGreaterThan(99);
  expect(mean(delays)).toBeLessThan(101);
  expect(deviation(delays)).toBeGreaterThan(9.5);
  expect(deviation(delays)).toBeLessThan(10.5);
});

test("jitter alone never changes the order, however close frames are", () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.nat({ max: 3000 }), { minLength: 2, maxLength: 200 }), (seed, gaps) => {
      const { out, offer, advance } = rig({ delayMs: 5, jitterMs: 50 }, { seed });
      let at = 0;
      for (const [index, gap] of gaps.entries()) {
        at += gap;
        advance(at);
        offer(index);
      }
      advance(1e9);
      expect(out.map((one) => one.number)).toEqual(gaps.map((_, index) => index));
    }),
    { numRuns: 50 },
  );
});

test("loss, duplication and corruption happen as often as was asked, and loss is told", () => {
  const { out, offer, advance } = rig({ loss: 0.1, duplicate: 0.05, corrupt: 0.02, delayMs: 1 });
  const count = 20_000;
  let lost = 0;
  for (let i = 0; i < count; i++) {
    advance(i * 100);
    if (offer(i) === "linkLoss") lost++;
  }
  advance(1e9);
  const distinct = new Set(out.map((one) => one.number)).size;
  expect(distinct).toBe(count - lost);
  expect(Math.abs(lost / count - 0.1)).toBeLessThan(0.01);
  expect(Math.abs((out.length - distinct) / distinct - 0.05)).toBeLessThan(0.01);
  const changed = new Set(out.filter((one) => one.bytes.subarray(4).some((byte) => byte !== 0)).map((one) => one.number)).size;
  expect(Math.abs(changed / distinct - 0.02)).toBeLessThan(0.006);
});

test("the asked share of frames overtakes the ones before it", () => {
  const { out, offer, advance } = rig({ delayMs: 10, reorder: 0.05 });
  for (let i = 0; i < 10_000; i++) {
    advance(i * 1000);
    offer(i);
  }
  advance(1e9);
  const early = out.filter((one) => one.atUs - one.number * 1000 < 5000).length;
  expect(Math.abs(early / 10_000 - 0.05)).toBeLessThan(0.01);
  expect(out.map((one) => one.number)).not.toEqual(out.map((one) => one.number).sort((a, b) => a - b));
});

test("a rate lets through what it says, and its queue drops the tail", () => {
  const { out, offer, advance } = rig({ bitsPerSecond: 1_000_000, queueBytes: 15_000 });
  let full = 0;
  for (let i = 0; i < 5000; i++) {
    advance(i * 1000); // 12 Mbit/s are offered
    if (offer(i, 1500) === "linkQueueFull") full++;
  }
  advance(5_000_000);
  const bits = out.filter((one) => one.atUs <= 5_000_000).length * 1500 * 8;
  expect(bits / 5).toBeGreaterThan(985_000);
  expect(bits / 5).toBeLessThanOrEqual(1_000_000);
  expect(full).toBeGreaterThan(4000);
  // What is not dropped waits at most as long as a full queue takes to be sent.
  expect(Math.max(...out.map((one) => one.atUs - one.number * 1000))).toBeLessThanOrEqual(120_000 + 1);
});

test("a queue takes what it has room for to the byte, at whatever moment it comes", () => {
  const verdict = { drop: undefined, dueUs: 0, isDuplicated: false, isCorrupted: false };
  for (const nowUs of [0, 1e9 + 0.1, 7.7e9 + 1 / 3, 123_456_789.012_345, ...Array.from({ length: 500 }, (_, n) => n * 54_321.987_6)]) {
    const engine = new LinkEngine({ bitsPerSecond: 400_000, queueBytes: 30_000 }, seededChance(1));
    const drops = Array.from({ length: 40 }, () => {
      engine.decide(1000, 0, nowUs, verdict);
      return verdict.drop;
    });
    expect(
      drops.filter((drop) => drop === undefined),
      `at ${nowUs}`,
    ).toHaveLength(30);
  }
});

test("a link that becomes good again lets everything out at once and in order", () => {
  const { links, out, offer, advance } = rig({ delayMs: 60_000 });
  for (let i = 0; i < 10; i++) offer(i);
  advance(1000);
  links.set(0, {}, 1000);
  expect(links.has(0)).toBe(true);
  offer(10);
  advance(1000);
  expect(out.map((one) => one.number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(links.has(0)).toBe(false);
});

test("a link that is told its quality again lets what is under way go on undisturbed", () => {
  const wishes: LinkQuality = { delayMs: 50, jitterMs: 20 };
  const arrivals = (isToldAgain: boolean): number[] => {
    const { links, out, offer, advance } = rig(wishes);
    for (let i = 0; i < 50; i++) offer(i);
    if (isToldAgain) links.set(0, { ...wishes }, 0);
    advance(1e6);
    return out.map((one) => one.atUs);
  };
  expect(arrivals(true)).toEqual(arrivals(false));
});

test("what waits for the wire goes on at the new rate when that is changed", () => {
  const { links, out, offer, advance } = rig({ bitsPerSecond: 8000, queueBytes: 100_000 });
  for (let i = 0; i < 10; i++) offer(i, 1000); // ten seconds' worth
  advance(1_000_000);
  links.set(0, { bitsPerSecond: 8_000_000, queueBytes: 100_000 }, 1_000_000);
  offer(10, 1000);
  advance(1_010_001); // 9 ms for the nine that waited, 1 ms for the new one
  expect(out.map((one) => one.number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a port that goes takes only its own frames with it", () => {
  const got: number[] = [];
  const links = new ImpairedLinks({ chance: seededChance(1), deliver: (link) => got.push(link) });
  for (const link of [1, 2, 3]) links.set(link, { delayMs: 10 }, 0);
  for (let i = 0; i < 300; i++) links.offer(1 + (i % 3), new Uint8Array(64), i);
  expect(links.remove(2)).toBe(100);
  expect(links.release(1e9)).toBe(200);
  expect(got.filter((link) => link === 2)).toEqual([]);
  expect([links.framesUnderWay, links.usedBytes]).toEqual([0, 0]);
});

test("memory is bounded, and a link that holds a lot leaves room for the others", () => {
  const links = new ImpairedLinks({ chance: seededChance(1), deliver: () => {}, maxBytes: 1_000_000 });
  links.set(1, { delayMs: 60_000 }, 0);
  links.set(2, { delayMs: 60_000 }, 0);
  let refused = 0;
  for (let i = 0; i < 10_000; i++) if (links.offer(1, new Uint8Array(1500), i) === "linkQueueFull") refused++;
  expect(refused).toBeGreaterThan(9000);
  expect(links.usedBytes).toBeLessThan(700_000);
  expect(links.offer(2, new Uint8Array(1500), 10_000)).toBeUndefined();
});

test("the delay line hands out in order of time, equal times in order of coming", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat({ max: 20 }), fc.nat({ max: 3 }), fc.nat({ max: 3000 })), { maxLength: 600 }), (frames) => {
      const line = new DelayLine({ maxBytes: 1 << 30 });
      for (const [index, [due, link, length]] of frames.entries()) {
        const frame = new Uint8Array(4 + length);
        new DataView(frame.buffer).setUint32(0, index);
        line.add(link, frame, due);
      }
      const got: number[] = [];
      line.release(Number.POSITIVE_INFINITY, (link, frame) => {
        const index = new DataView(frame.buffer, frame.byteOffset).getUint32(0);
        expect([link, frame.length]).toEqual([frames[index]![1], 4 + frames[index]![2]]);
        got.push(index);
      });
      const wanted = frames.map((_, index) => index).sort((a, b) => frames[a]![0] - frames[b]![0] || a - b);
      expect(got).toEqual(wanted);
      expect([line.usedBytes, line.frames, line.heldBytes(0)]).toEqual([0, 0, 0]);
    }),
    { numRuns: 60 },
  );
});

test("offering from within a delivery is fine: links behind links keep every frame", () => {
  const got: number[] = [];
  const links: ImpairedLinks = new ImpairedLinks({
    chance: seededChance(3),
    deliver: (link, frame) => {
      if (link < 4) links.offer(link + 1, frame, 0);
      else got.push(frame[0] as number);
    },
  });
  for (let link = 0; link < 5; link++) links.set(link, link % 2 === 0 ? { delayMs: link, corrupt: 0.5 } : { loss: 0, duplicate: 1 }, 0);
  links.offer(0, Uint8Array.of(9, 0, 0, 0), 0);
  while (links.nextDueUs < Number.POSITIVE_INFINITY) links.release(links.nextDueUs);
  expect(got).toEqual([9, 9, 9, 9]);
});

test("a turned bit is never in the Ethernet header or its tags", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 4 }), fc.nat({ max: 40 }), (seed, tags, payload) => {
      const header = [...new Array<number>(12).fill(1), ...Array.from({ length: tags }, () => [0x81, 0, 0, 5]).flat(), 8, 0];
      const frame = Uint8Array.from([...header, ...new Array<number>(payload).fill(0)]);
      turnOneBit(frame, seededChance(seed));
      expect([...frame.subarray(0, header.length)]).toEqual(header);
      const turned = frame.subarray(header.length).reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
      expect(turned).toBe(payload === 0 ? 0 : 1);
    }),
  );
});

test("the engine keeps the queue's bound with a delay and no rate", () => {
  const engine = new LinkEngine({ delayMs: 10, queueBytes: 2000 }, seededChance(1));
  const verdict = makeVerdict();
  engine.decide(1500, 0, 0, verdict);
  expect(verdict.drop).toBeUndefined();
  engine.decide(1500, 1500, 0, verdict);
  expect(verdict.drop).toBe("linkQueueFull");
});
