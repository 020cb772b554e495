// A mouse's movement in QEMU's words. Pure. Where a machine has a tablet too, QEMU lets the mouse move and the tablet
// press: systems with both take them for one pointer. Old ones have the mouse alone.
import type { InputEvent } from "@mimic/qmp";
import type { PointerMove } from "@mimic/workbench/ports";

const BUTTONS = [
  [1, "left"],
  [2, "right"],
  [4, "middle"],
] as const;
/** A PS/2 mouse tells at most 255 counts at a time; more than a few screens in one word is nobody's hand. */
const MOST_COUNTS = 4096;
const MOST_NOTCHES = 16;

const bounded = (value: number, most: number): number => Math.max(-most, Math.min(most, Math.trunc(value) || 0));

/** `held`: the buttons that were held before. */
export function pointerEvents({ dx, dy, buttons, wheel }: PointerMove, held: number): InputEvent[] {
  const events: InputEvent[] = [];
  const [x, y, notches] = [bounded(dx, MOST_COUNTS), bounded(dy, MOST_COUNTS), bounded(wheel, MOST_NOTCHES)];
  if (x !== 0) events.push({ type: "rel", data: { axis: "x", value: x } });
  if (y !== 0) events.push({ type: "rel", data: { axis: "y", value: y } });
  for (const [bit, button] of BUTTONS)
    if (buttons !== undefined && ((buttons ^ held) & bit) !== 0)
      events.push({ type: "btn", data: { down: (buttons & bit) !== 0, button } });
  const button = notches < 0 ? "wheel-up" : "wheel-down";
  for (let n = 0; n < Math.abs(notches); n++) for (const down of [true, false]) events.push({ type: "btn", data: { down, button } });
  return events;
}
