// Opaque, prefixed, sortable ids. People use names; storage and events use ids.
import type { Clock, Random } from "./ports.ts";

declare const brand: unique symbol;
export type Branded<T, B extends string> = T & { readonly [brand]: B };

export type MachineId = Branded<string, "MachineId">; // mch_…
export type DiskId = Branded<string, "DiskId">; // dsk_…
export type JobId = Branded<string, "JobId">; // job_…
export type TrashId = Branded<string, "TrashId">; // trs_…
/** sha256 of an image's bytes, lower-case hex: an image *is* its content. */
export type ImageDigest = Branded<string, "ImageDigest">;

const CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";

/** Makes ids of one process: 48 bits of time, 80 of chance, ULID order, never going back when the clock does. */
export class IdMaker {
  #lastMs = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  make<B extends string>(
    prefix: "mch" | "dsk" | "job" | "trs" | "jnl" | "req" | "net" | "nic" | "prt" | "rul" | "fwd" | "mom" | "tpl" | "usb" | "lay" | "sto",
  ): Branded<string, B> {
    this.#lastMs = Math.max(this.#lastMs + 1, this.#clock.nowMs());
    let time = this.#lastMs;
    let body = "";
    for (let i = 0; i < 10; i++) {
      body = CROCKFORD[time % 32] + body;
      time = Math.floor(time / 32);
    }
    for (const byte of this.#random.bytes(16)) body += CROCKFORD[byte & 31];
    return `${prefix}_${body}` as Branded<string, B>;
  }
}
