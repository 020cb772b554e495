// Dropping: counted at the port, remembered for “why?”, shown to captures that want it.
import type { DropNote, DropReason } from "@mimic/model";
import { DropLog } from "./drop-log.ts";
import { lengthAt, RECORD_HEAD } from "./ports.ts";
import type { SwitchPort } from "./switch-port.ts";

const NOTES = 512;
/** A stopped guest may lose thousands in one go: the first few say it. */
const NOTES_PER_RUN = 4;

export class Drops {
  readonly #log = new DropLog(NOTES);
  readonly #wallMs: () => number;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  read(port?: string): readonly DropNote[] {
    return this.#log.read(port);
  }

  /** The frame `bytes[at, at + length)`. */
  one(
    port: SwitchPort,
    reason: DropReason,
    bytes: Uint8Array,
    at: number,
    length: number,
    of: { vlan: number; rule?: string | undefined },
  ): void {
    port.tally.drop(reason, 1);
    this.#note(port, reason, bytes, at, length, of);
  }

  /** All frames of a run. */
  run(port: SwitchPort, reason: DropReason, bytes: Uint8Array, from: number, to: number, vlan: number): void {
    let frames = 0;
    for (let at = from; at < to; frames++) {
      const length = lengthAt(bytes, at);
      if (frames < NOTES_PER_RUN || port.taps.length > 0) this.#note(port, reason, bytes, at + RECORD_HEAD, length, { vlan });
      at += RECORD_HEAD + length;
    }
    port.tally.drop(reason, frames);
  }

  #note(
    port: SwitchPort,
    reason: DropReason,
    bytes: Uint8Array,
    at: number,
    length: number,
    of: { vlan: number; rule?: string | undefined },
  ): void {
    this.#log.note({ atMs: this.#wallMs(), port: port.id, reason, rule: of.rule }, bytes, at, length);
    for (const tap of port.taps) tap.dropped?.(port, of.vlan, bytes, at, length, reason);
  }
}
