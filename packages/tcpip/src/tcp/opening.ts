// A peer's wish to open a connection, before anything was answered: so its owner may first find out whether there is anybody
// to connect it with. SYNs that come again meanwhile are kept quiet.
import type { IpAddress } from "../address.ts";
import type { SynFacts } from "./arrive.ts";
import { Flow } from "./flow-table.ts";
import type { Segment } from "./segment.ts";
import type { TcpConnection, TcpEvents } from "./tcp-connection.ts";

/** How a wish is turned down: RST; an ICMP error (the peer may try again); or as if nobody were there. */
export type TcpRefusal = "refused" | "hostUnreachable" | "networkUnreachable" | "prohibited" | "silence";

export interface TcpOpening {
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  /** Whose frame it was. */
  readonly mac: Uint8Array;
  /** The peer took its wish back, or nobody answered it for too long. */
  onAbandoned: (() => void) | undefined;
  /** Answers SYN with ACK. `events.opened` tells when the peer has acknowledged that; bytes may be written before. */
  accept(events: TcpEvents): TcpConnection;
  refuse(how: TcpRefusal): void;
}

/** What the stack does for an opening. */
export interface OpeningHost {
  accepted(opening: Opening, events: TcpEvents): TcpConnection;
  refused(opening: Opening, how: TcpRefusal): void;
}

export class Opening extends Flow implements TcpOpening {
  readonly mac: Uint8Array;
  syn: SynFacts & { readonly window: number };
  readonly beganMs: number;
  /** The start of its packet, for an ICMP error about it. */
  readonly packet: Uint8Array;
  onAbandoned: (() => void) | undefined = undefined;
  isSettled = false;
  readonly #host: OpeningHost;

  constructor(host: OpeningHost, ends: Flow | Pick<Flow, "local" | "localPort" | "remote" | "remotePort">, given: Given) {
    super(ends.local, ends.localPort, ends.remote, ends.remotePort);
    this.#host = host;
    this.mac = given.mac;
    this.syn = synOf(given.segment);
    this.beganMs = given.nowMs;
    this.packet = given.packet;
  }

  accept(events: TcpEvents): TcpConnection {
    return this.#host.accepted(this, events);
  }

  refuse(how: TcpRefusal): void {
    if (!this.isSettled) this.#host.refused(this, how);
  }
}

interface Given {
  readonly mac: Uint8Array;
  readonly segment: Segment;
  readonly nowMs: number;
  readonly packet: Uint8Array;
}

export const synOf = (segment: Segment): SynFacts & { window: number } => ({
  sequence: segment.sequence,
  mss: segment.mss,
  windowScale: segment.windowScale,
  sackPermitted: segment.sackPermitted,
  hasTimestamps: segment.hasTimestamps,
  timestamp: segment.timestamp,
  window: segment.window,
});
