// Panning and zooming. The camera lives outside of the page's state: moving it changes one transform and draws nothing
// anew, so a hundred machines move as easily as one.
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { holdPictures } from "../../../ui/thumbnail.tsx";
import { begin, type Camera, panned, showing, zoomAt } from "../topology/camera.ts";
import type { Box, Point } from "../topology/sketch.ts";
import { holdDashes } from "./flow-ticker.ts";

/** How much larger than usual the person wants text: the picture grows with it. */
const textScale = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;

export interface CameraControl {
  readonly view: RefObject<HTMLElement | null>;
  readonly world: RefObject<HTMLDivElement | null>;
  readonly now: () => Camera;
  readonly pan: (dx: number, dy: number) => void;
  readonly zoom: (by: number, seen?: Point) => void;
  readonly fitAll: () => void;
  /** Moves the picture as little as needed; `covered`: window pixels at the right where something lies over it. */
  readonly show: (box: Box, covered?: number) => void;
  /** Whether a drag goes on: the picture is then kept as one layer, which moves without being painted. */
  readonly moving: (yes: boolean) => void;
  /** In percent, for the words between the buttons. */
  readonly percent: number;
}

const sizeOf = (element: HTMLElement | null): { w: number; h: number } => ({ w: element?.clientWidth ?? 0, h: element?.clientHeight ?? 0 });

/** `first`: what is shown to begin with where the whole would be too small to read. */
export function useCamera(all: Box, first: Box | undefined): CameraControl {
  const view = useRef<HTMLElement>(null);
  const world = useRef<HTMLDivElement>(null);
  const camera = useRef<Camera>({ x: 0, y: 0, scale: 1 });
  /** Until a person moves the picture, it follows what is in it. */
  const touched = useRef(false);
  const latest = useRef({ all, first });
  latest.current = { all, first };
  const [percent, setPercent] = useState(100);
  const put = useCallback((next: Camera) => {
    camera.current = next;
    const element = world.current;
    if (element) element.style.transform = `translate(${-next.x * next.scale}px, ${-next.y * next.scale}px) scale(${next.scale})`;
    // Far away, words take more of their place, so that they can still be read.
    const grow = Math.round(10 * Math.min(1.7, Math.max(1, 0.66 / next.scale))) / 10;
    if (element && element.style.getPropertyValue("--grow") !== String(grow)) element.style.setProperty("--grow", String(grow));
    setPercent(Math.round(next.scale * 100));
  }, []);
  const refit = useCallback(
    (whole: boolean) => {
      const size = sizeOf(view.current);
      if (size.w > 0) put(begin(latest.current, size, textScale(), whole));
    },
    [put],
  );
  const by = useCallback(
    (change: (before: Camera) => Camera) => {
      touched.current = true;
      put(change(camera.current));
    },
    [put],
  );
  useEffect(() => {
    const element = view.current;
    if (!element) return;
    const watcher = new ResizeObserver(() => !touched.current && refit(false));
    watcher.observe(element);
    const wheel = (event: WheelEvent) => {
      // Plain scrolling stays the page's; with Ctrl (which a pinch on a touchpad is, too) the picture grows.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const corner = element.getBoundingClientRect();
      by((before) => zoomAt(before, { x: event.clientX - corner.left, y: event.clientY - corner.top }, Math.exp(-event.deltaY / 250)));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => {
      watcher.disconnect();
      element.removeEventListener("wheel", wheel);
    };
  }, [by, refit]);
  const { x, y, w, h } = all;
  // biome-ignore lint/correctness/useExhaustiveDependencies: refit reads the newest box; it is to happen when that changes
  useEffect(() => {
    if (!touched.current) refit(false);
  }, [x, y, w, h, refit]);
  const actions = useMemo(
    () => ({
      view,
      world,
      now: () => camera.current,
      pan: (dx: number, dy: number) => by((before) => panned(before, dx, dy)),
      zoom: (factor: number, seen?: Point) =>
        by((before) => {
          const { w: wide, h: high } = sizeOf(view.current);
          return zoomAt(before, seen ?? { x: wide / 2, y: high / 2 }, factor);
        }),
      fitAll: () => {
        touched.current = false;
        refit(true);
      },
      show: (box: Box, covered = 0) => {
        const { w: wide, h: high } = sizeOf(view.current);
        const next = showing(camera.current, box, { w: wide - covered, h: high });
        if (next.x !== camera.current.x || next.y !== camera.current.y) by(() => next);
      },
      moving: (yes: boolean) => {
        holdDashes(yes);
        holdPictures(yes);
        world.current?.toggleAttribute("data-moving", yes);
      },
    }),
    [by, refit],
  );
  return { ...actions, percent };
}
