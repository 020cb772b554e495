// The parts of the endpoint that keep books, each against a simple model of itself.
import fc from "fast-check";
import { expect, test } from "vitest";
import { Memory } from "../src/memory.ts";
import { Ring } from "../src/ring.ts";
import { Reassembly } from "../src/tcp/reassembly.ts";
import { Scoreboard } from "../src/tcp/scoreboard.ts";
import { type Timed, TimerQueue } from "../src/timer-queue.ts";

const BASE = 0x7fff_ff00; // Wraps in the middle of what the tests use.
const span = fc.tuple(fc.nat({ max: 400 }), fc.integer({ min: 1, max: 60 }));

test("a ring gives back what was put in, in order, across its end and as it grows", () => {
  const step = fc.oneof(fc.record({ put: fc.integer({ min: 1, max: 9000 }) }), fc.record({ take: fc.integer({ min: 1, max: 9000 }) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const memory = new Memory(1 << 24);
      const ring = new Ring(memory);
      let put = 0;
      let taken = 0;
      for (const one of steps) {
        if ("put" in one) {
          const bytes = Uint8Array.from({ length: one.put }, () => put++ & 0xff);
          expect(ring.write(bytes, 0, bytes.length)).toBe(true);
        } else {
          for (let left = Math.min(one.take, ring.length); left > 0; ) {
            const view = ring.view().subarray(0, left);
            if (!view.every((byte) => byte === (taken++ & 0xff))) throw new Error("other bytes came out than were put in");
            ring.consume(view.length);
            left -= view.length;
          }
        }
        expect(ring.length).toBe(put - taken);
      }
      ring.release();
      if (put === taken) expect(memory.usedBytes).toBe(0);
    }),
  );
});

test("memory beyond the limit is refused, and what was refused has changed nothing", () => {
  const memory = new Memory(40_000);
  const ring = new Ring(memory);
  expect(ring.write(new Uint8Array(16_000).fill(1), 0, 16_000)).toBe(true);
  expect(ring.write(new Uint8Array(20_000).fill(2), 0, 20_000)).toBe(false);
  expect([...new Set(ring.view())]).toEqual([1]);
  expect(ring.length).toBe(16_000);
});

test("pieces out of order come together exactly as their bytes do", () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 40 }), (spans) => {
      const pieces = new Reassembly();
      const here = new Set<number>();
      let next = BASE;
      let nextModel = 0;
      for (const [start, length] of spans) {
        const from = Math.max(start, nextModel);
        if (from >= start + length) continue;
        expect(pieces.add((BASE + from) | 0, (BASE + start + length) | 0)).toBe(true);
        for (let at = from; at < start + length; at++) here.add(at);
        next = pieces.take(next);
        while (here.has(nextModel)) nextModel++;
        expect((next - BASE) | 0).toBe(nextModel);
      }
      const blocks = new Int32Array(8);
      for (let i = pieces.blocks(blocks, 3) - 1; i >= 0; i--) {
        for (let at = (blocks[2 * i]! - BASE) | 0; at < ((blocks[2 * i + 1]! - BASE) | 0); at++) expect(here.has(at)).toBe(true);
      }
    }),
  );
});

test("what is on the way is counted as RFC 6675 counts it, byte by byte", () => {
  const wish = fc.record({
    held: fc.array(span, { maxLength: 30 }),
    lost: fc.nat({ max: 400 }),
    resent: fc.nat({ max: 400 }),
    una: fc.nat({ max: 100 }),
  });
  fc.assert(
    fc.property(wish, ({ held, lost, resent, una }) => {
      const board = new Scoreboard();
      board.reset(BASE);
      const isHeld = new Set<number>();
      for (const [start, length] of held) {
        board.add((BASE + start) | 0, (BASE + start + length) | 0);
        for (let at = start; at < start + length; at++) isHeld.add(at);
      }
      board.lostBefore = (BASE + lost) | 0;
      board.resentBefore = (BASE + Math.min(resent, lost)) | 0;
      board.advance((BASE + una) | 0);
      const lostTo = Math.max(lost, una);
      const resentTo = Math.max(Math.min(resent, lost), una);
      const nxt = 470;
      let pipe = 0;
      for (let at = una; at < nxt; at++) if (!isHeld.has(at) && (at >= lostTo || at < resentTo)) pipe++;
      expect(board.pipe((BASE + una) | 0, (BASE + nxt) | 0)).toBe(pipe);
    }),
  );
});

test("timers run when they are due, in order, however often they were moved", () => {
  const moves = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 1000 })), { maxLength: 80 });
  fc.assert(
    fc.property(moves, (wanted) => {
      const queue = new TimerQueue();
      const fired: number[] = [];
      const items: Timed[] = Array.from({ length: 10 }, (_, name) => ({
        dueMs: Number.POSITIVE_INFINITY,
        heapAt: -1,
        heapMs: 0,
        onDue() {
          fired.push(name);
          this.dueMs = Number.POSITIVE_INFINITY;
        },
      }));
      for (const [name, dueMs] of wanted) {
        items[name]!.dueMs = dueMs;
        queue.update(items[name]!);
      }
      const due = items.map(({ dueMs }, name) => ({ dueMs, name })).filter(({ dueMs }) => dueMs !== Number.POSITIVE_INFINITY);
      for (let nowMs = 0; nowMs <= 1000; nowMs += 10) {
        const before = fired.length;
        queue.run(nowMs);
        const expected = due.filter(({ dueMs }) => dueMs <= nowMs && dueMs > nowMs - 10).map(({ name }) => name);
        expect(fired.slice(before).sort()).toEqual(expected.sort());
      }
      expect(queue.nextMs).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});
