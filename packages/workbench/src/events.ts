// The story of everything, in order. A bounded ring: whoever comes too late is told so.
import { Channel, type Clock, onAbort } from "@mimic/base";
import type { Event, Fact, StreamLagged } from "@mimic/model";

const HELD = 4096;
const UNREAD_LIMIT = 1024;

export class EventLog {
  readonly #clock: Clock;
  readonly #held: Event[] = [];
  readonly #readers = new Set<Channel<Event>>();
  readonly #beganAt: number;
  #seq: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    // Begins above anything an earlier daemon can have given out, so that a resume across a restart is seen as lagged.
    this.#beganAt = clock.nowMs() * 1000;
    this.#seq = this.#beganAt;
  }

  get seq(): number {
    return this.#seq;
  }

  publish(fact: Fact): void {
    const event: Event = { seq: ++this.#seq, at: new Date(this.#clock.nowMs()).toISOString(), fact };
    this.#held.push(event);
    if (this.#held.length > HELD) this.#held.shift();
    for (const reader of this.#readers) reader.push(event);
  }

  async *subscribe({
    afterSeq,
    signal,
  }: {
    afterSeq?: number | undefined;
    signal: AbortSignal;
  }): AsyncGenerator<Event | StreamLagged, void, void> {
    using channel = new Channel<Event>(UNREAD_LIMIT);
    this.#readers.add(channel);
    using _ = onAbort(signal, () => channel.close());
    try {
      if (afterSeq !== undefined && afterSeq !== this.#seq) yield* this.#since(afterSeq);
      for await (const item of channel) {
        if ("kind" in item) yield { kind: "stream.lagged", seq: this.#seq, dropped: item.dropped };
        else yield item;
      }
    } finally {
      this.#readers.delete(channel);
    }
  }

  /** What is held after `afterSeq`, taken before anything newer reaches the channel: no gap and no repeat. */
  #since(afterSeq: number): (Event | StreamLagged)[] {
    const first = this.#held[0]?.seq ?? this.#seq + 1;
    const isOurs = afterSeq >= this.#beganAt && afterSeq <= this.#seq;
    if (!isOurs) return [{ kind: "stream.lagged", seq: this.#seq, dropped: null }];
    if (afterSeq < first - 1) return [{ kind: "stream.lagged", seq: this.#seq, dropped: first - 1 - afterSeq }];
    return this.#held.slice(afterSeq - (first - 1));
  }
}
