// To a switch on another computer: one TCP connection, sealed records of frames in it. One end listens, the other dials, again
// and again until it gets through. A newcomer takes over from the one before only once it has shown that it has the key.
import { connect, createServer, type Socket } from "node:net";
import type { Outlet, Sent } from "../../switch/outlet.ts";
import { BROKEN } from "../../switch/switch.ts";
import type { AttachmentPlace, PortAttachment } from "./attachment.ts";
import { HELLO_BYTES, LONGEST_RECORD, makeHello, RECORD_HEAD_BYTES, secretsOf, type TunnelSecrets } from "./tunnel-crypto.ts";

const GREETING_MS = 5000;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5000;
const BEAT_MS = 5000;
/** Nothing heard for so long: the way is gone, whatever TCP believes. */
const SILENT_MS = 20_000;
const CROWDED_BYTES = 256 * 1024;
const MOST_BYTES = 2 * 1024 * 1024;
/** Strangers who have not shown the key yet. */
const MOST_STRANGERS = 8;
const GATHER_BYTES = 128 * 1024;

export interface TunnelWish {
  /** 32 bytes in hex; undefined = it was lost. */
  readonly key?: string | undefined;
  readonly listen?: string | undefined;
  readonly dial?: string | undefined;
}

export function tunnelAttachment(wish: TunnelWish, place: AttachmentPlace): PortAttachment {
  if (wish.key === undefined) {
    place.problem("The key of this tunnel is lost. Take the port away and make it anew.");
    return { hurry: () => {}, [Symbol.dispose]: () => {} };
  }
  const key = Buffer.from(wish.key, "hex");
  return wish.listen !== undefined ? listening(key, wish.listen, place) : dialling(key, wish.dial ?? "", place);
}

function dialling(key: Uint8Array, to: string, place: AttachmentPlace): PortAttachment {
  let timer: NodeJS.Timeout | undefined;
  let waitMs = FIRST_WAIT_MS;
  let end: TunnelEnd | undefined;
  let isClosed = false;
  const dial = (): void => {
    timer = undefined;
    const { host, port } = hostAndPort(to);
    const socket = connect({ host, port });
    end = new TunnelEnd(socket, key, "dials", place, {
      proven: () => {
        waitMs = FIRST_WAIT_MS;
      },
      ended: () => {
        if (isClosed) return;
        place.problem(end?.why ?? `Nobody answers at ${to}.`);
        timer = setTimeout(dial, waitMs);
        waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      },
    });
  };
  dial();
  return {
    hurry: () => {
      if (timer === undefined) return;
      clearTimeout(timer);
      dial();
    },
    [Symbol.dispose]: () => {
      isClosed = true;
      clearTimeout(timer);
      end?.close();
    },
  };
}

function listening(key: Uint8Array, at: string, place: AttachmentPlace): PortAttachment {
  const strangers = new Set<TunnelEnd>();
  let current: TunnelEnd | undefined;
  const server = createServer((socket) => {
    if (strangers.size >= MOST_STRANGERS) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    const end: TunnelEnd = new TunnelEnd(socket, key, "listens", place, {
      proven: () => {
        strangers.delete(end);
        current?.close();
        current = end;
      },
      ended: () => {
        strangers.delete(end);
        if (current === end) current = undefined;
        // Who merely knocks is not worth a word; who speaks as an end of a tunnel does, and has not the key, is.
        if (current === undefined && end.why === WRONG_KEY) place.problem(WRONG_KEY);
      },
    });
    strangers.add(end);
  });
  server.on("error", (error) => place.problem(error.message));
  const { host, port } = hostAndPort(at);
  server.listen(port, host);
  return {
    hurry: () => {},
    [Symbol.dispose]: () => {
      server.close();
      for (const stranger of strangers) stranger.close();
      current?.close();
    },
  };
}

const WRONG_KEY = "The other end has another key. Both ends need the same key file.";
const HUNG_UP = "The other end hung up before the tunnel stood: it probably has another key. Both ends need the same key file.";
const NO_TUNNEL = "What answers there is no tunnel of Mimic.";
const SILENT = "Nothing was heard of the other end any more.";

/** One connection, from the first byte. */
class TunnelEnd implements Outlet {
  /** Why it ended; undefined = nobody answered. */
  why: string | undefined;
  readonly gathers = true;
  readonly #socket: Socket;
  readonly #place: AttachmentPlace;
  readonly #around: { readonly proven: () => void; readonly ended: () => void };
  readonly #secretsFrom: (theirs: Buffer) => TunnelSecrets | undefined;
  readonly #beat: NodeJS.Timeout;
  #late: NodeJS.Timeout;
  #secrets: TunnelSecrets | undefined;
  #isProven = false;
  #hasEnded = false;
  #held: Buffer = Buffer.alloc(0);
  #plain: Uint8Array = new Uint8Array();
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #waiters: (() => void)[] = [];

  constructor(
    socket: Socket,
    key: Uint8Array,
    role: "dials" | "listens",
    place: AttachmentPlace,
    around: { readonly proven: () => void; readonly ended: () => void },
  ) {
    this.#socket = socket;
    this.#place = place;
    this.#around = around;
    const hello = makeHello();
    this.#secretsFrom = (theirs) => secretsOf(key, hello, theirs, role);
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => {
      if (this.#secrets !== undefined) this.why ??= this.#isProven ? SILENT : HUNG_UP;
      this.close();
    });
    socket.on("data", (bytes: Buffer) => this.#took(bytes));
    socket.on("drain", () => this.#relieve());
    socket.write(hello.bytes);
    this.#late = setTimeout(() => this.close(), GREETING_MS);
    this.#beat = setInterval(() => this.#sealNow(new Uint8Array()), BEAT_MS);
  }

  send(bytes: Uint8Array, from: number, to: number): Sent {
    if (this.queuedBytes() + to - from > MOST_BYTES) return "full";
    this.#gathered.push(bytes.slice(from, to));
    this.#gatheredBytes += to - from;
    if (this.#gatheredBytes >= GATHER_BYTES) this.flush();
    return this.queuedBytes() > CROWDED_BYTES ? "crowded" : "taken";
  }

  flush(): void {
    const whole = Buffer.concat(this.#gathered);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    for (let at = 0; at < whole.length; at += GATHER_BYTES) this.#sealNow(whole.subarray(at, at + GATHER_BYTES));
  }

  queuedBytes(): number {
    return this.#socket.writableLength + this.#gatheredBytes;
  }

  whenRelieved(then: () => void): void {
    if (this.queuedBytes() <= CROWDED_BYTES) then();
    else this.#waiters.push(then);
  }

  close(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#late);
    clearInterval(this.#beat);
    this.#socket.destroy();
    // Only if the port is still ours: a newcomer may have taken over.
    if (this.#isProven && this.#place.port.peer === this) {
      this.#place.lan.detach(this.#place.port);
      this.#place.peer(false);
    }
    this.#relieve();
    this.#around.ended();
  }

  #sealNow(plain: Uint8Array): void {
    if (this.#secrets !== undefined && !this.#hasEnded) this.#socket.write(this.#secrets.seal(plain));
  }

  #took(bytes: Buffer): void {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    if (this.#secrets === undefined) {
      if (this.#held.length < HELLO_BYTES) return;
      this.#secrets = this.#secretsFrom(this.#held.subarray(0, HELLO_BYTES));
      this.#held = this.#held.subarray(HELLO_BYTES);
      if (this.#secrets === undefined) {
        this.why = NO_TUNNEL;
        this.close();
        return;
      }
      // An empty record shows that we have the key.
      this.#sealNow(new Uint8Array());
    }
    let at = 0;
    while (this.#held.length - at >= RECORD_HEAD_BYTES && !this.#hasEnded) {
      const length = this.#held.readUInt32BE(at);
      const end = at + RECORD_HEAD_BYTES + length;
      if (length <= LONGEST_RECORD && end > this.#held.length) break;
      const plain = length <= LONGEST_RECORD ? this.#secrets.open(this.#held.subarray(at + RECORD_HEAD_BYTES, end)) : undefined;
      if (plain === undefined) {
        if (!this.#isProven) this.why = WRONG_KEY;
        this.close();
        return;
      }
      this.#opened(plain);
      at = end;
    }
    this.#held = this.#held.subarray(at);
  }

  #opened(plain: Uint8Array): void {
    clearTimeout(this.#late);
    this.#late = setTimeout(() => {
      this.why = SILENT;
      this.close();
    }, SILENT_MS);
    const { lan, port } = this.#place;
    if (!this.#isProven) {
      this.#isProven = true;
      this.#around.proven();
      lan.attach(port, this);
      this.#place.peer(true);
    }
    if (plain.length === 0) return;
    const whole = this.#plain.length === 0 ? plain : Buffer.concat([this.#plain, plain]);
    const next = lan.receive(port, whole, 0, whole.length, undefined);
    if (next === BROKEN) this.close();
    else this.#plain = whole.slice(next);
    const crowded = port.waitsFor;
    if (crowded === undefined || this.#hasEnded) return;
    this.#socket.pause();
    crowded.whenRelieved(() => this.#socket.resume());
  }

  #relieve(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}

/** “example.org:7000”, “192.0.2.1:7000”, “[::]:7000”. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  return { host: match?.[1] ?? match?.[2] ?? "", port: Number(match?.[3] ?? 0) };
}
