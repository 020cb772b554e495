// A wire that does to frames what bad wires do: loses, delays, reorders, doubles and corrupts them, by chance that repeats.
// Between two ends in the page with virtual time, or between sockets with real time.

export interface WireQuality {
  /** Probabilities from 0 to 1. */
  readonly loss?: number;
  readonly duplication?: number;
  /** One bit is turned over, behind the Ethernet header: a wrong address there would make it somebody else's frame. */
  readonly corruption?: number;
  /** The frame overtakes nobody and is overtaken by others: it takes `jitterMs` longer. */
  readonly reordering?: number;
  readonly delayMs?: number;
  readonly jitterMs?: number;
}

export interface WireScheduler {
  monotonicMs(): number;
  start(ms: number, wake: () => void): { cancel(): void };
}

/** Mulberry32: small, and good enough to lose frames. */
export function seededChance(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}

interface OnTheWay {
  readonly atMs: number;
  readonly frame: Uint8Array;
}

/** One direction. Frames are copied in, and delivered in batches of those whose time has come. */
export class HostileWire {
  readonly counts = { frames: 0, lost: 0, doubled: 0, corrupted: 0, reordered: 0 };
  readonly #quality: WireQuality;
  readonly #chance: () => number;
  readonly #scheduler: WireScheduler;
  readonly #deliver: (frames: readonly Uint8Array[]) => void;
  /** In the order of their times. */
  #queue: OnTheWay[] = [];
  #timer: { readonly atMs: number; readonly timer: { cancel(): void } } | undefined;

  constructor(
    given: { readonly quality: WireQuality; readonly seed: number; readonly scheduler: WireScheduler },
    deliver: (frames: readonly Uint8Array[]) => void,
  ) {
    this.#quality = given.quality;
    this.#chance = seededChance(given.seed);
    this.#scheduler = given.scheduler;
    this.#deliver = deliver;
  }

  /** Records of a 4-byte length and a frame. */
  sendRun(run: Uint8Array): void {
    const view = new DataView(run.buffer, run.byteOffset, run.byteLength);
    for (let at = 0; at + 4 <= run.length; ) {
      const length = view.getUint32(at);
      this.send(run.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
  }

  send(frame: Uint8Array): void {
    const { loss = 0, duplication = 0, delayMs = 0, jitterMs = 0, reordering = 0 } = this.#quality;
    this.counts.frames++;
    if (this.#chance() < loss) {
      this.counts.lost++;
      return;
    }
    const isLate = this.#chance() < reordering;
    if (isLate) this.counts.reordered++;
    const atMs = this.#scheduler.monotonicMs() + delayMs + (isLate ? jitterMs * (0.2 + 0.8 * this.#chance()) : 0);
    this.#put({ atMs, frame: this.#copy(frame) });
    if (this.#chance() < duplication) {
      this.counts.doubled++;
      this.#put({ atMs: atMs + this.#chance() * jitterMs, frame: this.#copy(frame) });
    }
  }

  #copy(frame: Uint8Array): Uint8Array {
    // Not `slice`: of a Buffer that is a view, and its memory is read into again before the frame is delivered.
    const copy = new Uint8Array(frame);
    if (this.#chance() < (this.#quality.corruption ?? 0)) {
      this.counts.corrupted++;
      const bit = 14 * 8 + Math.floor(this.#chance() * (copy.length - 14) * 8);
      copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    }
    return copy;
  }

  #put(packet: OnTheWay): void {
    let at = this.#queue.length;
    while (at > 0 && (this.#queue[at - 1] as OnTheWay).atMs > packet.atMs) at--;
    if (at === this.#queue.length) this.#queue.push(packet);
    else this.#queue.splice(at, 0, packet);
    this.#arm();
  }

  #arm(): void {
    const first = this.#queue[0];
    if (first === undefined || (this.#timer && this.#timer.atMs <= first.atMs)) return;
    this.#timer?.timer.cancel();
    const timer = this.#scheduler.start(Math.max(0, first.atMs - this.#scheduler.monotonicMs()), () => this.#arrived());
    this.#timer = { atMs: first.atMs, timer };
  }

  #arrived(): void {
    this.#timer = undefined;
    const nowMs = this.#scheduler.monotonicMs();
    let count = 0;
    while (count < this.#queue.length && (this.#queue[count] as OnTheWay).atMs <= nowMs + 0.01) count++;
    const frames = this.#queue.slice(0, count).map(({ frame }) => frame);
    this.#queue = this.#queue.slice(count);
    if (frames.length > 0) this.#deliver(frames);
    this.#arm();
  }
}
