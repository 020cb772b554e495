// A small RFB client for tests, over a unix socket (QEMU itself) or a live connection (Mimic): it greets, then
// says and hears bytes.
import { connect } from "node:net";
import type { OpenDoors } from "../../http/testing/open-doors.ts";
import { callOverUnix } from "./caller.ts";

export class RfbClient implements Disposable {
  readonly #send: (bytes: Uint8Array) => void;
  readonly #close: () => void;
  #heard: Buffer[] = [];
  #wake = () => {};
  constructor(send: (bytes: Uint8Array) => void, close: () => void) {
    this.#send = send;
    this.#close = close;
  }
  hear(bytes: Buffer): void {
    this.#heard.push(bytes);
    this.#wake();
  }
  send(bytes: Uint8Array | readonly number[]): void {
    this.#send(Uint8Array.from(bytes));
  }
  get length(): number {
    return this.#heard.reduce((sum, bytes) => sum + bytes.length, 0);
  }
  /** Everything heard since the last call. */
  take(): Buffer {
    const all = Buffer.concat(this.#heard);
    this.#heard = [];
    return all;
  }
  /** The next bytes that come; undefined after `withinMs`. */
  async next(withinMs: number): Promise<true | undefined> {
    if (this.#heard.length > 0) return true;
    const { promise, resolve } = Promise.withResolvers<true | undefined>();
    const late = setTimeout(() => resolve(undefined), withinMs);
    this.#wake = () => resolve(true);
    const came = await promise;
    clearTimeout(late);
    return came;
  }
  /** Until nothing came for `quietMs`. */
  async settle(quietMs = 250): Promise<Buffer> {
    for (let length = -1; length !== this.length; ) {
      length = this.length;
      await new Promise((done) => setTimeout(done, quietMs));
    }
    return this.take();
  }
  async greet(): Promise<{ width: number; height: number }> {
    const need = async (count: number) => {
      while (this.length < count)
        if ((await this.next(30_000)) === undefined) throw new Error(`only ${this.length} of ${count} bytes came`);
      await new Promise((done) => setTimeout(done, 20));
      return this.take();
    };
    await need(12);
    this.send(Buffer.from("RFB 003.008\n"));
    await need(2);
    this.send([1]);
    await need(4);
    this.send([1]);
    const init = await need(24);
    return { width: init.readUInt16BE(0), height: init.readUInt16BE(2) };
  }
  [Symbol.dispose](): void {
    this.#close();
  }
}

export function directClient(path: string): RfbClient {
  const socket = connect({ path });
  const client = new RfbClient(
    (bytes) => void socket.write(bytes),
    () => socket.destroy(),
  );
  socket.on("data", (bytes: Buffer) => client.hear(bytes));
  socket.on("error", () => {});
  return client;
}

export function proxiedClient(open: OpenDoors): RfbClient {
  const { ws } = callOverUnix(open, "/machines/hello/display");
  const client = new RfbClient(
    (bytes) => ws.send(bytes),
    () => ws.terminate(),
  );
  ws.on("message", (bytes: Buffer, isBinary: boolean) => {
    if (isBinary) client.hear(bytes);
  });
  return client;
}
