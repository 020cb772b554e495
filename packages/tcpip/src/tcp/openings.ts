// Wishes that nobody has answered yet: so many at most, and of one guest a quarter of that.
import { readU32 } from "@mimic/wire";
import type { Opening } from "./opening.ts";

/** A wish nobody answers is forgotten: its peer has long given up. */
const OPENING_MS = 130_000;

/** The last four bytes of a MAC tell guests apart well enough for a bound. */
const ownerOf = (mac: Uint8Array): number => readU32(mac, 2);

export class Openings {
  /** In the order in which they began. */
  readonly #all = new Set<Opening>();
  readonly #ofOwner = new Map<number, number>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#all.size;
  }

  /** One guest that floods leaves three quarters of the places to the others. */
  isFullFor(mac: Uint8Array): boolean {
    return this.#all.size >= this.#most || (this.#ofOwner.get(ownerOf(mac)) ?? 0) >= this.#most / 4;
  }

  add(opening: Opening): void {
    const owner = ownerOf(opening.mac);
    this.#all.add(opening);
    this.#ofOwner.set(owner, (this.#ofOwner.get(owner) ?? 0) + 1);
  }

  /** It was answered, taken back or forgotten. */
  settle(opening: Opening): void {
    opening.isSettled = true;
    this.#all.delete(opening);
    const owner = ownerOf(opening.mac);
    const left = (this.#ofOwner.get(owner) ?? 1) - 1;
    if (left === 0) this.#ofOwner.delete(owner);
    else this.#ofOwner.set(owner, left);
  }

  /** Those whose time has passed; each must be settled before the next is asked for. */
  *expired(nowMs: number): Generator<Opening, void, void> {
    for (const opening of this.#all) {
      if (nowMs - opening.beganMs < OPENING_MS) return;
      yield opening;
    }
  }
}
