// All TCP connections of an endpoint: finds whose a segment is, keeps those that are being opened and those that rest, and
// answers what belongs to nobody (RFC 9293 §3.10.7.1).
import type { IpAddress } from "../address.ts";
import type { Memory } from "../memory.ts";
import type { RunWriter } from "../run-writer.ts";
import type { TimerQueue } from "../timer-queue.ts";
import { arrive, OUR_SHIFT, readSyn } from "./arrive.ts";
import { ControlSegments } from "./control-segments.ts";
import { FlowKey, FlowTable } from "./flow-table.ts";
import { Opening, type OpeningHost, synOf, type TcpOpening, type TcpRefusal } from "./opening.ts";
import { Openings } from "./openings.ts";
import { shrinkToPath, type TooBig } from "./path-mtu.ts";
import { ACK, FIN, RST, Segment, SYN } from "./segment.ts";
import { STATE, Tcb, type TcpCounters, type TcpHost, type TcpLimits } from "./tcb.ts";
import type { TcpConnection, TcpEvents } from "./tcp-connection.ts";
import { type Ends, type Link, makeTemplate } from "./template.ts";
import { TimeWait, TimeWaits } from "./time-wait.ts";
import { due } from "./timeouts.ts";
import { transmit } from "./transmit.ts";

export interface StackLimits extends TcpLimits {
  /** Wishes that nobody has answered yet; and connections whose peer has not finished the handshake. */
  readonly mostOpenings: number;
  readonly mostHalfOpen: number;
  readonly mostConnections: number;
  readonly mostTimeWaits: number;
}

export const DEFAULT_LIMITS: StackLimits = {
  mostReceiveBytes: 4 << 20,
  mostSendBytes: 4 << 20,
  timeWaitMs: 60_000,
  mostOpenings: 2048,
  mostHalfOpen: 1024,
  mostConnections: 65_536,
  mostTimeWaits: 32_768,
};

export interface StackSurroundings {
  readonly memory: Memory;
  readonly writer: RunWriter;
  readonly timers: TimerQueue;
  readonly link: Link;
  readonly limits: StackLimits;
  /** 32 random bits. */
  random(): number;
  nowMs(): number;
  /** Something began that ends by time: look after it from time to time (`expire`). */
  keepHouse(): void;
  /** A batch is to be ended soon, since something outside of one happened. */
  wake(): void;
  send(ends: { source: IpAddress; destination: IpAddress }, protocol: number, payload: Uint8Array, mac: Uint8Array): void;
  /** An ICMP error to `mac` about a packet (its start). */
  complain(packet: Uint8Array, about: Exclude<TcpRefusal, "refused" | "silence">, mac: Uint8Array): void;
  /** Finds a neighbour's MAC; undefined = it does not answer. May call at once. */
  resolve(address: IpAddress, found: (mac: Uint8Array | undefined) => void): void;
}

export class TcpStack implements TcpHost, OpeningHost {
  readonly memory: Memory;
  readonly writer: RunWriter;
  readonly timers: TimerQueue;
  readonly limits: StackLimits;
  readonly counters: TcpCounters = {
    segmentsIn: 0,
    segmentsOut: 0,
    resent: 0,
    timeouts: 0,
    badChecksums: 0,
    challenges: 0,
    outOfMemory: 0,
    synDropped: 0,
    halfOpenEvicted: 0,
    pathShrunk: 0,
  };
  readonly segment = new Segment();
  /** Who decides on a peer's wish; without, every one is refused. */
  onOpening: ((opening: TcpOpening) => void) | undefined;
  readonly #around: StackSurroundings;
  readonly #table: FlowTable;
  readonly #openings: Openings;
  readonly #control: ControlSegments;
  readonly #halfOpen = new Set<Tcb>();
  readonly #timeWaits: TimeWaits;
  readonly #key = new FlowKey();
  #touched: Tcb[] = [];
  #connections = 0;

  constructor(around: StackSurroundings) {
    this.#around = around;
    this.memory = around.memory;
    this.writer = around.writer;
    this.timers = around.timers;
    this.limits = around.limits;
    this.#openings = new Openings(around.limits.mostOpenings);
    this.#control = new ControlSegments({
      counters: this.counters,
      link: around.link,
      nowMs: () => this.nowMs,
      send: (ends, protocol, payload, mac) => around.send(ends, protocol, payload, mac),
    });
    this.#table = new FlowTable(around.random());
    this.#timeWaits = new TimeWaits(around.limits.mostTimeWaits, (flow) => this.#table.remove(flow));
  }

  get nowMs(): number {
    return this.#around.nowMs();
  }

  get size(): { connections: number; openings: number; halfOpen: number; timeWaits: number } {
    return {
      connections: this.#connections,
      openings: this.#openings.size,
      halfOpen: this.#halfOpen.size,
      timeWaits: this.#timeWaits.size,
    };
  }

  *connections(): Generator<TcpConnection, void, void> {
    for (const flow of this.#table) if (flow instanceof Tcb) yield flow;
  }

  knows(key: FlowKey): boolean {
    return this.#table.find(key) !== undefined;
  }

  /** True when the segment belonged to something that is known. The segment was read, and its checksum is right. */
  arrive(key: FlowKey): boolean {
    const { segment } = this;
    const flow = this.#table.find(key);
    if (flow === undefined) return false;
    this.counters.segmentsIn++;
    if (flow instanceof Tcb) arrive(flow, segment);
    else if (flow instanceof Opening) this.#arriveOpening(flow);
    else if (flow instanceof TimeWait) return this.#arriveTimeWait(flow);
    return true;
  }

  /** A router could not pass on a segment of this connection. Answers whether that was believed. */
  tooBig(key: FlowKey, message: TooBig): boolean {
    const flow = this.#table.find(key);
    const isBelieved = flow instanceof Tcb && shrinkToPath(flow, message);
    if (isBelieved) this.counters.pathShrunk++;
    return isBelieved;
  }

  /** A segment that belongs to nothing: a wish, or a mistake. `packet`: its start, for ICMP. */
  arriveStray(ends: Ends, mac: Uint8Array, packet: Uint8Array): void {
    const { segment } = this;
    this.counters.segmentsIn++;
    if (segment.flags & RST) return;
    if ((segment.flags & (SYN | ACK | FIN)) !== SYN || this.onOpening === undefined) {
      this.#control.refuse(segment, ends, mac);
      return;
    }
    if (this.#openings.isFullFor(mac) || this.#connections >= this.limits.mostConnections) {
      this.counters.synDropped++;
      return;
    }
    const opening = new Opening(this, ends, { mac: mac.slice(), segment, nowMs: this.nowMs, packet: packet.slice(0, 128) });
    this.#openings.add(opening);
    this.#table.add(opening);
    this.#around.keepHouse();
    this.onOpening(opening);
  }

  #arriveOpening(opening: Opening): void {
    const { segment } = this;
    if (segment.flags & RST) {
      if (segment.sequence === ((opening.syn.sequence + 1) | 0) || segment.sequence === opening.syn.sequence) this.#abandon(opening);
    } else if ((segment.flags & (SYN | ACK)) === SYN) opening.syn = synOf(segment);
  }

  #arriveTimeWait(rest: TimeWait): boolean {
    const { segment } = this;
    // RFC 1337: a reset does not end the rest.
    if (segment.flags & RST) return true;
    if ((segment.flags & (SYN | ACK)) === SYN && rest.maySucceed(segment)) {
      rest.isGone = true;
      this.#table.remove(rest);
      return false;
    }
    if (segment.span === 0) return true;
    this.#control.sendRest(rest);
    return true;
  }

  #abandon(opening: Opening): void {
    this.#openings.settle(opening);
    this.#table.remove(opening);
    opening.onAbandoned?.();
  }

  accepted(opening: Opening, events: TcpEvents): TcpConnection {
    const tcb = new Tcb(this, opening);
    tcb.events = events;
    if (opening.isSettled) {
      // Its peer went away meanwhile; the owner learns it as of any connection.
      tcb.close("reset", false);
      return tcb;
    }
    this.#openings.settle(opening);
    this.#table.remove(opening);
    tcb.isPassive = true;
    tcb.state = STATE.synReceived;
    tcb.mss = this.#control.mssFor(opening.local);
    readSyn(tcb, opening.syn);
    tcb.window = opening.syn.window;
    this.#begin(tcb, opening.mac);
    this.#addHalfOpen(tcb);
    this.sendSyn(tcb);
    this.#around.wake();
    return tcb;
  }

  refused(opening: Opening, how: TcpRefusal): void {
    this.#openings.settle(opening);
    this.#table.remove(opening);
    if (how === "refused") {
      this.#control.send(opening, opening.mac, {
        flags: RST | ACK,
        sequence: 0,
        acknowledgement: (opening.syn.sequence + 1) | 0,
        window: 0,
      });
    } else if (how !== "silence") this.#around.complain(opening.packet, how, opening.mac);
    this.#around.wake();
  }

  /** Opens a connection to a peer on the link; undefined when these ports are in use. */
  tryConnect(ends: Ends, events: TcpEvents): TcpConnection | undefined {
    if (this.#table.find(this.#key.set(ends.local, ends.localPort, ends.remote, ends.remotePort))) return undefined;
    const tcb = new Tcb(this, ends);
    tcb.events = events;
    this.#table.add(tcb);
    this.#connections++;
    this.#around.resolve(ends.remote, (mac) => {
      if (tcb.isClosed) return;
      if (mac === undefined) {
        tcb.close("unreachable", false);
        return;
      }
      tcb.mss = this.#control.mssFor(ends.local);
      tcb.receiveShift = OUR_SHIFT;
      this.#start(tcb, mac);
      this.sendSyn(tcb);
      this.#around.wake();
    });
    return tcb;
  }

  #begin(tcb: Tcb, mac: Uint8Array): void {
    this.#table.add(tcb);
    this.#connections++;
    this.#start(tcb, mac);
  }

  #start(tcb: Tcb, mac: Uint8Array): void {
    tcb.iss = this.#around.random();
    tcb.una = tcb.iss;
    tcb.nxt = (tcb.iss + 1) | 0;
    tcb.timestampOffset = this.#around.random();
    tcb.timedAtMs = this.nowMs;
    tcb.template = makeTemplate(this.#around.link, mac, tcb);
  }

  /** The oldest half-open connection gives way: a true peer answers long before a flood has gone all the way round. */
  #addHalfOpen(tcb: Tcb): void {
    if (this.#halfOpen.size >= this.limits.mostHalfOpen) {
      for (const oldest of this.#halfOpen) {
        this.counters.halfOpenEvicted++;
        oldest.close("timeout", false);
        break;
      }
    }
    this.#halfOpen.add(tcb);
  }

  /** Looks after what has been touched since the last time; the owners' calls may touch more. */
  settle(): void {
    if (this.#touched.length === 0) return;
    const touched = this.#touched;
    for (let i = 0; i < touched.length; i++) tell(touched[i] as Tcb, this.#halfOpen);
    for (const tcb of touched) {
      tcb.isTouched = false;
      transmit(tcb);
    }
    touched.length = 0;
  }

  get hasTouched(): boolean {
    return this.#touched.length > 0;
  }

  /** Wishes and rests whose time has passed. */
  expire(): void {
    this.#timeWaits.expire(this.nowMs);
    for (const opening of this.#openings.expired(this.nowMs)) this.#abandon(opening);
  }

  closeAll(): void {
    for (const flow of [...this.#table]) {
      if (flow instanceof Tcb) flow.reset();
      else if (flow instanceof Opening) this.#abandon(flow);
    }
  }

  // What connections ask of us.

  due(tcb: Tcb, nowMs: number): void {
    due(tcb, nowMs);
  }

  touch(tcb: Tcb): void {
    if (tcb.isTouched) return;
    tcb.isTouched = true;
    this.#touched.push(tcb);
    this.#around.wake();
  }

  retire(tcb: Tcb, linger: boolean): void {
    this.#table.remove(tcb);
    this.#halfOpen.delete(tcb);
    this.#connections--;
    if (!linger) return;
    const rest = new TimeWait(tcb, this.nowMs + this.limits.timeWaitMs);
    this.#table.add(rest);
    this.#timeWaits.add(rest);
    this.#around.keepHouse();
  }

  sendSyn(tcb: Tcb): void {
    this.#control.sendSyn(tcb);
    if (tcb.resendAtMs === Infinity) tcb.resendAtMs = this.nowMs + tcb.roundTrip.timeoutMs;
    tcb.schedule();
  }

  sendBare(tcb: Tcb, flags: number, sequence: number, acknowledgement: number): void {
    if (tcb.template === undefined) return;
    this.#control.send(tcb, tcb.template.bytes.subarray(0, 6), { flags, sequence, acknowledgement, window: 0 });
    this.#around.wake();
  }
}

/** Tells a connection's owner what has happened to it. */
function tell(tcb: Tcb, halfOpen: Set<Tcb>): void {
  const { events } = tcb;
  if (tcb.isOpenedDue) {
    tcb.isOpenedDue = false;
    halfOpen.delete(tcb);
    events.opened?.();
  }
  if (tcb.isReadableDue) {
    tcb.isReadableDue = false;
    events.readable?.();
  }
  if (tcb.isWritableDue) {
    tcb.isWritableDue = false;
    events.writable?.();
  }
  if (tcb.closing !== undefined && !tcb.isClosedTold) {
    tcb.isClosedTold = true;
    events.closed?.(tcb.closing);
  }
}
