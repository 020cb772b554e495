// Which moments may be cleared away while machines run: played through on paper with the rule by which layers become one.
import type { LayerRef } from "@mimic/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { CHEAP_BYTES, planClearing } from "../src/moments/plan-clearing.ts";
import { type Chain, nextMerge } from "../src/moments/plan-merge.ts";

const ref = (id: string): LayerRef => ({ id, format: "qcow2" });
const machine = (layers: string[], more: Partial<Chain> = {}): Chain => ({ head: "h", layers: layers.map(ref), fixed: false, ...more });
const moment = (id: string, ...layers: string[]): Chain => ({ head: undefined, layers: layers.map(ref), fixed: false, moment: id });
const runs = { holder: "one" };
const MUCH = CHEAP_BYTES + 1;

test("one beside the present leaves nothing to be made one, however large it is", () => {
  const chains = [machine(["base"], runs), moment("start", "base"), moment("before", "side", "base")];
  expect(planClearing(chains, ["before"], new Map([["side", MUCH]]))).toEqual({ goes: ["before"], waits: [] });
});

test("one below the present goes when its layer is small, or the machine is off; a large one waits while it runs", () => {
  const chains = (more: object) => [machine(["own", "base"], more), moment("start", "base"), moment("before", "own", "base")];
  expect(planClearing(chains(runs), ["before"], new Map([["own", CHEAP_BYTES]])).goes).toEqual(["before"]);
  expect(planClearing(chains(runs), ["before"], new Map([["own", MUCH]])).waits).toEqual(["before"]);
  expect(planClearing(chains({}), ["before"], new Map([["own", MUCH]])).goes).toEqual(["before"]);
});

test("one whose layer cannot be made one before a machine is off waits, small as it is", () => {
  const still = [machine(["own", "base"], { ...runs, fixed: true }), moment("before", "own", "base")];
  expect(planClearing(still, ["before"], new Map()).waits).toEqual(["before"]);
  const two = [
    machine(["own", "base"], runs),
    machine(["own", "base"], { holder: "two", head: "k" }),
    moment("low", "base"),
    moment("before", "own", "base"),
  ];
  // Both stand on “own” itself, so it stays anyway; what would have to become one with it is “base”.
  expect(planClearing(two, ["before"], new Map())).toEqual({ goes: ["before"], waits: [] });
  expect(planClearing(two, ["low"], new Map()).waits).toEqual(["low"]);
});

test("several small ones that together are much do not all go at once", () => {
  const half = CHEAP_BYTES * 0.6;
  const chains = [machine(["c", "b", "a"], runs), moment("m1", "a"), moment("m2", "b", "a"), moment("m3", "c", "b", "a")];
  const sizes = new Map(["a", "b", "c"].map((id) => [id, half]));
  expect(planClearing(chains, ["m1", "m2", "m3"], sizes)).toEqual({ goes: ["m1"], waits: ["m2", "m3"] });
});

test("what is to be done anyhow is not held against a moment", () => {
  const chains = [machine(["own", "old", "base"], runs), moment("start", "base"), moment("side", "x", "base")];
  expect(nextMerge(chains)).toMatchObject({ layer: { id: "own" } });
  expect(planClearing(chains, ["side"], new Map([["own", 10 * MUCH]])).goes).toEqual(["side"]);
});

const trees = fc.array(fc.record({ from: fc.nat(8), size: fc.integer({ min: 0, max: 2 * CHEAP_BYTES }) }), { minLength: 1, maxLength: 8 });

test("of a machine that is off everything goes; of any, what is asked for is answered once, and what goes leaves no more than it may", () => {
  fc.assert(
    fc.property(trees, fc.nat(8), fc.boolean(), (nodes, stands, isOn) => {
      const above: string[][] = [];
      for (const [index, { from }] of nodes.entries()) above.push([`l${index}`, ...(above[from % Math.max(1, index)] ?? [])]);
      const sizes = new Map(nodes.map(({ size }, index) => [`l${index}`, size]));
      const chains = [
        machine(above[stands % above.length] ?? [], isOn ? runs : {}),
        ...above.map((layers, index) => moment(`m${index}`, ...layers)),
      ];
      const wanted = above.map((_, index) => `m${index}`);
      const { goes, waits } = planClearing(chains, wanted, sizes);
      expect([...goes, ...waits].sort()).toEqual([...wanted].sort());
      if (!isOn) expect(waits).toEqual([]);
      // One that does not lie below the present never waits.
      const below = new Set(above[stands % above.length]);
      for (const id of waits) expect(above[Number(id.slice(1))]?.some((layer) => below.has(layer))).toBe(true);
    }),
  );
});
