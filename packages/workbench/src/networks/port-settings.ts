// What can be set at any port, and a wish applied to it. Pure.
import { linkLike, type PortGuards, type PortMode, type TwoWayQuality } from "@mimic/model";
import type { PortWish } from "../network-workbench.ts";

export interface PortSettings {
  readonly mode: PortMode;
  readonly isUp: boolean;
  readonly guards: PortGuards;
  readonly quality: TwoWayQuality;
}

/** The settings of a port after a wish. Pure. */
export function settled(before: PortSettings, wish: PortWish): PortSettings {
  const guards = Object.fromEntries(Object.entries(wish.guards ?? {}).filter(([, value]) => value !== undefined));
  const own = { isUp: before.isUp, quality: wish.quality ?? before.quality };
  const { isUp, quality } = wish.profile === undefined ? own : linkLike(wish.profile, own);
  return { mode: wish.mode ?? before.mode, isUp: wish.isUp ?? isUp, guards: { ...before.guards, ...guards }, quality };
}
