// Reads a disk that a caged QEMU serves (NBD over a unix socket; https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md):
// its bytes, and how far down its chain of layers each piece lies (context “qemu:allocation-depth”). One question at a
// time. QEMU has read a hostile image, so its answers are checked like any others.
import type { Socket } from "node:net";
import { connect } from "node:net";

const OPTION = { structured: 8, context: 10, go: 7 } as const;
const REPLY = { ack: 1, info: 3, context: 4 } as const;
const COMMAND = { read: 0, status: 7 } as const;
const CHUNK = { none: 0, data: 1, hole: 2, status: 5 } as const;
const CONTEXT = "qemu:allocation-depth";
const MOST_BYTES = 4 * 1024 * 1024;
const STATUS_BYTES = 1024 ** 3;

export interface Piece {
  readonly start: number;
  readonly length: number;
  /** 1 = the topmost layer; 0 = nothing anywhere. */
  readonly depth: number;
}

export class NbdClient implements Disposable {
  readonly #socket: Socket;
  readonly #bytes: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);
  #handle = 0n;
  #context = 0;
  #turn: Promise<unknown> = Promise.resolve();
  sizeBytes = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#bytes = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** Rejects when nobody serves there, or not what was asked for. */
  static async open(path: string, name: string): Promise<NbdClient> {
    const client = new NbdClient(connect(path));
    try {
      await client.#greet(name);
      return client;
    } catch (error) {
      client[Symbol.dispose]();
      throw error;
    }
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    return await this.#alone(async () => {
      const bytes = new Uint8Array(length);
      this.#ask(COMMAND.read, offset, length);
      await this.#chunks((kind, body) => {
        const at = Number(body.readBigUInt64BE(0)) - offset;
        const data = kind === CHUNK.data ? body.subarray(8) : new Uint8Array(kind === CHUNK.hole ? body.readUInt32BE(8) : 0);
        if (at < 0 || at + data.length > length) throw new Error("more was answered than was asked");
        bytes.set(data, at);
      });
      return bytes;
    });
  }

  /** The whole disk, in order. */
  async depths(): Promise<readonly Piece[]> {
    return await this.#alone(async () => {
      const pieces: Piece[] = [];
      for (let at = 0; at < this.sizeBytes; ) {
        const asked = Math.min(STATUS_BYTES, this.sizeBytes - at);
        const from = at;
        this.#ask(COMMAND.status, from, asked);
        await this.#chunks((_kind, body) => {
          for (let place = 4; place + 8 <= body.length; place += 8) {
            const length = body.readUInt32BE(place);
            if (length === 0) throw new Error("a piece of no length");
            pieces.push({ start: at, length: Math.min(length, this.sizeBytes - at), depth: body.readUInt32BE(place + 4) });
            at += length;
          }
        });
        if (at <= from) throw new Error("no status was answered");
      }
      return pieces;
    });
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #greet(name: string): Promise<void> {
    const hello = await this.#take(18);
    if (hello.toString("latin1", 0, 16) !== "NBDMAGICIHAVEOPT") throw new Error("this is no NBD server");
    this.#socket.write(u32(3));
    await this.#option(OPTION.structured, Buffer.alloc(0), () => {});
    const named = Buffer.concat([u32(Buffer.byteLength(name)), Buffer.from(name)]);
    const asked = Buffer.concat([named, u32(1), u32(CONTEXT.length), Buffer.from(CONTEXT)]);
    await this.#option(OPTION.context, asked, (kind, body) => {
      if (kind === REPLY.context) this.#context = body.readUInt32BE(0);
    });
    if (this.#context === 0) throw new Error("the server does not say how deep its layers are");
    await this.#option(OPTION.go, Buffer.concat([named, Buffer.alloc(2)]), (kind, body) => {
      if (kind === REPLY.info && body.readUInt16BE(0) === 0) this.sizeBytes = Number(body.readBigUInt64BE(2));
    });
    if (!Number.isSafeInteger(this.sizeBytes)) throw new Error("a size that makes no sense");
  }

  async #option(option: number, data: Buffer, hear: (kind: number, body: Buffer) => void): Promise<void> {
    this.#socket.write(Buffer.concat([Buffer.from("IHAVEOPT"), u32(option), u32(data.length), data]));
    for (;;) {
      const head = await this.#take(20);
      const kind = head.readUInt32BE(12);
      const body = await this.#take(head.readUInt32BE(16));
      if (kind === REPLY.ack) return;
      if (kind >= 0x80000000) throw new Error(`the server refused option ${option}`);
      hear(kind, body);
    }
  }

  #ask(command: number, offset: number, length: number): void {
    const request = Buffer.alloc(28);
    request.writeUInt32BE(0x25609513, 0);
    request.writeUInt16BE(command, 6);
    request.writeBigUInt64BE(++this.#handle, 8);
    request.writeBigUInt64BE(BigInt(offset), 16);
    request.writeUInt32BE(length, 24);
    this.#socket.write(request);
  }

  /** Structured replies to the question that is open, to the last. */
  async #chunks(hear: (kind: number, body: Buffer) => void): Promise<void> {
    for (;;) {
      const head = await this.#take(20);
      if (head.readUInt32BE(0) !== 0x668e33ef || head.readBigUInt64BE(8) !== this.#handle) throw new Error("an answer to nothing");
      const kind = head.readUInt16BE(6);
      const body = await this.#take(head.readUInt32BE(16));
      if (kind >= 0x8000) throw new Error(`the disk cannot be read there (error ${body.length >= 4 ? body.readUInt32BE(0) : 0})`);
      if (kind !== CHUNK.none) hear(kind, body);
      if (head.readUInt16BE(4) & 1) return;
    }
  }

  async #take(count: number): Promise<Buffer> {
    if (count > MOST_BYTES) throw new Error("an answer that is too long");
    const parts: Buffer[] = [this.#rest];
    for (let have = this.#rest.length; have < count; ) {
      const { value, done } = await this.#bytes.next();
      if (done) throw new Error("the server is gone");
      parts.push(value);
      have += value.length;
    }
    const all = parts.length === 1 ? this.#rest : Buffer.concat(parts);
    this.#rest = all.subarray(count);
    return all.subarray(0, count);
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
