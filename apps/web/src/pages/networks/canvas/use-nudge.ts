// A thing is moved by keys as by a drag: Shift with the arrows carries it, letting go of Shift puts it down, Escape takes it back.
import { useRef } from "react";
import { isArrow, onward } from "../topology/camera.ts";
import type { Point } from "../topology/sketch.ts";

/** Of the picture, per press. */
const STEP = 16;

interface Carrying {
  readonly id: string;
  readonly by: Point;
}

export interface Nudged {
  /** False = that thing has no place of its own. */
  readonly move: (id: string, by: Point) => boolean;
  readonly moved: (id: string, by: Point) => void;
  readonly cancel: () => void;
}

export function useNudge({ move, moved, cancel }: Nudged) {
  const carrying = useRef<Carrying>(undefined);
  const putDown = (): void => {
    const carried = carrying.current;
    carrying.current = undefined;
    if (carried) moved(carried.id, carried.by);
  };
  return {
    /** True = the key was for it. */
    press(event: React.KeyboardEvent, id: string): boolean {
      if (event.key === "Escape" && carrying.current) {
        carrying.current = undefined;
        cancel();
        return true;
      }
      if (!event.shiftKey || !isArrow(event.key)) return false;
      if (carrying.current && carrying.current.id !== id) putDown();
      const by = onward(carrying.current?.by ?? { x: 0, y: 0 }, event.key, STEP);
      if (move(id, by)) carrying.current = { id, by };
      return true;
    },
    release(event: React.KeyboardEvent): void {
      if (event.key === "Shift") putDown();
    },
    putDown,
  };
}
