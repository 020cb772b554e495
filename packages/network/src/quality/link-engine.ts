// What one direction of a bad link does to a frame: pure, no clock, no frame bytes. In the order of a real path: the frame
// waits for its turn on the wire (rate, queue), is lost or not, travels (delay, jitter), arrives once or twice, perhaps
// with one bit turned, perhaps ahead of the ones before it.
import type { LinkQuality } from "@mimic/model";
import { type Chance, normal } from "./chance.ts";

/** Written by `decide`; one object is used again and again. Times are in µs on the caller's clock. */
export interface Verdict {
  drop: "linkLoss" | "linkQueueFull" | undefined;
  /** When the frame comes out at the other end; never before now. */
  dueUs: number;
  isDuplicated: boolean;
  /** One bit behind the Ethernet header turns over. */
  isCorrupted: boolean;
}

export const makeVerdict = (): Verdict => ({ drop: undefined, dueUs: 0, isDuplicated: false, isCorrupted: false });

/** What waits for its turn when nothing was said: a quarter of a second's worth, at least 64 KiB. */
const defaultQueueBytes = (bitsPerSecond: number): number => Math.min(64 * 1024 ** 2, Math.max(65_536, bitsPerSecond / 8 / 4));

/** Whether frames pass such a link untouched and at once. */
export function isPerfect(quality: LinkQuality): boolean {
  const { delayMs, jitterMs, loss, duplicate, reorder, corrupt, bitsPerSecond } = quality;
  const harms = (delayMs ?? 0) + (jitterMs ?? 0) + (loss ?? 0) + (duplicate ?? 0) + (reorder ?? 0) + (corrupt ?? 0);
  return harms === 0 && bitsPerSecond === undefined;
}

const MEMBERS = [
  "delayMs",
  "jitterMs",
  "loss",
  "duplicate",
  "reorder",
  "corrupt",
  "bitsPerSecond",
  "queueBytes",
] as const satisfies readonly (keyof LinkQuality)[];

export const isSameQuality = (a: LinkQuality, b: LinkQuality): boolean => MEMBERS.every((member) => a[member] === b[member]);

export class LinkEngine {
  #quality: LinkQuality;
  readonly #chance: Chance;
  /** When the wire has sent all that was given to it. */
  #wireFreeUs = 0;
  /** The latest due time so far: nobody who keeps order comes out before it. */
  #lastDueUs = 0;

  constructor(quality: LinkQuality, chance: Chance) {
    this.#quality = quality;
    this.#chance = chance;
  }

  get quality(): LinkQuality {
    return this.#quality;
  }

  /** Bytes that wait for their turn on the wire; 0 without a rate. */
  waitingBytes(nowUs: number): number {
    const rate = this.#quality.bitsPerSecond;
    // Whole bytes: a sum of fractions may come out a hair too long, and the last frame that fits would be refused.
    return rate === undefined ? 0 : Math.round((Math.max(0, this.#wireFreeUs - nowUs) * rate) / 8e6);
  }

  /**
   * `heldBytes`: what the link holds already; `queueBytes` bounds it where there is a delay and no rate. `chanceOfLoss` and
   * the other chances are independent of one another.
   */
  decide(frameBytes: number, heldBytes: number, nowUs: number, verdict: Verdict): void {
    const { delayMs, jitterMs, loss, duplicate, reorder, corrupt, bitsPerSecond, queueBytes } = this.#quality;
    verdict.drop = undefined;
    verdict.isDuplicated = false;
    verdict.isCorrupted = false;
    let sentUs = nowUs;
    if (bitsPerSecond !== undefined) {
      if (this.waitingBytes(nowUs) + frameBytes > (queueBytes ?? defaultQueueBytes(bitsPerSecond))) {
        verdict.drop = "linkQueueFull";
        return;
      }
      sentUs = Math.max(nowUs, this.#wireFreeUs) + (frameBytes * 8e6) / bitsPerSecond;
      this.#wireFreeUs = sentUs;
    } else if (queueBytes !== undefined && heldBytes + frameBytes > queueBytes) {
      verdict.drop = "linkQueueFull";
      return;
    }
    if (this.#happens(loss)) {
      verdict.drop = "linkLoss";
      return;
    }
    verdict.dueUs = this.#happens(reorder) ? sentUs : this.#inOrder(sentUs, delayMs ?? 0, jitterMs ?? 0);
    verdict.isDuplicated = this.#happens(duplicate);
    verdict.isCorrupted = this.#happens(corrupt);
  }

  #happens(probability: number | undefined): boolean {
    return probability !== undefined && probability > 0 && this.#chance() < probability;
  }

  #inOrder(sentUs: number, delayMs: number, jitterMs: number): number {
    const travelMs = jitterMs === 0 ? delayMs : Math.max(0, delayMs + jitterMs * normal(this.#chance));
    this.#lastDueUs = Math.max(this.#lastDueUs, sentUs + travelMs * 1000);
    return this.#lastDueUs;
  }

  /**
   * Changed while running. What waits for the wire is sent at the new rate. Answers the latest time at which a frame that is
   * under way may still come out, so that nobody waits out the delay of a link that is good again.
   */
  change(quality: LinkQuality, nowUs: number): number {
    const waiting = this.waitingBytes(nowUs);
    this.#quality = quality;
    this.#wireFreeUs = quality.bitsPerSecond === undefined ? nowUs : nowUs + (waiting * 8e6) / quality.bitsPerSecond;
    const latestUs = this.#wireFreeUs + (quality.delayMs ?? 0) * 1000;
    this.#lastDueUs = Math.min(this.#lastDueUs, latestUs);
    return latestUs;
  }
}
