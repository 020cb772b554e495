// A mouse that is caught in the browser's picture: it tells how far it moved, not where it is, as old systems expect.
// One word to QEMU at a time; what comes meanwhile is added up, so a slow guest gets fewer words and loses no movement.
import type { PointerMove } from "@mimic/workbench/ports";
import type { MachineCall } from "./live-call.ts";

const WITHIN_MS = 5000;
const NOTHING: PointerMove = { dx: 0, dy: 0, wheel: 0 };

export function openPointer({ viewer, machine, log }: MachineCall): void {
  let waiting: PointerMove[] = [];
  let busy = false;
  let held = 0;
  const send = async (): Promise<void> => {
    busy = true;
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        held = next.buttons ?? held;
        await machine.point(next, { signal: AbortSignal.timeout(WITHIN_MS) });
      }
    } catch (error) {
      waiting = [];
      log.debug("pointer not moved", { error });
    } finally {
      busy = false;
    }
  };
  const add = (move: PointerMove): void => {
    waiting = joined(waiting, move);
    if (!busy) void send();
  };
  viewer.hear({
    binary() {},
    text(message) {
      const move = readMove(message);
      if (move !== undefined) add(move);
    },
  });
  viewer.tell({ ready: true });
  // Nobody is left who could let go of a button.
  viewer.gone.addEventListener("abort", () => held !== 0 && add({ ...NOTHING, buttons: 0 }), { once: true });
}

const MOST_WAITING = 64;

/** A click must not be lost in a movement: only words with the same buttons are added up. Pure. */
export function joined(waiting: readonly PointerMove[], move: PointerMove): PointerMove[] {
  const last = waiting.at(-1);
  const isSame = last !== undefined && (move.buttons === undefined || move.buttons === last.buttons);
  if (!isSame && waiting.length < MOST_WAITING) return [...waiting, move];
  const before = last ?? NOTHING;
  const sum = { dx: before.dx + move.dx, dy: before.dy + move.dy, wheel: before.wheel + move.wheel };
  const buttons = move.buttons ?? before.buttons;
  return [...waiting.slice(0, -1), buttons === undefined ? sum : { ...sum, buttons }];
}

/** `{"dx":3,"dy":-1,"buttons":1,"wheel":0}`, each may be left out; undefined for anything else. */
export function readMove(message: Record<string, unknown> | undefined): PointerMove | undefined {
  if (message === undefined) return undefined;
  const number = (key: string): number | undefined => {
    const value = message[key] ?? 0;
    return typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= 100_000 ? value : undefined;
  };
  const [dx, dy, wheel, buttons] = [number("dx"), number("dy"), number("wheel"), number("buttons")];
  if (dx === undefined || dy === undefined || wheel === undefined || buttons === undefined) return undefined;
  return message["buttons"] === undefined ? { dx, dy, wheel } : { dx, dy, wheel, buttons: buttons & 7 };
}
