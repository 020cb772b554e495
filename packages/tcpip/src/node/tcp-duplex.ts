// A connection as a Node Duplex, with what node:http, node:tls and others ask of a socket. Reading waits for readers and writing
// for the peer: the windows of TCP carry the back-pressure through.
import { Duplex } from "node:stream";
import type { TcpClosing, TcpConnection } from "../tcp/tcp-connection.ts";

export interface TcpDuplexOptions {
  /** Answers the peer's end with ours, as net.Socket does unless told otherwise. */
  readonly allowHalfOpen?: boolean;
}

const CODES: Readonly<Record<Exclude<TcpClosing, "done">, string>> = {
  reset: "ECONNRESET",
  refused: "ECONNREFUSED",
  timeout: "ETIMEDOUT",
  unreachable: "EHOSTUNREACH",
};

/** Takes over the connection's events. Emits “connect” once the handshake is complete. */
export class TcpDuplex extends Duplex {
  readonly connection: TcpConnection;
  connecting = true;
  timeout: number | undefined;
  /** What a socket has, and node:http and node:tls read. */
  readonly encrypted = false;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly remoteFamily: "IPv4" | "IPv6";
  readonly localAddress: string;
  readonly localPort: number;
  bytesRead = 0;
  bytesWritten = 0;
  #waiting: { readonly bytes: Uint8Array; at: number; readonly done: (error?: Error | null) => void } | undefined;
  #final: ((error?: Error | null) => void) | undefined;
  #wantsMore = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(connection: TcpConnection, { allowHalfOpen = false }: TcpDuplexOptions = {}) {
    super({ allowHalfOpen, highWaterMark: 1 << 17, emitClose: true });
    this.connection = connection;
    this.remoteAddress = connection.remote.text;
    this.remotePort = connection.remotePort;
    this.remoteFamily = connection.remote.version === 4 ? "IPv4" : "IPv6";
    this.localAddress = connection.local.text;
    this.localPort = connection.localPort;
    connection.events = {
      opened: () => {
        this.connecting = false;
        this.emit("connect");
        this.emit("ready");
      },
      readable: () => this.#pull(),
      writable: () => this.#push(),
      closed: (why) => this.#closed(why),
    };
  }

  override _read(): void {
    this.#wantsMore = true;
    this.#pull();
  }

  #pull(): void {
    const { connection } = this;
    while (this.#wantsMore) {
      const view = connection.read();
      if (view.length === 0) break;
      // The view is over as soon as it is consumed, and streams keep what they are given.
      const copy = Buffer.from(view);
      connection.consume(view.length);
      this.bytesRead += copy.length;
      this.#wantsMore = this.push(copy);
      this.#idle?.refresh();
    }
    if (connection.hasEnded && connection.readableBytes === 0 && !this.readableEnded) this.push(null);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#waiting = { bytes: chunk, at: 0, done };
    this.#push();
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(
      chunks.length === 1 ? (chunks[0] as { chunk: Buffer }).chunk : Buffer.concat(chunks.map(({ chunk }) => chunk)),
      "utf8",
      done,
    );
  }

  #push(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    const { connection } = this;
    while (waiting.at < waiting.bytes.length && connection.room > 0) {
      const taken = connection.write(waiting.bytes.subarray(waiting.at));
      if (taken === 0) break;
      waiting.at += taken;
      this.bytesWritten += taken;
    }
    this.#idle?.refresh();
    const isDone = waiting.at === waiting.bytes.length;
    // Full, and so told when there is room; anything else that takes nothing is the end of it.
    if (!isDone && connection.room <= 0 && !connection.isClosed) return;
    this.#waiting = undefined;
    waiting.done(isDone ? null : problemOf(connection.isClosed ? "reset" : "timeout"));
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#final = done;
    this.connection.end();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle);
    const { connection } = this;
    // Thrown away before its end: the peer must not take what it got for all there was.
    if (!connection.isClosed && (error !== null || this.#final === undefined || !connection.hasEnded)) {
      if (error === null && this.#final !== undefined) abandon(connection);
      else connection.reset();
    }
    done(error);
  }

  #closed(why: TcpClosing): void {
    this.connecting = false;
    this.#pull();
    if (why !== "done") this.destroy(problemOf(why));
  }

  // As of net.Socket; keep-alive and delays are the endpoint's.

  setTimeout(ms: number, then?: () => void): this {
    clearTimeout(this.#idle);
    this.#idle = undefined;
    this.timeout = ms;
    if (then) this.once("timeout", then);
    if (ms > 0) this.#idle = setTimeout(() => this.emit("timeout"), ms).unref();
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(isOn = false, ms = 0): this {
    this.connection.keepAliveMs = isOn ? Math.max(ms, 1000) : 0;
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  address(): { address: string; family: string; port: number } {
    return { address: this.localAddress, family: this.remoteFamily, port: this.localPort };
  }

  resetAndDestroy(): this {
    this.connection.reset();
    return this.destroy();
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => this.destroy());
  }
}

/** Our end is on its way; the peer's is read and thrown away, so that it can come. */
function abandon(connection: TcpConnection): void {
  const drain = (): void => connection.consume(connection.readableBytes);
  connection.events = { readable: drain };
  drain();
}

function problemOf(why: Exclude<TcpClosing, "done">): NodeJS.ErrnoException {
  const code = CODES[why];
  return Object.assign(new Error(`the connection ended: ${code}`), { code });
}
