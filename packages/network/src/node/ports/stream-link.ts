// One connected stream socket at a port: records in, records out. Reads go into one buffer that is used again and again
// (`onread`); what it holds is forwarded before the next read, so nothing is copied but the beginning of a record that
// is not whole yet.
import { connect, type Server, Socket } from "node:net";
import type { BufferPool, RunBuffer } from "../../switch/run-buffer.ts";
import { BROKEN, type Switch } from "../../switch/switch.ts";
import type { SwitchPort } from "../../switch/switch-port.ts";
import { StreamOutlet } from "./stream-outlet.ts";

/** What a link belongs to. */
export interface LinkPlace {
  readonly lan: Switch;
  readonly port: SwitchPort;
  readonly pool: BufferPool;
  /** The link is gone, for whatever reason; called once. */
  readonly ended: (why: string) => void;
}

/** Left free before the first record, so that a frame alone can get a tag where it lies. */
const HEADROOM = 4;

/** Cuts a stream into records and gives them to the switch. */
class RecordReader {
  readonly #place: LinkPlace;
  #held: RunBuffer;
  /** All of it behind the headroom, made once: making a view costs as much as deciding a frame. */
  #empty: Uint8Array;
  #have = 0;

  constructor(place: LinkPlace) {
    this.#place = place;
    this.#held = place.pool.take();
    this.#empty = this.#held.bytes.subarray(HEADROOM);
  }

  /** Where the next bytes go: right behind the record that is not whole yet. */
  readonly room = (): Uint8Array => (this.#have === 0 ? this.#empty : this.#empty.subarray(this.#have));

  /** False = the stream cannot be followed any longer. */
  took(count: number): boolean {
    const { lan, port, pool } = this.#place;
    const end = HEADROOM + this.#have + count;
    const bytes = this.#held.bytes;
    const next = lan.receive(port, bytes, HEADROOM, end, this.#held);
    if (next === BROKEN) return false;
    const left = end - next;
    if (this.#held.isPinned) {
      const fresh = pool.take();
      if (left > 0) fresh.bytes.set(bytes.subarray(next, end), HEADROOM);
      this.#held.letGo();
      this.#held = fresh;
      this.#empty = fresh.bytes.subarray(HEADROOM);
    } else if (left > 0 && next > HEADROOM) bytes.copyWithin(HEADROOM, next, end);
    this.#have = left;
    return true;
  }

  close(): void {
    this.#held.letGo();
  }
}

export class StreamLink implements Disposable {
  readonly #place: LinkPlace;
  readonly #reader: RecordReader;
  #socket: Socket | undefined;
  #outlet: StreamOutlet | undefined;
  #hasEnded = false;

  private constructor(place: LinkPlace) {
    this.#place = place;
    this.#reader = new RecordReader(place);
  }

  /** Dials. `ended` is called when it fails, too; `joined` when it is there. */
  static dial(path: string, place: LinkPlace, joined: () => void): StreamLink {
    const link = new StreamLink(place);
    const socket = connect({ path, onread: link.#onread() });
    link.#own(socket);
    socket.once("connect", () => {
      link.#attach(socket);
      joined();
    });
    return link;
  }

  /** Takes a connection of a server that was made with `pauseOnConnect`. */
  static accept(accepted: Socket, place: LinkPlace): StreamLink {
    const link = new StreamLink(place);
    const handle = (accepted as unknown as { _handle: unknown })._handle;
    // A server's sockets know no `onread`: the connection moves into a socket that does.
    (accepted as unknown as { _handle: unknown })._handle = null;
    const socket = new Socket({ handle, onread: link.#onread() } as unknown as ConstructorParameters<typeof Socket>[0]);
    link.#own(socket);
    link.#attach(socket);
    return link;
  }

  [Symbol.dispose](): void {
    this.#end("closed");
  }

  #onread(): { buffer: () => Uint8Array; callback: (count: number) => boolean } {
    return { buffer: this.#reader.room, callback: (count) => this.#took(count) };
  }

  #took(count: number): boolean {
    if (this.#hasEnded) return false;
    if (!this.#reader.took(count)) {
      this.#end("it announced a frame of an impossible length");
      return false;
    }
    const crowded = this.#place.port.waitsFor;
    if (crowded === undefined) return true;
    const socket = this.#socket;
    socket?.pause();
    crowded.whenRelieved(() => {
      if (!this.#hasEnded) socket?.resume();
    });
    return true;
  }

  #own(socket: Socket): void {
    this.#socket = socket;
    socket.on("error", (error) => this.#end(error.message));
    socket.on("end", () => this.#end("its peer closed it"));
    socket.on("close", () => this.#end("its peer closed it"));
  }

  #attach(socket: Socket): void {
    if (this.#hasEnded) return;
    this.#outlet = new StreamOutlet(socket, this.#place.pool);
    this.#place.lan.attach(this.#place.port, this.#outlet);
  }

  #end(why: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    if (this.#outlet !== undefined) this.#place.lan.detach(this.#place.port);
    this.#outlet?.close();
    this.#reader.close();
    this.#socket?.destroy();
    this.#place.ended(why);
  }
}

/** For tests and tools that need to know where a server listens. */
export type { Server };
