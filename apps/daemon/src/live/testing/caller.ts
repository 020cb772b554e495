// A live connection from a test's side: what came, in order, and waiting for it.
import WebSocket from "ws";
import type { OpenDoors } from "../../http/testing/open-doors.ts";

export class Caller implements Disposable {
  readonly ws: WebSocket;
  readonly binary: Buffer[] = [];
  readonly texts: Record<string, unknown>[] = [];
  closed: { code: number; reason: string } | undefined;
  #wake = () => {};

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) this.binary.push(data);
      else this.texts.push(JSON.parse(data.toString()) as Record<string, unknown>);
      this.#wake();
    });
    ws.on("close", (code, reason) => {
      this.closed = { code, reason: reason.toString() };
      this.#wake();
    });
    ws.on("open", () => this.#wake());
    ws.on("error", () => this.#wake());
  }

  get bytes(): Buffer {
    return Buffer.concat(this.binary);
  }

  /** Waits until `fits`; after five seconds it goes on anyway, and the test's own expectation tells what is missing. */
  async until(fits: (caller: this) => boolean, withinMs = 30_000): Promise<void> {
    const until = performance.now() + withinMs;
    while (!fits(this) && performance.now() < until) {
      await new Promise<void>((done) => {
        const late = setTimeout(done, 50);
        this.#wake = () => {
          clearTimeout(late);
          done();
        };
      });
    }
  }

  [Symbol.dispose](): void {
    this.ws.terminate();
  }
}

/** As the owner, over the unix socket. */
export function callOverUnix(open: OpenDoors, path: string): Caller {
  return new Caller(new WebSocket(`ws+unix:${open.socketPath}:/api/v1${path}`, { perMessageDeflate: false }));
}

/** As a page would, with these headers. */
export function callAsPage(open: OpenDoors, path: string, headers: Record<string, string>): Caller {
  return new Caller(
    new WebSocket(`ws://127.0.0.1:${open.port}/api/v1${path}`, {
      headers,
      origin: `http://127.0.0.1:${open.port}`,
      perMessageDeflate: false,
    }),
  );
}
