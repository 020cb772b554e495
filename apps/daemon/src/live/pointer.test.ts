import type { PointerMove } from "@mimic/workbench/ports";
import fc from "fast-check";
import { expect, test } from "vitest";
import { joined, readMove } from "./pointer.ts";

test("what a browser says of its mouse is read; anything else is passed over", () => {
  expect(readMove({ dx: 3, dy: -1 })).toEqual({ dx: 3, dy: -1, wheel: 0 });
  expect(readMove({ buttons: 9, wheel: 1 })).toEqual({ dx: 0, dy: 0, wheel: 1, buttons: 1 });
  for (const wrong of [undefined, { dx: "3" }, { dy: Number.NaN }, { dx: 1e9 }, { buttons: null, dx: [] }])
    expect(readMove(wrong)).toBeUndefined();
});

test("while QEMU is busy movements are added up, no click gets lost, and little waits", () => {
  const move = fc.record({
    dx: fc.integer({ min: -50, max: 50 }),
    dy: fc.integer({ min: -50, max: 50 }),
    wheel: fc.integer({ min: -1, max: 1 }),
    buttons: fc.option(fc.nat(7), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
      const waiting = moves.reduce<PointerMove[]>(joined, []);
      const sum = (list: readonly PointerMove[], key: "dx" | "dy" | "wheel") => list.reduce((all, one) => all + one[key], 0);
      for (const key of ["dx", "dy", "wheel"] as const) expect(sum(waiting, key)).toBe(sum(moves, key));
      const presses = (list: readonly PointerMove[]) =>
        list
          .map(({ buttons }) => buttons)
          .filter((buttons, at, all) => buttons !== undefined && buttons !== all.slice(0, at).findLast((one) => one !== undefined));
      expect(presses(waiting)).toEqual(presses(moves));
    }),
  );
  let many: PointerMove[] = [];
  for (let n = 0; n < 10_000; n++) many = joined(many, { dx: 1, dy: 0, wheel: 0, buttons: n % 2 });
  expect(many.length).toBeLessThanOrEqual(64);
});
