// Segments that are made one by one: the handshake, resets, and what an end that rests still answers. (Data goes out by
// transmit.ts, over a template that each connection has ready.)
import { IP_PROTOCOL, serializeTcp, type TcpOptions } from "@mimic/wire";
import type { IpAddress } from "../address.ts";
import type { Flow } from "./flow-table.ts";
import { ACK, RST, type Segment, SYN } from "./segment.ts";
import { STATE, type Tcb, type TcpCounters } from "./tcb.ts";
import type { Ends, Link } from "./template.ts";
import type { TimeWait } from "./time-wait.ts";

export interface ControlParts {
  readonly counters: TcpCounters;
  readonly link: Link;
  nowMs(): number;
  send(ends: { source: IpAddress; destination: IpAddress }, protocol: number, payload: Uint8Array, mac: Uint8Array): void;
}

export interface SegmentParts {
  readonly flags: number;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly window: number;
  readonly options?: TcpOptions;
}

export class ControlSegments {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  /** What fits into one segment on our link. */
  mssFor(local: IpAddress): number {
    return this.#parts.link.mtu - (local.version === 4 ? 40 : 60);
  }

  /** SYN, or SYN with ACK, with the options that both ends know. */
  sendSyn(tcb: Tcb): void {
    const isAnswer = tcb.state === STATE.synReceived;
    const options: TcpOptions = {
      mss: this.mssFor(tcb.local),
      ...(!isAnswer || tcb.hasSack ? { sackPermitted: true } : {}),
      ...(!isAnswer || tcb.hasTimestamps ? { timestamps: { value: this.#stamp(tcb.timestampOffset), echo: tcb.peerTimestamp >>> 0 } } : {}),
      ...(tcb.receiveShift > 0 ? { windowScale: tcb.receiveShift } : {}),
    };
    this.send(tcb, tcb.template?.bytes.subarray(0, 6) ?? new Uint8Array(6), {
      flags: isAnswer ? SYN | ACK : SYN,
      sequence: tcb.iss,
      acknowledgement: isAnswer ? tcb.received : 0,
      window: Math.min(0xffff, tcb.receiveLimit),
      options,
    });
  }

  /** A resting end acknowledges what it has. */
  sendRest(rest: TimeWait): void {
    const timestamps = { value: this.#stamp(rest.timestampOffset), echo: rest.peerTimestamp >>> 0 };
    this.send(rest, rest.mac, {
      flags: ACK,
      sequence: rest.nxt,
      acknowledgement: rest.received,
      window: 0,
      options: rest.hasTimestamps ? { timestamps } : {},
    });
  }

  /** A segment that belongs to nothing: RFC 9293 §3.10.7.1. */
  refuse(segment: Segment, ends: Ends, mac: Uint8Array): void {
    if (segment.flags & ACK) this.send(ends, mac, { flags: RST, sequence: segment.acknowledgement, acknowledgement: 0, window: 0 });
    else {
      const acknowledgement = (segment.sequence + segment.span) | 0;
      this.send(ends, mac, { flags: RST | ACK, sequence: 0, acknowledgement, window: 0 });
    }
  }

  send(ends: Ends | Flow, mac: Uint8Array, parts: SegmentParts): void {
    this.#parts.counters.segmentsOut++;
    const { local, remote } = ends;
    const segment = serializeTcp(
      {
        sourcePort: ends.localPort,
        destinationPort: ends.remotePort,
        sequence: parts.sequence >>> 0,
        acknowledgement: parts.acknowledgement >>> 0,
        flags: parts.flags,
        window: parts.window,
        options: parts.options,
      },
      local.bytes,
      remote.bytes,
    );
    this.#parts.send({ source: local, destination: remote }, IP_PROTOCOL.tcp, segment, mac);
  }

  /** RFC 7323 §5.4: a clock that begins anywhere. */
  #stamp(offset: number): number {
    return (Math.trunc(this.#parts.nowMs()) + offset) >>> 0;
  }
}
