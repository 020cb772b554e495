import fc from "fast-check";
import { expect, test } from "vitest";
import { pointerEvents } from "./pointer.ts";

test("a mouse moves, presses what is newly held and lets go of what is not", () => {
  expect(pointerEvents({ dx: 3, dy: -2, buttons: 3, wheel: 0 }, 6)).toEqual([
    { type: "rel", data: { axis: "x", value: 3 } },
    { type: "rel", data: { axis: "y", value: -2 } },
    { type: "btn", data: { down: true, button: "left" } },
    { type: "btn", data: { down: false, button: "middle" } },
  ]);
  expect(pointerEvents({ dx: 0, dy: 0, wheel: -1 }, 1)).toEqual([
    { type: "btn", data: { down: true, button: "wheel-up" } },
    { type: "btn", data: { down: false, button: "wheel-up" } },
  ]);
});

test("for any numbers, what QEMU is told is whole and bounded, and the same buttons twice say nothing", () => {
  const number = fc.oneof(fc.double(), fc.integer(), fc.constant(Number.NaN));
  fc.assert(
    fc.property(number, number, number, fc.nat(7), (dx, dy, wheel, buttons) => {
      const events = pointerEvents({ dx, dy, wheel, buttons }, buttons);
      expect(events.length).toBeLessThanOrEqual(2 + 32);
      for (const event of events)
        if (event.type === "rel") expect(Number.isSafeInteger(event.data.value) && Math.abs(event.data.value) <= 4096).toBe(true);
        else if (event.type === "btn") expect(event.data.button).toMatch(/^wheel/);
    }),
  );
});
