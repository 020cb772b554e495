// The ways out of a switch: a run goes to a port's outlet as it is, or, where a tag changes, is copied frame by frame into
// the port's own buffer and sent from there when the batch is over. Order is kept: what was gathered goes first.
import type { Drops } from "./drops.ts";
import { lengthAt, RECORD_HEAD, writeRecordHead } from "./ports.ts";
import { copyRetagged, KEPT_BYTES, restore, retagInPlace } from "./retag.ts";
import { BufferPool, type RunMemory } from "./run-buffer.ts";
import type { SwitchPort } from "./switch-port.ts";
import { type Form, TAG_BYTES } from "./vlan.ts";

const GATHER_BYTES = 262_144;
const KEPT_BUFFERS = 16;

export class Exits {
  readonly #drops: Drops;
  readonly #pool = new BufferPool(() => new Uint8Array(GATHER_BYTES), KEPT_BUFFERS);
  /** Ports that got something since the batch began. */
  readonly touched: SwitchPort[] = [];

  constructor(drops: Drops) {
    this.#drops = drops;
  }

  send(
    dst: SwitchPort,
    vlan: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    frames: number,
    memory: RunMemory | undefined,
    sender: SwitchPort | undefined,
  ): void {
    const outlet = dst.outlet;
    if (outlet === undefined) return;
    if (dst.gather !== undefined && dst.gather.frames > 0) this.sendGathered(dst);
    if (outlet.gathers && !dst.isTouched) this.#touch(dst);
    const sent = outlet.send(bytes, from, to, frames, memory);
    if (sent === "full") {
      this.#drops.run(dst, "queueFull", bytes, from, to, vlan);
      return;
    }
    if (sent === "crowded" && sender !== undefined) sender.waitsFor = outlet;
    dst.tally.sentFrames += frames;
    dst.tally.sentBytes += to - from - frames * RECORD_HEAD;
    if (dst.sentTaps.length > 0) showSent(dst, vlan, bytes, from, to, frames);
  }

  /** Sends frames in another form than they came in. One frame alone is changed where it lies, and changed back. */
  copy(port: SwitchPort, dst: SwitchPort, vlan: number, form: Form, formOut: Form, bytes: Uint8Array, from: number, to: number): void {
    const isAlone = from + RECORD_HEAD + lengthAt(bytes, from) === to && (dst.gather === undefined || dst.gather.frames === 0);
    if (isAlone && this.#sendChanged(port, dst, vlan, form, formOut, bytes, from, to)) return;
    for (let at = from; at < to; ) {
      const length = lengthAt(bytes, at);
      let gather = this.#gatherOf(dst, vlan, length + RECORD_HEAD + TAG_BYTES);
      if (gather === undefined) {
        this.sendGathered(dst);
        gather = this.#gatherOf(dst, vlan, length + RECORD_HEAD + TAG_BYTES) as NonNullable<typeof gather>;
      }
      const wrote = copyRetagged(
        { bytes, at: at + RECORD_HEAD, length, form },
        { bytes: gather.buffer.bytes, at: gather.used + RECORD_HEAD, form: formOut, vlan, mayNest: dst.vlans.isTunnel },
      );
      if (wrote < 0) {
        this.#drops.one(port, "doubleTag", bytes, at + RECORD_HEAD, length, { vlan });
      } else {
        writeRecordHead(gather.buffer.bytes, gather.used, wrote);
        gather.used += RECORD_HEAD + wrote;
        gather.frames++;
        gather.sender = port;
      }
      at += RECORD_HEAD + length;
    }
  }

  /** False = it must be copied after all: there is no room before it, or it may not leave like that. */
  #sendChanged(
    port: SwitchPort,
    dst: SwitchPort,
    vlan: number,
    form: Form,
    formOut: Form,
    bytes: Uint8Array,
    from: number,
    to: number,
  ): boolean {
    const start = retagInPlace(bytes, from, { form, formOut, vlan, mayNest: dst.vlans.isTunnel }, this.#kept);
    if (start < 0) return false;
    // Nobody may keep these bytes: they are not what came in.
    this.send(dst, vlan, bytes, start, to, 1, undefined, port);
    restore(bytes, from, this.#kept);
    return true;
  }

  readonly #kept = new Uint8Array(KEPT_BYTES);

  /** Where copies for this port are gathered; undefined = full, or for another VLAN: what is there must go first. */
  #gatherOf(dst: SwitchPort, vlan: number, room: number): NonNullable<SwitchPort["gather"]> | undefined {
    if (dst.gather === undefined) dst.gather = { buffer: this.#pool.take(), used: 0, frames: 0, vlan, sender: undefined };
    const gather = dst.gather;
    if (gather.frames === 0) gather.vlan = vlan;
    else if (gather.used + room > gather.buffer.bytes.length || (gather.vlan !== vlan && dst.sentTaps.length > 0)) return undefined;
    if (!dst.isTouched) this.#touch(dst);
    return gather;
  }

  sendGathered(dst: SwitchPort): void {
    const gather = dst.gather;
    if (gather === undefined || gather.frames === 0) return;
    const { buffer, used, frames, vlan, sender } = gather;
    gather.used = 0;
    gather.frames = 0;
    gather.sender = undefined;
    this.send(dst, vlan, buffer.bytes, 0, used, frames, buffer, sender);
    if (!buffer.isPinned) return;
    buffer.letGo();
    gather.buffer = this.#pool.take();
  }

  #touch(dst: SwitchPort): void {
    dst.isTouched = true;
    this.touched.push(dst);
  }
}

// Apart from the hot path, which stays small enough to be compiled in one piece.
function showSent(dst: SwitchPort, vlan: number, bytes: Uint8Array, from: number, to: number, frames: number): void {
  for (const tap of dst.sentTaps) tap.passed(dst, "sent", vlan, bytes, from, to, frames);
}
