// A running machine's load over the last minutes. Sampled often only while somebody looks.
import type { Clock } from "@mimic/base";
import type { LoadSample } from "@mimic/model";
import type { RunningMachine } from "../ports/index.ts";

const KEPT = 150;
const WATCHED_EVERY_MS = 2000;
const UNWATCHED_EVERY_MS = 15_000;
const COUNTS_AS_WATCHED_MS = 20_000;

export class LoadRecorder {
  readonly #clock: Clock;
  #samples: LoadSample[] = [];
  #lookedAtMono = Number.NEGATIVE_INFINITY;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  samples(running: RunningMachine | undefined): readonly LoadSample[] {
    const unwatched = !this.#watched();
    this.#lookedAtMono = this.#clock.monotonicMs();
    if (unwatched && running) this.#wake?.();
    return this.#samples;
  }

  /** Samples until the run ends. */
  async record(running: RunningMachine, signal: AbortSignal): Promise<void> {
    this.#samples = [];
    let before: { at: number; usage: Awaited<ReturnType<RunningMachine["usage"]>> } | undefined;
    while (!signal.aborted) {
      const usage = await running.usage({ signal }).catch(() => undefined);
      const at = this.#clock.monotonicMs();
      if (usage && before && at > before.at) {
        const ms = at - before.at;
        const perSecond = (now: number, then: number) => Math.max(0, Math.round(((now - then) * 1000) / ms));
        this.#samples.push({
          at: new Date(this.#clock.nowMs()).toISOString(),
          cpuCores: Math.max(0, (usage.cpuMs - before.usage.cpuMs) / ms),
          memoryBytes: usage.memoryBytes,
          diskReadBytesPerSecond: perSecond(usage.diskReadBytes, before.usage.diskReadBytes),
          diskWriteBytesPerSecond: perSecond(usage.diskWriteBytes, before.usage.diskWriteBytes),
        });
        if (this.#samples.length > KEPT) this.#samples.shift();
      }
      if (usage) before = { at, usage };
      await this.#pause(signal);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const rest = new AbortController();
    this.#wake = () => rest.abort();
    await this.#clock
      .sleep(this.#watched() ? WATCHED_EVERY_MS : UNWATCHED_EVERY_MS, { signal: AbortSignal.any([signal, rest.signal]) })
      .catch(() => {});
    this.#wake = undefined;
  }

  #watched(): boolean {
    return this.#clock.monotonicMs() - this.#lookedAtMono < COUNTS_AS_WATCHED_MS;
  }
}
