// Tells a running machine's pretended monitor another size, as a viewer of its screen would: RFB's SetDesktopSize, which
// QEMU hands to cards that can tell their guest (virtio). Whether the guest follows is up to its driver, so what its
// screen is afterwards is looked at and answered. (rfbproto.rst, “SetDesktopSize” and “ExtendedDesktopSize”; QEMU ui/vnc.c.)
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { MimicError, type Waiting } from "@mimic/base";

export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** A guest that follows does so within a moment, also when it is emulated; afterwards it is taken not to. */
const FOLLOW_MS = 4000;
const TALK_MS = 10_000;
const MAX_NAME = 4096;
const MAX_SIDE = 16_384;
const EXTENDED_DESKTOP_SIZE = -308;
const VERSION = Buffer.from("RFB 003.008\n");

/**
 * Resolves with what the guest's screen is once it follows, or after a while when it does not. Throws
 * `display.fixed_size` when the card cannot tell its guest.
 */
export async function askDisplaySize(socketPath: string, wanted: ScreenSize, options: Waiting): Promise<ScreenSize> {
  const socket = connect(socketPath);
  const stop = AbortSignal.any([options.signal, AbortSignal.timeout(TALK_MS)]);
  const end = () => socket.destroy();
  stop.addEventListener("abort", end, { once: true });
  try {
    await once(socket, "connect", { signal: stop });
    return await talk(new Words(socket), socket, wanted);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof MimicError) throw error;
    throw new MimicError("display.unreachable", "The machine’s screen does not answer.", {
      hint: "Try again; if that does not help, the size applies at its next start.",
      cause: error,
    });
  } finally {
    stop.removeEventListener("abort", end);
    socket.destroy();
  }
}

async function talk(words: Words, socket: Socket, wanted: ScreenSize): Promise<ScreenSize> {
  const first = await greet(words, socket);
  socket.write(setEncodings());
  socket.write(anUpdate(false));
  let size = first;
  let asked = false;
  let until = Number.POSITIVE_INFINITY;
  for (;;) {
    const left = until - performance.now();
    if (left <= 0) return size;
    const news = await within(left, nextSize(words));
    if (news === "late") return size;
    socket.write(anUpdate(true));
    if (news === undefined) continue;
    if (news.asked && news.status !== 0 && news.status !== FORWARDED)
      throw new MimicError("display.fixed_size", "This graphics card cannot tell the guest another size while it runs.", {
        hint: "The size applies at its next start; a virtio card can be told at any time.",
      });
    if (!asked) {
      asked = true;
      socket.write(setDesktopSize(wanted));
      until = performance.now() + FOLLOW_MS;
    } else if (!news.asked) size = news.size;
    if (asked && size.width === wanted.width && size.height === wanted.height) return size;
  }
}

/** QEMU’s own answer: “handed on to the guest”. */
const FORWARDED = 4;

/** RFC 6143 §7.1 to §7.3, without a password: only Mimic reaches this socket. */
async function greet(words: Words, socket: Socket): Promise<ScreenSize> {
  await words.take(VERSION.length);
  socket.write(VERSION);
  await words.take((await words.take(1)).readUInt8());
  socket.write(Uint8Array.of(1));
  if ((await words.take(4)).readUInt32BE() !== 0) throw new Error("the display refused");
  socket.write(Uint8Array.of(1));
  const init = await words.take(24);
  const length = init.readUInt32BE(20);
  if (length > MAX_NAME) throw new Error("the display has too long a name");
  await words.take(length);
  return { width: init.readUInt16BE(0), height: init.readUInt16BE(2) };
}

interface SizeNews {
  readonly size: ScreenSize;
  /** The answer to our own wish (reason 1 in `x`). */
  readonly asked: boolean;
  readonly status: number;
}

/** One message of the server; undefined when it says nothing of the size. Pictures are passed over. */
async function nextSize(words: Words): Promise<SizeNews | undefined> {
  const kind = (await words.take(1)).readUInt8();
  // 2 = bell.
  if (kind === 2) return undefined;
  if (kind !== 0) throw new Error(`the display says what was not asked for (${kind})`);
  const count = (await words.take(3)).readUInt16BE(1);
  let news: SizeNews | undefined;
  for (let n = 0; n < count; n++) {
    const head = await words.take(12);
    const [x, y, width, height] = [head.readUInt16BE(0), head.readUInt16BE(2), head.readUInt16BE(4), head.readUInt16BE(6)];
    if (width > MAX_SIDE || height > MAX_SIDE) throw new Error("the display claims an impossible size");
    const encoding = head.readInt32BE(8);
    if (encoding === 0) await words.skip(width * height * BYTES_PER_PIXEL);
    else if (encoding === EXTENDED_DESKTOP_SIZE) {
      await words.skip((await words.take(4)).readUInt8() * 16);
      news = { size: { width, height }, asked: x === 1, status: x === 1 ? y : 0 };
    } else throw new Error(`the display uses what was not asked for (${encoding})`);
  }
  return news;
}

/** QEMU's own, unless another is asked for. */
const BYTES_PER_PIXEL = 4;

function setEncodings(): Uint8Array {
  const message = Buffer.alloc(12);
  message[0] = 2;
  message.writeUInt16BE(2, 2);
  message.writeInt32BE(0, 4);
  message.writeInt32BE(EXTENDED_DESKTOP_SIZE, 8);
  return message;
}

/** Of one pixel: what matters comes with it. */
const anUpdate = (incremental: boolean): Uint8Array => Uint8Array.of(3, incremental ? 1 : 0, 0, 0, 0, 0, 0, 1, 0, 1);

function setDesktopSize({ width, height }: ScreenSize): Uint8Array {
  const message = Buffer.alloc(24);
  message[0] = 251;
  message.writeUInt16BE(width, 2);
  message.writeUInt16BE(height, 4);
  message[6] = 1;
  message.writeUInt16BE(width, 16);
  message.writeUInt16BE(height, 18);
  return message;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T | "late"> {
  if (!Number.isFinite(ms)) return await work;
  // What comes after the time is nobody's: the connection ends with it.
  work.catch(() => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, ms, "late");
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Exactly as many bytes as are asked for; rejects when the connection ends. */
class Words {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async take(count: number): Promise<Buffer> {
    while (this.#rest.length < count) this.#rest = Buffer.concat([this.#rest, await this.#more()]);
    const taken = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(count);
    return taken;
  }

  async skip(count: number): Promise<void> {
    let left = count;
    while (this.#rest.length < left) {
      left -= this.#rest.length;
      this.#rest = await this.#more();
    }
    this.#rest = this.#rest.subarray(left);
  }

  async #more(): Promise<Buffer> {
    const next = await this.#chunks.next();
    if (next.done) throw new Error("the display's connection ended");
    return next.value;
  }
}
