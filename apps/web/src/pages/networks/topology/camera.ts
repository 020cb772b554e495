// What part of the picture is seen, how large, and what is under the pointer. Pure sums.

import type { Placed } from "./places.ts";
import { type Box, isInside, type Point } from "./sketch.ts";

/** The picture's point at the window's top left corner, and window pixels per unit of the picture. */
export interface Camera extends Point {
  readonly scale: number;
}
export const SCALE = { least: 0.12, most: 2.5 } as const;
const within = (scale: number, least: number = SCALE.least): number => Math.min(SCALE.most, Math.max(least, scale));

export const toPicture = (camera: Camera, seen: Point): Point => ({
  x: camera.x + seen.x / camera.scale,
  y: camera.y + seen.y / camera.scale,
});
export const toWindow = (camera: Camera, point: Point): Point => ({
  x: (point.x - camera.x) * camera.scale,
  y: (point.y - camera.y) * camera.scale,
});

/** All of it, in the middle, not larger than life (`life`: window pixels per unit, 1 with text of the usual size). */
export function fit(all: Box, view: { readonly w: number; readonly h: number }, life = 1, margin = 28): Camera {
  const scale = within(Math.min(life, (view.w - 2 * margin) / Math.max(1, all.w), (view.h - 2 * margin) / Math.max(1, all.h)));
  return { scale, x: all.x + all.w / 2 - view.w / 2 / scale, y: all.y + all.h / 2 - view.h / 2 / scale };
}

/** What the small buttons at the bottom take of the window's height. */
const TOOLS = 48;
/** Smaller than this nothing can be read. */
const READABLE = 0.36;

/** What is seen first: all of it; on a small screen the beginning of it, in a size that can be read. */
export function begin(
  { all, first }: { readonly all: Box; readonly first: Box | undefined },
  view: { readonly w: number; readonly h: number },
  life: number,
  whole: boolean,
): Camera {
  const seen = fit(all, { w: view.w, h: view.h - TOOLS }, life);
  if (whole || !first || view.w > 700 || seen.scale >= READABLE * life) return seen;
  const scale = within(0.5 * life);
  return { scale, x: first.x - 60 / scale, y: Math.min(first.y - 40 / scale, all.y + all.h - view.h / scale) };
}

/** Larger or smaller, with the point under `seen` staying there. */
export function zoomAt(camera: Camera, seen: Point, by: number): Camera {
  const scale = within(camera.scale * by);
  const point = toPicture(camera, seen);
  return { scale, x: point.x - seen.x / scale, y: point.y - seen.y / scale };
}

export const panned = (camera: Camera, dx: number, dy: number): Camera => ({
  ...camera,
  x: camera.x - dx / camera.scale,
  y: camera.y - dy / camera.scale,
});

/** The camera moved as little as needed to show the box (its middle when the box is larger than the view). */
export function showing(camera: Camera, box: Box, view: { readonly w: number; readonly h: number }, margin = 24): Camera {
  const move = (at: number, size: number, from: number, room: number): number => {
    const edge = margin / camera.scale;
    if (size + 2 * edge > room) return at + size / 2 - room / 2;
    if (at - edge < from) return at - edge;
    return at + size + edge > from + room ? at + size + edge - room : from;
  };
  return {
    scale: camera.scale,
    x: move(box.x, box.w, camera.x, view.w / camera.scale),
    y: move(box.y, box.h, camera.y, view.h / camera.scale),
  };
}

/** What a cable's end would be plugged into here. */
export type Drop = { readonly on: "lane"; readonly network: string; readonly lane: string } | { readonly on: "tray" };
export function dropAt(placed: Placed, point: Point): Drop | undefined {
  for (const block of placed.blocks) {
    const lane = block.lanes.find(({ strip, floor }) => isInside(point, strip) || isInside(point, floor));
    if (lane) return { on: "lane", network: block.id, lane: lane.key };
    const first = block.lanes[0];
    if (first && (isInside(point, block.bar) || (block.gateway && isInside(point, block.gateway))))
      return { on: "lane", network: block.id, lane: first.key };
  }
  return placed.tray && isInside(point, placed.tray) ? { on: "tray" } : undefined;
}

export type Arrow = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";
const ALONG: Readonly<Record<Arrow, Point>> = {
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
};
/** So far in an arrow's direction. */
export const onward = ({ x, y }: Point, arrow: Arrow, by: number): Point => ({ x: x + ALONG[arrow].x * by, y: y + ALONG[arrow].y * by });
export const isArrow = (key: string): key is Arrow => Object.hasOwn(ALONG, key);

/** The nearest thing in an arrow's direction; what lies aside counts as further away. */
export function neighbour(from: Point, arrow: Arrow, things: readonly { readonly id: string; readonly at: Point }[]): string | undefined {
  const along = ALONG[arrow];
  let best: { id: string; cost: number } | undefined;
  for (const { id, at } of things) {
    const [dx, dy] = [at.x - from.x, at.y - from.y];
    const ahead = dx * along.x + dy * along.y;
    if (ahead < 2) continue;
    const aside = Math.abs(dx * along.y) + Math.abs(dy * along.x);
    const cost = ahead + 2.5 * aside;
    if (!best || cost < best.cost) best = { id, cost };
  }
  return best?.id;
}
