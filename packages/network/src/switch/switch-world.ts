// What a switch is told about itself, and what it takes from outside.
import type { LoopNews } from "./loop-guard.ts";

export interface SwitchSettings {
  /** Names the switch among others, for the loop guard: any text, unique. */
  readonly id: string;
  readonly mtu: number;
  readonly macAgeSeconds: number;
  readonly snooping: boolean;
  readonly loopGuard: boolean;
}

/** What it takes from outside. */
export interface SwitchWorld {
  /** Milliseconds that never go back. */
  readonly nowMs: () => number;
  /** For stamps that people read. */
  readonly wallMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  readonly tell: (news: LoopNews) => void;
  /** Wants `release` to be called at that time of `nowMs`, and not again before that. */
  readonly wakeAt: (atMs: number) => void;
}
