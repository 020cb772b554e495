// The transmission control block: all that a connection knows (RFC 9293 §3.3.1), and what its owner asks of it. What a
// segment does to it is in arrive.ts, what it sends in transmit.ts.
import type { IpAddress } from "../address.ts";
import type { Memory } from "../memory.ts";
import { Ring } from "../ring.ts";
import type { RunWriter } from "../run-writer.ts";
import type { Timed, TimerQueue } from "../timer-queue.ts";
import { Congestion } from "./congestion.ts";
import { Flow } from "./flow-table.ts";
import { Reassembly } from "./reassembly.ts";
import { RoundTrip } from "./round-trip.ts";
import { Scoreboard } from "./scoreboard.ts";
import { distance, isAfter, isBefore } from "./sequence.ts";
import type { TcpClosing, TcpConnection, TcpEvents, TcpFacts } from "./tcp-connection.ts";
import type { Template } from "./template.ts";

/** RFC 9293 §3.3.2; TIME-WAIT is a small thing of its own (time-wait.ts). */
export const STATE = {
  synSent: 0,
  synReceived: 1,
  established: 2,
  finWait1: 3,
  finWait2: 4,
  closeWait: 5,
  closing: 6,
  lastAck: 7,
  closed: 8,
} as const;
/** DupThresh of RFC 5681 and RFC 6675. */
export const LOSS_THRESHOLD = 3;
const STATE_NAMES = Object.keys(STATE);

/** What a connection needs of its endpoint. */
export interface TcpHost {
  /** Of this batch. */
  readonly nowMs: number;
  readonly memory: Memory;
  readonly writer: RunWriter;
  readonly timers: TimerQueue;
  readonly limits: TcpLimits;
  readonly counters: TcpCounters;
  /** A timer of the connection has run out. */
  due(tcb: Tcb, nowMs: number): void;
  /** The connection is to be looked at when this batch ends, or soon. */
  touch(tcb: Tcb): void;
  /** A SYN or a SYN with ACK, with options. */
  sendSyn(tcb: Tcb): void;
  /** A segment without options, for what is not in a hurry. */
  sendBare(tcb: Tcb, flags: number, sequence: number, acknowledgement: number): void;
  /** It is closed: out of the table; `linger`: its addresses and ports rest in TIME-WAIT. */
  retire(tcb: Tcb, linger: boolean): void;
}

export interface TcpLimits {
  /** Largest receive window and largest queue of what was written, of one connection. */
  readonly mostReceiveBytes: number;
  readonly mostSendBytes: number;
  readonly timeWaitMs: number;
}

export interface TcpCounters {
  segmentsIn: number;
  segmentsOut: number;
  resent: number;
  timeouts: number;
  badChecksums: number;
  challenges: number;
  outOfMemory: number;
  synDropped: number;
  halfOpenEvicted: number;
  /** Connections whose segments were made smaller, since a router said so. */
  pathShrunk: number;
}

const FIRST_RECEIVE_BYTES = 1 << 17;
const FIRST_SEND_BYTES = 1 << 18;
/** May be written beyond what counts as full: a reader of a host's socket cannot know before how much comes. */
const SEND_SLACK = 1 << 17;

export class Tcb extends Flow implements TcpConnection, Timed {
  readonly host: TcpHost;
  events: TcpEvents = {};
  state: number = STATE.synSent;
  /** Opened by the peer. */
  isPassive = false;

  // Sending: what is unacknowledged stands at the front of the ring.
  readonly sending: Ring;
  iss = 0;
  una = 0;
  nxt = 0;
  window = 0;
  windowSequence = 0;
  windowAcknowledgement = 0;
  largestWindow = 0;
  windowShift = 0;
  mss = 536;
  isEndWanted = false;
  isResetWanted = false;
  /** The sequence number of our FIN, once it was sent. */
  finSequence: number | undefined;
  sendLimit = FIRST_SEND_BYTES;
  wasFull = false;

  // Receiving.
  readonly receiving: Ring;
  readonly reassembly = new Reassembly();
  irs = 0;
  received = 0;
  /** The right edge that the peer knows of. */
  edge = 0;
  receiveShift = 0;
  receiveLimit = FIRST_RECEIVE_BYTES;
  hasEnded = false;
  /** A FIN behind a gap. */
  endAt: number | undefined;
  measureFromMs = 0;
  measuredBytes = 0;

  // Options.
  hasSack = false;
  hasTimestamps = false;
  timestampOffset = 0;
  peerTimestamp = 0;
  peerTimestampMs = 0;
  lastAckSent = 0;

  // Loss and congestion.
  readonly scoreboard = new Scoreboard();
  congestion: Congestion = new Congestion(536);
  readonly roundTrip = new RoundTrip();
  isRecovering = false;
  isTimeoutRecovery = false;
  recoverAt = 0;
  duplicateAcks = 0;
  /** `nxt` when the first lost segment was sent again. */
  resentAtNxt = 0;
  timedSequence: number | undefined;
  timedAtMs = 0;
  /** When the timeout itself is over, where `resendAtMs` is a probe's. */
  timeoutAtMs = Infinity;
  isWindowLimited = false;
  /** Segments held above a hole before it counts as lost; more on ways that reorder. */
  lossThreshold = LOSS_THRESHOLD;
  /** What was sent again before this had not shown that it was lost; undefined = nothing was. */
  blindBefore: number | undefined;
  spurious = 0;
  /** The first lost segment is sent again whatever the window says. */
  mustResend = false;
  lastSentMs = 0;

  // Acknowledging.
  ackWanted = 0;
  unacknowledgedBytes = 0;
  quickAcks = 16;

  // Timers: Infinity = not running.
  resendAtMs = Infinity;
  ackAtMs = Infinity;
  aliveAtMs = Infinity;
  firstUnansweredMs = 0;
  probes = 0;
  tailProbed = false;
  keepAliveMs = 0;
  userTimeoutMs = 120_000;
  challengesLeft = 10;
  challengesFromMs = 0;
  lastHeardMs = 0;

  // The host's own.
  template: Template | undefined;
  isTouched = false;
  isReadableDue = false;
  isWritableDue = false;
  isOpenedDue = false;
  closing: TcpClosing | undefined;
  isClosedTold = false;
  segmentsResent = 0;
  timeouts = 0;

  dueMs = Infinity;
  heapAt = -1;
  heapMs = 0;

  constructor(host: TcpHost, flow: { local: IpAddress; localPort: number; remote: IpAddress; remotePort: number }) {
    super(flow.local, flow.localPort, flow.remote, flow.remotePort);
    this.host = host;
    this.sending = new Ring(host.memory);
    this.receiving = new Ring(host.memory);
  }

  onDue(nowMs: number): void {
    this.dueMs = Infinity;
    this.host.due(this, nowMs);
    this.schedule();
  }

  /** The timers have changed. */
  schedule(): void {
    this.dueMs = Math.min(this.resendAtMs, this.ackAtMs, this.aliveAtMs);
    this.host.timers.update(this);
  }

  get isClosed(): boolean {
    return this.state === STATE.closed;
  }

  get isSynchronized(): boolean {
    return this.state >= STATE.established && this.state < STATE.closed;
  }

  /** Bytes on the way, our FIN included. */
  get flight(): number {
    return distance(this.una, this.nxt);
  }

  get queuedBytes(): number {
    return this.sending.length;
  }

  get room(): number {
    return this.isClosed || this.isEndWanted ? 0 : this.sendLimit - this.sending.length;
  }

  write(bytes: Uint8Array): number {
    if (this.isClosed || this.isEndWanted) return 0;
    const length = Math.min(bytes.length, this.sendLimit + SEND_SLACK - this.sending.length);
    if (length <= 0) return 0;
    if (!this.sending.write(bytes, 0, length)) {
      this.host.counters.outOfMemory++;
      return 0;
    }
    if (this.sending.length >= this.sendLimit) this.wasFull = true;
    if (this.isSynchronized) this.host.touch(this);
    return length;
  }

  end(): void {
    if (this.isClosed || this.isEndWanted) return;
    this.isEndWanted = true;
    if (this.isSynchronized) this.host.touch(this);
  }

  reset(): void {
    if (this.isClosed) return;
    if (this.state !== STATE.synSent) this.host.sendBare(this, RST_ACK, this.nxt, this.received);
    this.close("reset", false);
    this.isClosedTold = true;
  }

  resetWhenSent(): void {
    if (this.sending.length === 0 || !this.isSynchronized) {
      this.reset();
      return;
    }
    this.isResetWanted = true;
    this.host.touch(this);
  }

  get readableBytes(): number {
    return this.receiving.length;
  }

  read(offset = 0): Uint8Array {
    return this.receiving.view(offset);
  }

  consume(length: number): void {
    if (length <= 0) return;
    this.receiving.consume(Math.min(length, this.receiving.length));
    this.measuredBytes += length;
    if (this.isClosed) {
      if (this.receiving.length === 0) this.receiving.release();
      return;
    }
    growReceiveLimit(this);
    if (isWindowNews(this)) {
      this.ackWanted = Math.max(this.ackWanted, 1);
      this.host.touch(this);
    }
  }

  /** Idempotent; the owner hears of it when the batch ends. */
  close(why: TcpClosing, linger: boolean): void {
    if (this.isClosed) return;
    this.state = STATE.closed;
    this.closing = why;
    this.resendAtMs = this.ackAtMs = this.aliveAtMs = this.dueMs = Infinity;
    this.host.timers.remove(this);
    this.sending.release();
    if (this.receiving.length === 0) this.receiving.release();
    this.host.retire(this, linger);
    this.host.touch(this);
  }

  facts(): TcpFacts {
    return {
      state: STATE_NAMES[this.state] ?? "",
      roundTripMs: this.roundTrip.smoothedMs,
      congestionWindow: this.congestion.window,
      segmentsResent: this.segmentsResent,
      timeouts: this.timeouts,
    };
  }
}

const RST_ACK = 0x14;

/** Room for more, not counting what the peer already knows of. The window never shrinks (RFC 9293 §3.8.6.2.1). */
export function windowEdge(tcb: Tcb): number {
  const free = tcb.receiveLimit - tcb.receiving.length;
  const wanted = (tcb.received + Math.max(0, free)) | 0;
  return isAfter(wanted, tcb.edge) ? wanted : tcb.edge;
}

/** Worth a segment of its own (RFC 9293 §3.8.6.2.2): two segments or a third of all more, or the window was nearly shut. */
function isWindowNews(tcb: Tcb): boolean {
  if (tcb.hasEnded) return false;
  const known = distance(tcb.received, tcb.edge);
  const more = distance(tcb.edge, windowEdge(tcb));
  return more >= tcb.receiveLimit / 3 || (known < 2 * tcb.mss && more >= Math.min(tcb.mss, tcb.receiveLimit / 2));
}

/** Reads its owner as fast as the window allows? Then the window was too small: what is read in one round trip, twice. */
function growReceiveLimit(tcb: Tcb): void {
  const { nowMs, limits, memory } = tcb.host;
  const round = Math.max(tcb.roundTrip.smoothedMs ?? 0, 1);
  if (nowMs - tcb.measureFromMs < round) return;
  if (nowMs - tcb.measureFromMs < 4 * round && 2 * tcb.measuredBytes > tcb.receiveLimit && !memory.isTight) {
    tcb.receiveLimit = Math.min(limits.mostReceiveBytes, 2 * tcb.measuredBytes);
  }
  tcb.measureFromMs = nowMs;
  tcb.measuredBytes = 0;
}

export const isInWindow = (tcb: Tcb, sequence: number): boolean => !isBefore(sequence, tcb.received) && isBefore(sequence, tcb.edge);
