// The table of addresses against a plain map: whatever is learned, moves and is forgotten, in whatever order and however many
// addresses share a place in it.
import fc from "fast-check";
import { expect, test } from "vitest";
import { MacTable } from "./mac-table.ts";

const address = fc.record({
  vlan: fc.constantFrom(1, 2, 4094),
  high: fc.constantFrom(0, 0x5254, 0xffff),
  low: fc.integer({ min: -60, max: 60 }),
});
const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant("learn" as const), at: address, port: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forgetPort" as const), port: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("age" as const), by: fc.integer({ min: 1, max: 60 }) }) },
);
const MOST = 300;

test("for any sequence of events the table knows what a plain map knows, and never more than it may", () => {
  fc.assert(
    fc.property(fc.integer(), fc.array(step, { maxLength: 600, minLength: 200, size: "max" }), (seed, steps) => {
      const table = new MacTable({ seed, most: MOST });
      const known = new Map<string, { at: { vlan: number; high: number; low: number }; port: number; seen: number }>();
      for (const [tick, one] of steps.entries()) {
        if (one.kind === "learn") {
          const key = JSON.stringify(one.at);
          const before = known.get(key);
          const isFull = before === undefined && known.size >= MOST;
          expect(table.learn({ ...one.at, port: one.port, seen: tick })).toBe(isFull ? -2 : (before?.port ?? -1));
          if (!isFull) known.set(key, { at: one.at, port: one.port, seen: tick });
        } else {
          const isStale = (entry: { readonly port: number; readonly seen: number }): boolean =>
            one.kind === "age" ? entry.seen < tick - one.by : entry.port === one.port;
          const stale = [...known].filter(([, entry]) => isStale(entry));
          for (const [key] of stale) known.delete(key);
          expect(table.forget(isStale)).toBe(stale.length);
        }
        expect(table.size).toBe(known.size);
      }
      for (const { at, port } of known.values()) expect(table.find(at.vlan, at.high, at.low)).toBe(port);
      expect([...table].length).toBe(known.size);
    }),
    { numRuns: 60 },
  );
});
