// What stands at the two sides of a switch's port. Frames move as *runs*: records of a 4-byte big-endian length and an
// Ethernet frame (without FCS), one after the other, which is also what QEMU speaks on its stream sockets. A run lives in
// memory that will be written over: it is valid only during the call that hands it on.
import type { DropReason } from "@mimic/model";

/** Bytes before each frame of a run. */
export const RECORD_HEAD = 4;
/** No frame is longer than that, whatever the network's MTU; a longer announced length closes a socket. */
export const LONGEST_FRAME = 65_535 + 18;
/** Destination, source and type. */
export const SHORTEST_FRAME = 14;

/** The owner's side: where the switch puts frames for whoever is behind the port. */
export interface FramePort {
  /**
   * Takes the `frames` frames of a run, at once and without throwing. The bytes are the switch's: copy what is to be kept. May
   * not change them: the same bytes go to other ports. Frames that it wants to send in answer wait for `flush`, best gathered
   * in one run.
   */
  deliver(run: Uint8Array, frames: number): void;
  /** A batch is over: no more `deliver` follows from what came in just now. Called only after at least one `deliver`. */
  flush(): void;
}

/** The switch's side: where the port's owner puts frames. */
export interface PortInlet {
  /**
   * Takes whole records. They are forwarded before it returns (called from within `deliver`: when that batch is over), so the
   * memory is free again then. What is cut off, too long or forbidden is dropped and counted, never thrown.
   */
  receive(run: Uint8Array): void;
  /** Counts a frame that the owner decided not to let pass, and remembers it for “why?”. `rule`: the id of what decided. */
  dropped(frame: Uint8Array, reason: DropReason, rule?: string): void;
}

/** The length announced by the record at `at`, as an unsigned number. The caller has seen that four bytes are there. */
export const recordLength = (run: Uint8Array, at: number): number =>
  ((run[at] ?? 0) * 0x1_00_00_00 + (((run[at + 1] ?? 0) << 16) | ((run[at + 2] ?? 0) << 8) | (run[at + 3] ?? 0))) >>> 0;

/** The same for a record that was looked at before: its length has 24 bits at most. */
export const lengthAt = (run: Uint8Array, at: number): number =>
  ((run[at + 1] as number) << 16) | ((run[at + 2] as number) << 8) | (run[at + 3] as number);

/** Writes the head of a record for a frame of `length` bytes. */
export function writeRecordHead(run: Uint8Array, at: number, length: number): void {
  run[at] = length >>> 24;
  run[at + 1] = length >>> 16;
  run[at + 2] = length >>> 8;
  run[at + 3] = length;
}

/** The frames of a run, as views. For tests and for what is not in a hurry; ends at the first record that is cut off. */
export function* framesOf(run: Uint8Array): Generator<Uint8Array, void, void> {
  for (let at = 0; at + RECORD_HEAD <= run.length; ) {
    const end = at + RECORD_HEAD + recordLength(run, at);
    if (end > run.length) return;
    yield run.subarray(at + RECORD_HEAD, end);
    at = end;
  }
}

/** One run of these frames, copied. */
export function runOf(frames: readonly Uint8Array[]): Uint8Array {
  const run = new Uint8Array(frames.reduce((sum, frame) => sum + RECORD_HEAD + frame.length, 0));
  let at = 0;
  for (const frame of frames) {
    writeRecordHead(run, at, frame.length);
    run.set(frame, at + RECORD_HEAD);
    at += RECORD_HEAD + frame.length;
  }
  return run;
}
