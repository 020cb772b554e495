// TIME-WAIT (RFC 9293 §3.6.1): what is left of a connection that we ended first, so that late segments of it do not disturb a
// new one with the same ports, and so that the peer's FIN is acknowledged again. Small, and bounded: the oldest go first.
import type { Flow } from "./flow-table.ts";
import { Flow as FlowBase } from "./flow-table.ts";
import type { Segment } from "./segment.ts";
import { isAfter } from "./sequence.ts";
import type { Tcb } from "./tcb.ts";

export class TimeWait extends FlowBase {
  readonly nxt: number;
  readonly received: number;
  readonly hasTimestamps: boolean;
  readonly timestampOffset: number;
  readonly peerTimestamp: number;
  readonly mac: Uint8Array;
  readonly untilMs: number;
  isGone = false;

  constructor(tcb: Tcb, untilMs: number) {
    super(tcb.local, tcb.localPort, tcb.remote, tcb.remotePort);
    this.nxt = tcb.nxt;
    this.received = tcb.received;
    this.hasTimestamps = tcb.hasTimestamps;
    this.timestampOffset = tcb.timestampOffset;
    this.peerTimestamp = tcb.peerTimestamp;
    this.mac = tcb.template?.bytes.slice(0, 6) ?? new Uint8Array(6);
    this.untilMs = untilMs;
  }

  /** May this SYN begin a new connection already (RFC 1122 §4.2.2.13, RFC 6191)? */
  maySucceed(segment: Segment): boolean {
    if (this.hasTimestamps && segment.hasTimestamps && isAfter(segment.timestamp, this.peerTimestamp)) return true;
    return isAfter(segment.sequence, this.received);
  }
}

export class TimeWaits {
  readonly #most: number;
  readonly #remove: (flow: Flow) => void;
  /** In the order in which they end: all last equally long. */
  #queue: TimeWait[] = [];
  #first = 0;

  constructor(most: number, remove: (flow: Flow) => void) {
    this.#most = most;
    this.#remove = remove;
  }

  get size(): number {
    return this.#queue.length - this.#first;
  }

  add(rest: TimeWait): void {
    this.#queue.push(rest);
    if (this.size > this.#most) this.#drop();
  }

  /** Takes out those whose time has passed. */
  expire(nowMs: number): void {
    for (;;) {
      const rest = this.#queue[this.#first];
      if (rest === undefined || (rest.untilMs > nowMs && !rest.isGone)) return;
      this.#drop();
    }
  }

  #drop(): void {
    const rest = this.#queue[this.#first++];
    if (rest && !rest.isGone) this.#remove(rest);
    if (this.#first > 4096 && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
  }
}
