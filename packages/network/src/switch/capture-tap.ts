// Shows what passes to a capture: of a port both directions, of a network or a VLAN each frame once, where it came in.
import { DROP_WORDS, type DropReason } from "@mimic/model";
import { parseMac } from "@mimic/wire";
import type { CaptureWish } from "@mimic/workbench/ports";
import type { CaptureStream, CaptureTime, FrameFilter } from "../capture/index.ts";
import { lengthAt, RECORD_HEAD } from "./ports.ts";
import type { SwitchPort, Tap } from "./switch-port.ts";

export class CaptureTap implements Tap {
  readonly #stream: CaptureStream;
  readonly #filter: FrameFilter;
  readonly #wish: CaptureWish;
  readonly #now: () => CaptureTime;
  readonly seesSent: boolean;
  readonly #interfaces = new Map<string, number>();
  /** The same by the port itself, which is found faster. */
  readonly #known = new Map<SwitchPort, number>();
  /** “” lets everything pass, and costs nothing. */
  readonly #filters: boolean;

  constructor({ stream, filter, wish, now }: { stream: CaptureStream; filter: FrameFilter; wish: CaptureWish; now: () => CaptureTime }) {
    this.#stream = stream;
    this.#filter = filter;
    this.#wish = wish;
    this.#now = now;
    this.seesSent = wish.what.of === "port";
    this.#filters = wish.filter.trim() !== "";
  }

  passed(
    port: SwitchPort,
    direction: "received" | "sent",
    vlan: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    frames: number,
  ): void {
    const { what } = this.#wish;
    if (what.of === "vlan" && vlan !== what.vlan) return;
    const id = this.#interfaceOf(port);
    if (!this.#filters && this.#stream.isFull) {
      this.#stream.missed(id, frames);
      return;
    }
    const time = this.#now();
    const way = direction === "received" ? "inbound" : "outbound";
    for (let at = from; at < to; ) {
      const start = at + RECORD_HEAD;
      at = start + lengthAt(bytes, at);
      const frame = bytes.subarray(start, at);
      if (this.#filters && !this.#filter(frame)) this.#stream.passedOver(id);
      else this.#stream.packet(id, frame, time, way);
    }
  }

  dropped(port: SwitchPort, vlan: number, bytes: Uint8Array, at: number, length: number, reason: DropReason): void {
    const { what, withDrops } = this.#wish;
    if (!withDrops || (what.of === "vlan" && vlan !== what.vlan)) return;
    const frame = bytes.subarray(at, at + length);
    if (this.#filters && !this.#filter(frame)) return;
    this.#stream.packet(this.#interfaceOf(port), frame, this.#now(), "inbound", `dropped: ${DROP_WORDS[reason].words}`);
  }

  #interfaceOf(port: SwitchPort): number {
    const known = this.#known.get(port);
    if (known !== undefined) return known;
    let id = this.#interfaces.get(port.id);
    if (id === undefined) {
      const { label, mac } = port.wish;
      // The id is for programs, which find the port by it; the label is for people.
      id = this.#stream.addInterface({ name: label, description: port.id, mac: mac === undefined ? undefined : parseMac(mac) });
      this.#interfaces.set(port.id, id);
    }
    this.#known.set(port, id);
    return id;
  }
}
