// A capture as a stream of pcap-ng bytes with a stated bound. Frames are written at once into chunks; whoever reads takes
// chunks. When too much waits, frames are not written but counted: the next frame of that interface says how many are missing
// before it (epb_dropcount), and so do the statistics at the end.
import {
  type CaptureTime,
  type Direction,
  type InterfaceFacts,
  interfaceBlock,
  makeRoom,
  packetBlockLength,
  type Room,
  sectionBlock,
  statisticsBlock,
  writePacketBlock,
} from "./pcapng-blocks.ts";

export interface CaptureStreamOptions {
  /** What may wait for its reader; at least two chunks. */
  readonly bufferBytes?: number;
  /** Bytes kept of each frame; 0 = all. */
  readonly snapLength: number;
  /** In words, for people; written to the file. */
  readonly filter?: string;
  /** Called when there is something to take after there was nothing. */
  readonly onReadable?: () => void;
}

export interface CaptureCounters {
  readonly received: number;
  readonly accepted: number;
  /** Accepted, but the reader was too slow. */
  readonly lost: number;
}

interface CaptureInterface {
  received: number;
  accepted: number;
  lost: number;
  /** Since the last frame of this interface that was written. */
  lostInARow: number;
}

const CHUNK_BYTES = 256 * 1024;
/** The longest frame, its head and a comment. */
const LONGEST_BLOCK = 68 * 1024;
const KEPT_FREE = 8;
const MAX_COMMENT_BYTES = 500;
const MAX_KEPT_COMMENTS = 256;
const text = new TextEncoder();

export class CaptureStream {
  readonly #snapLength: number;
  readonly #filter: string | undefined;
  readonly #onReadable: (() => void) | undefined;
  readonly #maxFull: number;
  readonly #interfaces: CaptureInterface[] = [];
  #room: Room = makeRoom(CHUNK_BYTES);
  #end = 0;
  /** Chunks that wait for the reader, the oldest first. */
  readonly #full: Uint8Array[] = [];
  readonly #free: Room[] = [];
  /** Descriptions of interfaces and statistics that found no room. They are small, and one or two per interface. */
  #pending: Uint8Array[] = [];
  #isClosed = false;
  readonly #comments = new Map<string, Uint8Array>();
  /** `packet` fills this one object again and again. */
  readonly #facts = {
    interfaceId: 0,
    time: { high: 0, low: 0 } as CaptureTime,
    direction: "unknown" as Direction,
    captured: 0,
    comment: undefined as Uint8Array | undefined,
    lost: 0,
  };

  constructor(options: CaptureStreamOptions) {
    this.#snapLength = options.snapLength;
    this.#filter = options.filter || undefined;
    this.#onReadable = options.onReadable;
    this.#maxFull = Math.max(1, Math.floor((options.bufferBytes ?? 8 * 1024 ** 2) / CHUNK_BYTES) - 1);
    this.#put(sectionBlock("Mimic"));
  }

  /** Answers the number that `packet` takes. */
  addInterface(facts: Omit<InterfaceFacts, "snapLength" | "filter">): number {
    this.#put(interfaceBlock({ ...facts, snapLength: this.#snapLength, filter: this.#filter }));
    return this.#interfaces.push({ received: 0, accepted: 0, lost: 0, lostInARow: 0 }) - 1;
  }

  /** A frame that the filter did not let pass: for the statistics. */
  passedOver(interfaceId: number): void {
    const one = this.#interfaces[interfaceId];
    if (one !== undefined) one.received++;
  }

  /** Whether a long frame would find no room now: who has many need not offer each. */
  get isFull(): boolean {
    return this.#pending.length > 0 || (this.#full.length >= this.#maxFull && this.#end + LONGEST_BLOCK > CHUNK_BYTES);
  }

  /** So many frames went by unseen, because it was full. */
  missed(interfaceId: number, frames: number): void {
    const one = this.#interfaces[interfaceId];
    if (one === undefined || this.#isClosed) return;
    one.received += frames;
    one.accepted += frames;
    one.lost += frames;
    one.lostInARow += frames;
  }

  /** Copies the frame, or counts it as lost. `comment`: why it was dropped, for example. */
  packet(interfaceId: number, frame: Uint8Array, time: CaptureTime, direction: Direction, comment?: string): void {
    const one = this.#interfaces[interfaceId];
    if (one === undefined || this.#isClosed) return;
    one.received++;
    one.accepted++;
    const facts = this.#facts;
    facts.captured = this.#snapLength > 0 && frame.length > this.#snapLength ? this.#snapLength : frame.length;
    facts.comment = comment ? this.#encoded(comment) : undefined;
    facts.lost = one.lostInARow;
    const length = packetBlockLength(facts.captured, facts.comment?.length ?? 0, facts.lost > 0);
    if (this.#pending.length > 0 || !this.#makeRoom(length)) {
      one.lost++;
      one.lostInARow++;
      return;
    }
    one.lostInARow = 0;
    facts.interfaceId = interfaceId;
    facts.time = time;
    facts.direction = direction;
    const wasEmpty = this.#isEmpty();
    this.#end = writePacketBlock(this.#room, this.#end, frame, facts);
    if (wasEmpty) this.#onReadable?.();
  }

  /** The oldest whole blocks, which are the caller's now; undefined when there is nothing. */
  take(): Uint8Array | undefined {
    const full = this.#full.shift();
    if (full !== undefined) {
      this.#flushPending();
      return full;
    }
    if (this.#end === 0) return undefined;
    const rest = this.#room.bytes.subarray(0, this.#end);
    this.#room = this.#free.pop() ?? makeRoom(CHUNK_BYTES);
    this.#end = 0;
    this.#flushPending();
    return rest;
  }

  /** What `take` gave may be used again: saves memory, need not be called. */
  giveBack(taken: Uint8Array): void {
    if (this.#free.length >= KEPT_FREE || taken.buffer.byteLength !== CHUNK_BYTES) return;
    this.#free.push({ bytes: new Uint8Array(taken.buffer), view: new DataView(taken.buffer) });
  }

  /** Writes the statistics of each interface; frames that come later are not looked at. */
  close(time: CaptureTime): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const [id, { received, accepted, lost }] of this.#interfaces.entries()) {
      this.#put(statisticsBlock(id, { time, received, accepted, lost }));
    }
  }

  counters(): CaptureCounters {
    const sum = (key: keyof CaptureCounters): number => this.#interfaces.reduce((total, one) => total + one[key], 0);
    return { received: sum("received"), accepted: sum("accepted"), lost: sum("lost") };
  }

  #isEmpty(): boolean {
    return this.#end === 0 && this.#full.length === 0;
  }

  #makeRoom(length: number): boolean {
    if (this.#end + length <= CHUNK_BYTES) return true;
    if (length > CHUNK_BYTES || this.#full.length >= this.#maxFull) return false;
    this.#full.push(this.#room.bytes.subarray(0, this.#end));
    this.#room = this.#free.pop() ?? makeRoom(CHUNK_BYTES);
    this.#end = 0;
    return true;
  }

  #put(block: Uint8Array): void {
    if (this.#pending.length > 0 || !this.#makeRoom(block.length)) {
      this.#pending.push(block);
      return;
    }
    const wasEmpty = this.#isEmpty();
    this.#room.bytes.set(block, this.#end);
    this.#end += block.length;
    if (wasEmpty) this.#onReadable?.();
  }

  #flushPending(): void {
    if (this.#pending.length === 0) return;
    const waiting = this.#pending;
    this.#pending = [];
    for (const block of waiting) this.#put(block);
  }

  #encoded(comment: string): Uint8Array {
    const known = this.#comments.get(comment);
    if (known !== undefined) return known;
    if (this.#comments.size >= MAX_KEPT_COMMENTS) this.#comments.clear();
    const bytes = text.encode(comment);
    // Cut between characters, so that it stays UTF-8.
    let end = Math.min(bytes.length, MAX_COMMENT_BYTES);
    while (end < bytes.length && ((bytes[end] as number) & 0xc0) === 0x80) end--;
    this.#comments.set(comment, bytes.subarray(0, end));
    return bytes.subarray(0, end);
  }
}
