// The host's side of the translation, as the NAT sees it: sockets of this computer. Implemented by ../node/host-uplink.ts.

export interface DialTarget {
  /** Text of an address; never a name. */
  readonly address: string;
  readonly port: number;
}

/** Why the other side could not be reached. unknown = something of our own, such as no more sockets. */
export type DialFailure = "refused" | "hostUnreachable" | "networkUnreachable" | "prohibited" | "timeout" | "unknown";

export interface HostStreamEvents {
  connected(): void;
  /** Instead of `connected`; nothing follows. */
  failed(why: DialFailure): void;
  /** A view, valid during the call. False = no more until `resume`. */
  data(bytes: Uint8Array): boolean;
  /** All that was not taken at once is written. */
  drained(): void;
  /** The other side has ended; ours may go on. */
  ended(): void;
  /** The last call. `isReset`: not by ends on both sides. */
  closed(isReset: boolean): void;
}

export interface HostStream {
  /** True = taken, and the memory is free again. False = it is needed until `drained`. */
  write(bytes: Uint8Array): boolean;
  end(): void;
  resume(): void;
  /** At once, with RST. No events follow. */
  reset(): void;
}

export interface HostDatagrams {
  /** The bytes are copied. `failed`: it could not be sent, or somebody on the way has said so later. */
  send(bytes: Uint8Array, to: DialTarget, failed: (why: DialFailure | "tooBig") => void): void;
  close(): void;
}

export interface DatagramEvents {
  /** A view, valid during the call. */
  received(bytes: Uint8Array, from: DialTarget): void;
  /** The socket is gone. */
  closed(): void;
}

export interface HostListener {
  /** Known once `listening` was called. */
  readonly port: number;
  close(): void;
}

export interface ListenEvents {
  listening(port: number): void;
  /** In words for people. */
  failed(problem: string): void;
}

export interface PingOptions {
  readonly bytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface HostSide {
  dial(to: DialTarget, events: HostStreamEvents): HostStream;
  /** A socket with a port of its own. */
  openDatagrams(version: 4 | 6, events: DatagramEvents): HostDatagrams;
  /** `accepted` gets the stream paused: `resume` it when its events can be dealt with. */
  listenStreams(
    at: DialTarget,
    events: ListenEvents & { accepted(stream: (events: HostStreamEvents) => HostStream, from: DialTarget): void },
  ): HostListener;
  listenDatagrams(at: DialTarget, events: ListenEvents & DatagramEvents): HostListener & HostDatagrams;
  /** One echo. Resolves with whether an answer came within `timeoutMs`; undefined = this computer has no way to ask. */
  ping(address: string, options: PingOptions): Promise<boolean | undefined>;
}
