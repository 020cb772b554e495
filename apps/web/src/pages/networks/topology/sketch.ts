// What the picture of the networks is drawn from: only what decides where something stands and how it looks.
// Plain data, so that places and paths are worked out (and tested) without a page.
import type { NetworkKind, PortMode } from "@mimic/model";

export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Box extends Point {
  readonly w: number;
  readonly h: number;
}
/** By id: a network's own place is absolute, everything else stands relative to its network. */
export type Places = Readonly<Record<string, Point>>;

/** One cable end at a machine: a NIC. */
export interface SketchNic {
  readonly id: string;
  /** null: no cable. */
  readonly network: string | null;
  readonly mode: PortMode;
}
export interface SketchMachine {
  readonly id: string;
  readonly name: string;
  readonly nics: readonly SketchNic[];
}
/** A port of a network that is no machine's. */
export interface SketchPort {
  readonly id: string;
  readonly name: string;
  readonly mode: PortMode;
  readonly leads: "network" | "socket" | "tunnel" | "mirror" | "lan";
  /** For `network`: the other network and its port. */
  readonly other?: { readonly network: string; readonly port: string } | undefined;
}
export interface SketchNetwork {
  readonly id: string;
  readonly name: string;
  readonly kind: NetworkKind;
  readonly vlans: readonly { readonly id: number; readonly name: string }[];
  readonly hasGateway: boolean;
  readonly ports: readonly SketchPort[];
  readonly places: Places;
}
export interface Sketch {
  readonly networks: readonly SketchNetwork[];
  readonly machines: readonly SketchMachine[];
}

/** The network where a machine stands in the picture: that of its first NIC with a cable. */
export const homeOf = (machine: SketchMachine): SketchNic | undefined => machine.nics.find((nic) => nic.network !== null);

export const centre = (box: Box): Point => ({ x: box.x + box.w / 2, y: box.y + box.h / 2 });
export const isInside = ({ x, y }: Point, box: Box): boolean => x >= box.x && x <= box.x + box.w && y >= box.y && y <= box.y + box.h;

/** The smallest box around all; undefined around nothing. */
export function around(boxes: readonly Box[]): Box | undefined {
  if (boxes.length === 0) return undefined;
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + box.w);
    bottom = Math.max(bottom, box.y + box.h);
  }
  return { x: left, y: top, w: right - left, h: bottom - top };
}
