// The way out of a port, as the switch's hot path uses it: bytes with their bounds, so that no view has to be made, and the
// memory that they lie in, so that whoever cannot send at once may pin it in place of copying.
import type { FramePort } from "./ports.ts";
import type { RunMemory } from "./run-buffer.ts";

/** taken: on its way. crowded: taken, but whoever sends should wait a little if it can. full: dropped. */
export type Sent = "taken" | "crowded" | "full";

export interface Outlet {
  /** The records in `bytes[from, to)`. Without `memory` they must be copied to be kept. */
  send(bytes: Uint8Array, from: number, to: number, frames: number, memory: RunMemory | undefined): Sent;
  /** Whether it gathers what it gets and wants to be told that a batch is over. */
  readonly gathers: boolean;
  flush(): void;
  queuedBytes(): number;
  /** Calls once, when it is no longer crowded, or when waiting for it has lasted too long. */
  whenRelieved(then: () => void): void;
}

/** An internal port as an outlet: never crowded, it takes what it gets. */
export function outletOf(port: FramePort): Outlet {
  return {
    send(bytes, from, to, frames) {
      port.deliver(bytes.subarray(from, to), frames);
      return "taken";
    },
    gathers: true,
    flush: () => port.flush(),
    queuedBytes: () => 0,
    whenRelieved: (then) => then(),
  };
}
