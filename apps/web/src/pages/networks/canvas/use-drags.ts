// What the pointer does on the picture: pans it, moves a thing, or pulls a cable. Nothing is captured before the pointer
// has moved a little, so that a click stays a click.
import { type RefObject, useEffect, useRef } from "react";
import { toPicture } from "../topology/camera.ts";
import type { Point } from "../topology/sketch.ts";
import type { CameraControl } from "./use-camera.ts";

export interface Pull {
  /** The machine that the cable hangs on, and its NIC; `new` for one that it does not have yet. */
  readonly machine: string;
  readonly nic: string;
}
export interface DragHandlers {
  /** A thing is carried by so much, in the picture's units. */
  readonly move: (id: string, by: Point) => void;
  readonly moved: (id: string, by: Point) => void;
  readonly pull: (what: Pull, to: Point) => void;
  readonly pulled: (what: Pull, to: Point) => void;
  /** Escape, or the pointer was taken away. */
  readonly cancel: () => void;
}

type Drag = { readonly kind: "pan" } | { readonly kind: "move"; readonly id: string } | { readonly kind: "pull"; readonly what: Pull };

const FAR = 5;

function dragAt(target: Element): Drag {
  const jack = target.closest<HTMLElement>("[data-jack]");
  const machine = jack?.dataset["machine"];
  if (jack && machine) return { kind: "pull", what: { machine, nic: jack.dataset["jack"] ?? "new" } };
  const id = target.closest<HTMLElement>("[data-move]")?.dataset["move"];
  return id ? { kind: "move", id } : { kind: "pan" };
}

export function useDrags(camera: CameraControl, handlers: DragHandlers): void {
  const told = useRef(handlers);
  told.current = handlers;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only `percent` is new at each render, and a drag does not ask for it
  useEffect(() => listen(camera, told), [camera.view, camera.now]);
}

function listen(camera: CameraControl, told: RefObject<DragHandlers>): (() => void) | undefined {
  const view = camera.view.current;
  if (!view) return undefined;
  const fingers = new Map<number, Point>();
  let drag: Drag | undefined;
  let begun = false;
  let start: Point = { x: 0, y: 0 };
  let last: Point = start;
  const seen = (event: PointerEvent): Point => {
    const corner = view.getBoundingClientRect();
    return { x: event.clientX - corner.left, y: event.clientY - corner.top };
  };
  const carried = (): Point => {
    const { scale } = camera.now();
    return { x: (last.x - start.x) / scale, y: (last.y - start.y) / scale };
  };
  const end = () => {
    drag = undefined;
    begun = false;
    camera.moving(false);
  };
  const down = (event: PointerEvent) => {
    if (event.button !== 0 || !(event.target instanceof Element)) return;
    if (event.target.closest("[data-no-drag]")) return;
    fingers.set(event.pointerId, seen(event));
    start = last = seen(event);
    if (fingers.size === 1) drag = dragAt(event.target);
  };
  const pinch = (event: PointerEvent) => {
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    const before = fingers.get(event.pointerId);
    if (!other || !before) return;
    const now = seen(event);
    fingers.set(event.pointerId, now);
    const apart = (a: Point) => Math.max(20, Math.hypot(a.x - other.x, a.y - other.y));
    camera.zoom(apart(now) / apart(before), { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
  };
  const move = (event: PointerEvent) => {
    if (!fingers.has(event.pointerId)) return;
    if (fingers.size > 1) {
      if (begun) told.current.cancel();
      end();
      return pinch(event);
    }
    if (!drag) return;
    const now = seen(event);
    if (!begun) {
      if (Math.hypot(now.x - start.x, now.y - start.y) < FAR) return;
      begun = true;
      view.setPointerCapture(event.pointerId);
      camera.moving(drag.kind === "pan");
    }
    const before = last;
    last = now;
    if (drag.kind === "pan") camera.pan(now.x - before.x, now.y - before.y);
    else if (drag.kind === "move") told.current.move(drag.id, carried());
    else told.current.pull(drag.what, toPicture(camera.now(), now));
  };
  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (begun && drag?.kind === "move") told.current.moved(drag.id, carried());
    if (begun && drag?.kind === "pull") told.current.pulled(drag.what, toPicture(camera.now(), seen(event)));
    if (begun) swallowClick(view);
    end();
  };
  const away = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (begun) told.current.cancel();
    end();
  };
  const key = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !begun) return;
    event.stopPropagation();
    told.current.cancel();
    end();
  };
  view.addEventListener("pointerdown", down);
  view.addEventListener("pointermove", move);
  view.addEventListener("pointerup", up);
  view.addEventListener("pointercancel", away);
  window.addEventListener("keydown", key, true);
  return () => {
    // Gone in the middle of a drag: what stood still for it goes on.
    end();
    view.removeEventListener("pointerdown", down);
    view.removeEventListener("pointermove", move);
    view.removeEventListener("pointerup", up);
    view.removeEventListener("pointercancel", away);
    window.removeEventListener("keydown", key, true);
  };
}

/** The click that follows a drag is none. */
function swallowClick(view: HTMLElement): void {
  const stop = (event: Event) => event.stopPropagation();
  view.addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => view.removeEventListener("click", stop, true), 0);
}
