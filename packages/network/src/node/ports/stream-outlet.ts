// The way out through a stream socket. Bytes are written at once, straight from the memory that they came in with; what the
// kernel does not take is copied into a backlog of bounded size. So a peer that stands still costs at most that
// much memory, and loses its own frames only.
import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import { libc } from "@mimic/base/node";
import type { Outlet, Sent } from "../../switch/outlet.ts";
import type { BufferPool, RunBuffer, RunMemory } from "../../switch/run-buffer.ts";

/** More than that waiting, and senders are asked to pause. */
const CROWDED_BYTES = 256 * 1024;
/** Less than that, and they may go on. */
const RELIEVED_BYTES = 64 * 1024;
/** More than that never waits: what comes is dropped and counted. */
const MOST_BYTES = 2 * 1024 * 1024;
/**
 * What Linux holds for a peer that reads later: it doubles what it is told (socket(7)), and so much may be told everywhere. As
 * sockets are made they hold half of it, three of the largest frames, and what does not fit is copied and waits a turn of ours.
 */
const KERNEL_BYTES = 212_992;
/** So long senders wait for a peer. One that needs longer is slow: nobody waits for it until it has caught up, and then not at once. */
const PATIENCE_MS = 200;
const SLOW_FOR_MS = 10_000;

export class StreamOutlet implements Outlet {
  readonly gathers = false;
  readonly #socket: Socket;
  readonly #pool: BufferPool;
  readonly #fd: number;
  readonly #chunks: { readonly buffer: RunBuffer; used: number }[] = [];
  #inFlight = 0;
  #queued = 0;
  #isBehind = false;
  #slowUntilMs = 0;
  #waiters: (() => void)[] = [];
  #patience: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** The socket stays its owner's, who tells `close` when it is gone. */
  constructor(socket: Socket, pool: BufferPool, descriptor = descriptorOf(socket)) {
    this.#socket = socket;
    this.#pool = pool;
    this.#fd = descriptor;
    if (descriptor >= 0) libc()?.setSendBuffer(descriptor, KERNEL_BYTES);
  }

  send(bytes: Uint8Array, from: number, to: number, _frames: number, memory: RunMemory | undefined): Sent {
    // After `destroy` the descriptor's number may already belong to another file.
    if (this.#isClosed || this.#socket.destroyed) return "full";
    if (this.#inFlight === 0) {
      if (this.#fd < 0) return this.#lend(bytes, from, to, memory);
      const wrote = this.#writeNow(bytes, from, to);
      if (wrote === to - from) return "taken";
      // The rest of a cut frame must follow, whatever the limit.
      this.#append(bytes, from + wrote, to);
      this.#drain();
      return this.#mood();
    }
    if (this.#queued + to - from > MOST_BYTES) return "full";
    this.#append(bytes, from, to);
    return this.#mood();
  }

  flush(): void {}

  queuedBytes(): number {
    return this.#queued;
  }

  whenRelieved(then: () => void): void {
    if (!this.#isCrowded()) {
      then();
      return;
    }
    this.#waiters.push(then);
    this.#patience ??= setTimeout(() => {
      this.#isBehind = true;
      this.#slowUntilMs = performance.now() + SLOW_FOR_MS;
      this.#relieve();
    }, PATIENCE_MS);
  }

  close(): void {
    this.#isClosed = true;
    for (const { buffer } of this.#chunks.splice(0)) buffer.letGo();
    this.#queued = 0;
    this.#relieve();
  }

  /** One system call, nothing allocated. Answers the bytes that the kernel took. */
  #writeNow(bytes: Uint8Array, from: number, to: number): number {
    try {
      return writeSync(this.#fd, bytes, from, to - from);
    } catch (error) {
      // A peer that is gone is noticed by the reading side at the same time.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") this.#socket.destroy();
      return 0;
    }
  }

  /** Where there is no descriptor to be had: the stream writes, and pins the memory while it does. */
  #lend(bytes: Uint8Array, from: number, to: number, memory: RunMemory | undefined): Sent {
    const view = memory === undefined ? bytes.slice(from, to) : bytes.subarray(from, to);
    let waits = false;
    this.#socket.write(view, () => {
      if (!waits) return;
      memory?.unpin();
      this.#inFlight = 0;
      this.#queued -= view.length;
      this.#drain();
    });
    if (this.#socket.writableLength === 0) return "taken";
    waits = true;
    memory?.pin();
    this.#inFlight = view.length;
    this.#queued += view.length;
    return this.#mood();
  }

  #append(bytes: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; ) {
      let last = this.#chunks.at(-1);
      if (last === undefined || last.used === last.buffer.bytes.length) {
        last = { buffer: this.#pool.take(), used: 0 };
        this.#chunks.push(last);
      }
      const count = Math.min(to - at, last.buffer.bytes.length - last.used);
      last.buffer.bytes.set(bytes.subarray(at, at + count), last.used);
      last.used += count;
      at += count;
    }
    this.#queued += to - from;
  }

  /** Hands the backlog to the stream, which waits until the kernel takes more. */
  #drain(): void {
    const chunk = this.#chunks.shift();
    if (chunk === undefined || this.#isClosed) {
      chunk?.buffer.letGo();
      if (!this.#isCrowded()) this.#relieve();
      return;
    }
    this.#inFlight = chunk.used;
    this.#socket.write(chunk.buffer.bytes.subarray(0, chunk.used), () => {
      this.#inFlight = 0;
      chunk.buffer.letGo();
      if (this.#isClosed) return;
      this.#queued -= chunk.used;
      if (this.#queued <= RELIEVED_BYTES) {
        this.#isBehind = false;
        this.#relieve();
      }
      this.#drain();
    });
  }

  #isCrowded(): boolean {
    return this.#queued > CROWDED_BYTES && !this.#isBehind && performance.now() >= this.#slowUntilMs;
  }

  #mood(): Sent {
    return this.#isCrowded() ? "crowded" : "taken";
  }

  #relieve(): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

/**
 * The socket's descriptor, or -1 where this Node does not show it; then everything goes through the stream. Writing to it
 * directly is safe while the stream has nothing of its own to write (see docs/decisions/0023).
 */
function descriptorOf(socket: Socket): number {
  const fd: unknown = (socket as unknown as { _handle?: { fd?: unknown } })._handle?.fd;
  return typeof fd === "number" && Number.isInteger(fd) && fd > 2 ? fd : -1;
}
