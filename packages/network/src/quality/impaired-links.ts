// All bad links of a switch: which there are, what each does to a frame, and the frames under way. The owner asks `has` on
// its fast path, offers frames of links that are there, and calls `release` when `nextDueUs` has come. One timer serves all.
import type { LinkQuality } from "@mimic/model";
import type { Chance } from "./chance.ts";
import { DelayLine } from "./delay-line.ts";
import { isPerfect, isSameQuality, LinkEngine, makeVerdict } from "./link-engine.ts";

export interface ImpairedLinksOptions {
  readonly chance: Chance;
  /**
   * A frame comes out at the far end of link `link`. Called within `offer` when the frame need not wait, else within `release`;
   * the bytes are valid only during the call.
   */
  readonly deliver: (link: number, frame: Uint8Array) => void;
  /** Memory for all frames under way. */
  readonly maxBytes?: number;
}

export class ImpairedLinks {
  readonly #chance: Chance;
  readonly #deliver: (link: number, frame: Uint8Array) => void;
  readonly #engines = new Map<number, LinkEngine>();
  readonly #line: DelayLine;
  readonly #verdict = makeVerdict();

  constructor(options: ImpairedLinksOptions) {
    this.#chance = options.chance;
    this.#deliver = options.deliver;
    this.#line = new DelayLine({ maxBytes: options.maxBytes ?? 128 * 1024 ** 2 });
  }

  /** Links are small numbers of the owner's choice, one per port and direction. A perfect link is none. */
  set(link: number, quality: LinkQuality, nowUs: number): void {
    const engine = this.#engines.get(link);
    if (engine === undefined) {
      if (!isPerfect(quality)) this.#engines.set(link, new LinkEngine(quality, this.#chance));
      return;
    }
    // Told again what it is already (a plan that is applied anew): what is under way goes on undisturbed.
    if (isSameQuality(engine.quality, quality)) return;
    this.#line.hasten(link, engine.change(quality, nowUs));
    // A link that became perfect stays until it is empty, so that nobody overtakes what is under way.
    if (isPerfect(quality) && this.#line.heldBytes(link) === 0) this.#engines.delete(link);
  }

  /** Whether frames of the link have to be offered. */
  has(link: number): boolean {
    return this.#engines.has(link);
  }

  /** The port is gone, and with it what was under way to it. Answers how many frames that were. */
  remove(link: number): number {
    this.#engines.delete(link);
    return this.#line.drop(link);
  }

  /** The frame is delivered now, later, twice, or never: then the answer says why. Its bytes may be used again afterwards. */
  offer(link: number, frame: Uint8Array, nowUs: number): "linkLoss" | "linkQueueFull" | undefined {
    const engine = this.#engines.get(link);
    if (engine === undefined) {
      this.#deliver(link, frame);
      return undefined;
    }
    const verdict = this.#verdict;
    engine.decide(frame.length, this.#line.heldBytes(link), nowUs, verdict);
    if (verdict.drop !== undefined) return verdict.drop;
    const { dueUs, isCorrupted } = verdict;
    const copies = verdict.isDuplicated ? 2 : 1;
    if (dueUs <= nowUs && this.#line.heldBytes(link) === 0) {
      const out = isCorrupted ? frame.slice() : frame;
      if (isCorrupted) turnOneBit(out, this.#chance);
      for (let i = 0; i < copies; i++) this.#deliver(link, out);
      return undefined;
    }
    if (!this.#line.mayTake(link, frame.length * copies)) return "linkQueueFull";
    const change = isCorrupted ? (copy: Uint8Array) => turnOneBit(copy, this.#chance) : undefined;
    for (let i = 0; i < copies; i++) this.#line.add(link, frame, dueUs, change);
    return undefined;
  }

  /** When `release` has something to do; Infinity = nothing is under way. */
  get nextDueUs(): number {
    return this.#line.nextDueUs;
  }
  get framesUnderWay(): number {
    return this.#line.frames;
  }
  get usedBytes(): number {
    return this.#line.usedBytes;
  }

  /** Delivers what is due; answers how many frames. */
  release(nowUs: number): number {
    return this.#line.release(nowUs, (link, frame) => {
      this.#deliver(link, frame);
      const engine = this.#engines.get(link);
      if (engine !== undefined && this.#line.heldBytes(link) === 0 && isPerfect(engine.quality)) this.#engines.delete(link);
    });
  }
}

/**
 * One bit behind the Ethernet header. In the header it would be a lie: real cards drop such frames by their checksum, and a
 * bad link must never carry a frame into another VLAN or to another address.
 */
export function turnOneBit(frame: Uint8Array, chance: Chance): void {
  let start = 12;
  while (isTagAt(frame, start)) start += 4;
  start += 2;
  const bits = (frame.length - start) * 8;
  if (bits <= 0) return;
  const bit = Math.floor(chance() * bits);
  const at = start + (bit >> 3);
  frame[at] = (frame[at] as number) ^ (1 << (bit & 7));
}

function isTagAt(frame: Uint8Array, at: number): boolean {
  const type = ((frame[at] as number) << 8) | (frame[at + 1] as number);
  return type === 0x8100 || type === 0x88a8 || (type >= 0x9100 && type <= 0x9300 && (type & 0xff) === 0);
}
