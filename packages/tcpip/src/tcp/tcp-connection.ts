// One TCP connection as its owner sees it. Bytes are copied in when written and given out as views when read; nothing is
// ever thrown. Whoever has a connection ends it: by `end` and reading to the end, or by `reset`.
import type { IpAddress } from "../address.ts";

/** Why a connection is no more. “done”: both sides have ended and everything has arrived. */
export type TcpClosing = "done" | "reset" | "refused" | "timeout" | "unreachable";

/** Called at the end of a batch of frames, never from within a call into the connection. */
export interface TcpEvents {
  /** The three-way handshake is complete. */
  opened?(): void;
  /** There is more to read, or the peer has ended. */
  readable?(): void;
  /** Was full (`room` was 0 or less), and has room again. */
  writable?(): void;
  /** The last call. What was received can still be read. */
  closed?(why: TcpClosing): void;
}

export interface TcpConnection {
  readonly local: IpAddress;
  readonly localPort: number;
  readonly remote: IpAddress;
  readonly remotePort: number;
  events: TcpEvents;

  /** Bytes that may be written before the queue counts as full; may be less than 0. */
  readonly room: number;
  /** Written and not yet acknowledged. */
  readonly queuedBytes: number;
  /**
   * Takes bytes, also somewhat more than `room`; they are copied. Answers how many were taken: fewer only when there is no
   * memory, or the connection is closed or ended.
   */
  write(bytes: Uint8Array): number;
  /** Nothing more will be written: FIN follows what is queued. */
  end(): void;
  /** Ends it at once with RST. */
  reset(): void;
  /** Ends it with RST once what is queued has been sent: for passing on a reset that came behind data. */
  resetWhenSent(): void;

  readonly readableBytes: number;
  /** The peer has ended, and nothing before its end is missing. */
  readonly hasEnded: boolean;
  readonly isClosed: boolean;
  /** Received bytes that lie together, from `offset` behind the first unread one on: a view, valid until consumed. Empty = none. */
  read(offset?: number): Uint8Array;
  /** The first `length` bytes are dealt with; their views end, and the peer may send more. */
  consume(length: number): void;

  /** Probes the peer when nothing has come from it for that long; 0 = never (RFC 9293 §3.8.4). */
  keepAliveMs: number;
  /** Without an acknowledgement for that long the connection counts as lost (RFC 5482). */
  userTimeoutMs: number;
  /** For people who look at it. */
  facts(): TcpFacts;
}

export interface TcpFacts {
  readonly state: string;
  readonly roundTripMs: number | undefined;
  readonly congestionWindow: number;
  readonly segmentsResent: number;
  readonly timeouts: number;
}
