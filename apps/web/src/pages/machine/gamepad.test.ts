import { expect, test } from "vitest";
import { changedKeys, heldKeys, type PadState } from "./gamepad.ts";

const pad = (axes: number[], ...pressed: number[]): PadState => ({
  axes,
  buttons: Array.from({ length: 16 }, (_, at) => ({ pressed: pressed.includes(at) })),
});
const held = (...pads: (PadState | null)[]) => [...heldKeys(pads).keys()].sort();

test("sticks and crosses are the arrows, buttons are the keys that games begin with; a trembling stick is still", () => {
  expect(held(pad([0.2, -0.3]))).toEqual([]);
  expect(held(pad([-1, 0.9], 0))).toEqual(["ArrowDown", "ArrowLeft", "ControlLeft"]);
  expect(held(null, pad([], 12, 1, 9))).toEqual(["AltLeft", "ArrowUp", "Enter"]);
});

test("only what changed is pressed, and what is let go goes first", () => {
  const before = heldKeys([pad([1, 0], 0)]);
  const now = heldKeys([pad([-1, 0], 0)]);
  expect(changedKeys(before, now).map(({ key, down }) => [key.code, down])).toEqual([
    ["ArrowRight", false],
    ["ArrowLeft", true],
  ]);
  expect(changedKeys(now, now)).toEqual([]);
});
