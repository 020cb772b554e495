// How much memory the pool may take, decided over what its members really cost. Pure.
//
// A member costs what would be free again if it ended: the pages that its guest has written since the template, and its
// QEMU. What it shares with the template and with others is nobody's cost here: that is there once, however many wait.
import type { HostRoom } from "../ports/index.ts";

const MIB = 1024 ** 2;
/** The pool takes at most this share of the computer's memory… */
const BUDGET_SHARE = 1 / 8;
/** …and gives back when less than this is free. */
const PRESSURE_SHARE = 0.15;

/** QEMU for itself with what it has translated, and a small guest's first steps: 46 to 50 MiB with the tiny Linux, whatever its memory. */
const ENGINE_BYTES = 48 * MIB;
/** A guest that wakes up writes again to a part of what it had in use. Believed only until it was measured. */
const REWRITTEN_SHARE = 1 / 16;
/** The dearest of the last few counts: the next may be as dear. */
const REMEMBERED = 8;

type Room = Pick<HostRoom, "memoryBytes" | "memoryFreeBytes">;

/** `memoryBytes`: what its machines have. `usedBytes`: what is kept of it, unused pages apart. */
export const estimateMember = ({ memoryBytes, usedBytes }: { readonly memoryBytes: number; readonly usedBytes: number }): number =>
  Math.round(ENGINE_BYTES + Math.min(memoryBytes, usedBytes) * REWRITTEN_SHARE);

/** What the next member of a template is taken to cost: as the dearest of those that were measured, else as estimated. */
export const costOfNext = (measured: readonly number[], estimate: number): number =>
  measured.length === 0 ? estimate : Math.max(...measured);

export const remember = (measured: readonly number[], bytes: number): readonly number[] => [...measured, bytes].slice(-REMEMBERED);

export interface NextMember {
  readonly costBytes: number;
  /** Its template's memory, when it may have to be read in first. */
  readonly templateBytes: number;
}

/** Whether one more may be made; `waitingBytes`: what those that wait cost, of all templates. */
export function hasRoomFor(next: NextMember, waitingBytes: readonly number[], room: Room): boolean {
  const taken = waitingBytes.reduce((sum, bytes) => sum + bytes, 0);
  return (
    taken + next.costBytes <= room.memoryBytes * BUDGET_SHARE &&
    room.memoryFreeBytes - next.costBytes - next.templateBytes > room.memoryBytes * PRESSURE_SHARE
  );
}

/** Others of this computer need the memory more. */
export const isShort = (room: Room): boolean => room.memoryFreeBytes < room.memoryBytes * PRESSURE_SHARE;

/** How many, the newest first, go again since they turned out dearer than was believed. */
export function tooMany(waitingBytes: readonly number[], room: Room): number {
  let taken = waitingBytes.reduce((sum, bytes) => sum + bytes, 0);
  let count = 0;
  for (const bytes of [...waitingBytes].reverse()) {
    if (taken <= room.memoryBytes * BUDGET_SHARE) break;
    taken -= bytes;
    count++;
  }
  return count;
}
