// One person's live connection: a WebSocket with bounds. Nothing is queued beyond what `send` was given while
// `full` was false; each kind of connection decides what to do with the rest (wait, or drop and say so).
import { plain } from "@mimic/base";
import type { WebSocket } from "ws";
import { statusOf, toProblem } from "../http/problem.ts";

const FULL_BYTES = 1024 ** 2;
const LOW_BYTES = 256 * 1024;
const TEXT_LIMIT = 64 * 1024;

export class Viewer {
  readonly #ws: WebSocket;
  readonly #gone = new AbortController();
  readonly #low: (() => void)[] = [];
  #alive = true;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.binaryType = "nodebuffer";
    ws.on("close", () => this.#leave());
    // The close event follows; a broken frame of a client is no event of ours.
    ws.on("error", () => ws.terminate());
    ws.on("pong", () => {
      this.#alive = true;
    });
  }

  /** Aborted when the connection is gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** More is waiting here than a reader who keeps up would leave. */
  get full(): boolean {
    return this.#ws.bufferedAmount > FULL_BYTES;
  }

  get low(): boolean {
    return this.#ws.bufferedAmount <= LOW_BYTES;
  }

  /** `bytes` must not be changed afterwards: they are not copied. */
  send(bytes: Uint8Array): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(bytes, { binary: true }, () => this.#wake());
  }

  tell(message: object): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(message));
  }

  /** Calls once little is waiting; at once when that is so already. Never called when the connection goes first. */
  whenLow(call: () => void): void {
    if (this.low) call();
    else this.#low.push(call);
  }

  /** Resolves when more may be sent, or the connection is gone. */
  untilLow(): Promise<void> {
    if (this.low || this.gone.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#low.push(resolve);
    this.gone.addEventListener("abort", () => resolve(), { once: true });
    return promise;
  }

  /** Messages from the client. A text that is no JSON object arrives as undefined. */
  hear(listener: { binary(bytes: Buffer): void; text(message: Record<string, unknown> | undefined): void }): void {
    this.#ws.removeAllListeners("message");
    this.#ws.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) listener.binary(data);
      else listener.text(readObject(data));
    });
  }

  /** Stops reading from the client: it is asked to wait, by TCP. */
  pause(): void {
    if (!this.#ws.isPaused) this.#ws.pause();
  }
  resume(): void {
    if (this.#ws.isPaused) this.#ws.resume();
  }

  /** Says why and ends it; the close code is 4000 and the HTTP status that it would have been. */
  fail(error: unknown): void {
    const problem = toProblem(error);
    this.tell({ problem });
    this.close(4000 + statusOf(error), problem.code);
  }

  close(code: number, reason: string): void {
    // A paused socket would never see the other side's answer to the close.
    this.resume();
    this.#ws.close(code, plain(reason, 100));
  }

  terminate(): void {
    this.#ws.terminate();
  }

  /** Called now and then: who did not answer since the last time is gone. */
  checkAlive(): void {
    if (!this.#alive && !this.#ws.isPaused) {
      this.#ws.terminate();
      return;
    }
    this.#alive = false;
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.ping();
  }

  #wake(): void {
    if (!this.low) return;
    for (const call of this.#low.splice(0)) call();
  }

  #leave(): void {
    this.#low.length = 0;
    this.#gone.abort();
  }
}

function readObject(data: Buffer): Record<string, unknown> | undefined {
  if (data.length > TEXT_LIMIT) return undefined;
  try {
    const value: unknown = JSON.parse(data.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
