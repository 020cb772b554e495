// Layers that are made one: against a model that holds, for each layer, what it wrote. Whatever is merged in whatever
// order, every chain must show what it showed before.
import type { LayerRef } from "@mimic/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Chain, nextMerge } from "../src/moments/plan-merge.ts";

const ref = (id: string): LayerRef => ({ id, format: "qcow2" });

/** A machine with its moments: which file it writes to, over which layers, and what each holds (place → value). */
class Model {
  readonly content = new Map<string, Map<number, number>>();
  readonly moments = new Map<string, { layers: string[]; sees: string }>();
  layers: string[] = [];
  head = "h0";
  #count = 0;
  constructor() {
    this.content.set(this.head, new Map());
  }
  write(place: number, value: number): void {
    this.content.get(this.head)?.set(place, value);
  }
  /** Top to bottom: the first that has a place says what stands there. */
  see(files: readonly string[]): string {
    const seen = new Map<number, number>();
    for (const file of files) for (const [place, value] of this.content.get(file) ?? []) if (!seen.has(place)) seen.set(place, value);
    return JSON.stringify([...seen].sort(([a], [b]) => a - b));
  }
  snapshot(): void {
    const frozen = `l${this.#count++}`;
    this.content.set(frozen, this.content.get(this.head) ?? new Map());
    this.layers = [frozen, ...this.layers];
    this.#freshHead();
    this.moments.set(`m${this.#count}`, { layers: [...this.layers], sees: this.see(this.layers) });
  }
  restore(which: number): void {
    const moment = [...this.moments.values()][which % Math.max(1, this.moments.size)];
    if (!moment) return;
    this.layers = [...moment.layers];
    this.#freshHead();
  }
  remove(which: number): void {
    const name = [...this.moments.keys()][which % Math.max(1, this.moments.size)];
    if (name !== undefined) this.moments.delete(name);
  }
  chains(): Chain[] {
    return [
      { head: this.head, layers: this.layers.map(ref), fixed: false },
      ...[...this.moments.values()].map(({ layers }) => ({ head: undefined, layers: layers.map(ref), fixed: false })),
    ];
  }
  merge(): boolean {
    const merge = nextMerge(this.chains());
    if (!merge) return false;
    const upper = this.content.get(merge.into) ?? new Map<number, number>();
    for (const [place, value] of this.content.get(merge.layer.id) ?? []) if (!upper.has(place)) upper.set(place, value);
    const without = (layers: string[]) => layers.filter((id) => id !== merge.layer.id);
    this.layers = without(this.layers);
    for (const moment of this.moments.values()) moment.layers = without(moment.layers);
    return true;
  }
  #freshHead(): void {
    this.head = `h${this.#count++}`;
    this.content.set(this.head, new Map());
  }
}

const step = fc.oneof(
  fc.record({ do: fc.constant("write" as const), place: fc.nat(5), value: fc.nat(1000) }),
  fc.record({ do: fc.constant("snapshot" as const) }),
  fc.record({ do: fc.constant("restore" as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant("remove" as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant("merge" as const) }),
);

test("every moment and the present show the same, whatever is kept, gone back to, deleted and merged", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model();
      for (const one of steps) {
        const present = model.see([model.head, ...model.layers]);
        if (one.do === "write") model.write(one.place, one.value);
        else if (one.do === "snapshot") model.snapshot();
        else if (one.do === "restore") model.restore(one.which);
        else if (one.do === "remove") model.remove(one.which);
        else model.merge();
        if (one.do !== "write" && one.do !== "restore") expect(model.see([model.head, ...model.layers])).toBe(present);
        for (const moment of model.moments.values()) expect(model.see(moment.layers)).toBe(moment.sees);
      }
      // When nothing more can be merged, each layer that is left ends a moment or carries several.
      while (model.merge());
      for (const moment of model.moments.values()) expect(model.see(moment.layers)).toBe(moment.sees);
      const named = new Set([...model.moments.values()].map(({ layers }) => layers[0]));
      const branches = new Set([...model.layers, ...[...model.moments.values()].flatMap(({ layers }) => layers)]);
      expect(branches.size).toBeLessThanOrEqual(2 * Math.max(1, named.size));
    }),
    { numRuns: 300 },
  );
});

test("what a template stands on, and what a running machine uses, is never touched", () => {
  const machine: Chain = { head: "h", layers: [ref("a"), ref("b")], fixed: false };
  expect(nextMerge([machine])).toMatchObject({ layer: { id: "a" }, into: "h", below: [{ id: "b" }] });
  expect(nextMerge([machine, { head: undefined, layers: [ref("b")], fixed: true }])).toMatchObject({ layer: { id: "a" } });
  expect(nextMerge([{ ...machine, fixed: true }])).toBeUndefined();
  expect(nextMerge([machine, { head: undefined, layers: [ref("a"), ref("b")], fixed: true }])).toBeUndefined();
});

test("what a running machine has open only it may merge, and only while no other has it open", () => {
  const runs = (id: string, head: string, ...layers: string[]): Chain => ({ head, layers: layers.map(ref), fixed: false, holder: id });
  const off = (head: string, ...layers: string[]): Chain => ({ head, layers: layers.map(ref), fixed: false });
  expect(nextMerge([runs("one", "h", "a", "b")])).toMatchObject({ layer: { id: "a" }, into: "h", holder: "one" });
  expect(nextMerge([off("h", "a")])).toMatchObject({ into: "h", holder: undefined });
  // Both end at “a”, which is above “b”: it can take “b” in when one of them runs, and not when both do.
  expect(nextMerge([runs("one", "h", "a", "b"), off("k", "a", "b")])).toMatchObject({ layer: { id: "b" }, into: "a", holder: "one" });
  expect(nextMerge([runs("one", "h", "a", "b"), runs("two", "k", "a", "b")])).toBeUndefined();
  // A moment's own layer, in which the machine does not stand any more, is nobody's.
  const moment: Chain = { head: undefined, layers: [ref("m"), ref("n"), ref("a")], fixed: false };
  expect(nextMerge([runs("one", "h", "a"), { ...moment, base: "image" }, off("k", "a")])).toMatchObject({
    layer: { id: "n" },
    into: "m",
    holder: undefined,
    base: "image",
  });
});

test("what takes a layer in is looked for where it lies: the machine's own file in its storage, a layer in its own", () => {
  const far = { ...ref("b"), storage: "sto_far" };
  const own = { head: "h", storage: "sto_own", layers: [far, ref("a")], fixed: false };
  expect(nextMerge([own])).toMatchObject({ into: "h", intoIsHead: true, storage: "sto_own", layer: far });
  expect(nextMerge([own, { head: undefined, layers: [far, ref("a")], fixed: false }])).toMatchObject({ into: "b", storage: "sto_far" });
});
