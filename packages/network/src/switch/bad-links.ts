// The links of a switch that are not perfect. What leaves a machine over one is offered before the switch sees it; what
// goes to a machine is offered on its way out. Ports whose links are good know nothing of this.
import type { DropReason, TwoWayQuality } from "@mimic/model";
import { chanceOf, ImpairedLinks } from "../quality/index.ts";
import type { Drops } from "./drops.ts";
import type { Outlet, Sent } from "./outlet.ts";
import { lengthAt, RECORD_HEAD, writeRecordHead } from "./ports.ts";
import type { SwitchPort } from "./switch-port.ts";

/** Numbers of links: two per port. */
const upOf = (port: SwitchPort): number => port.index * 2;
const downOf = (port: SwitchPort): number => port.index * 2 + 1;

export interface BadLinksWorld {
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** `release` has something to do at that time, in ms. */
  readonly wakeAt: (atMs: number) => void;
  readonly portOf: (index: number) => SwitchPort | undefined;
  /** A record came over from the machine: the switch may look at it now. */
  readonly cameIn: (port: SwitchPort, record: Uint8Array) => void;
}

export class BadLinks {
  readonly #world: BadLinksWorld;
  readonly #drops: Drops;
  readonly #links: ImpairedLinks;
  #wakesAtMs = Number.POSITIVE_INFINITY;

  constructor(world: BadLinksWorld, drops: Drops) {
    this.#world = world;
    this.#drops = drops;
    this.#links = new ImpairedLinks({ chance: chanceOf({ bytes: world.random }), deliver: (link, frame) => this.#deliver(link, frame) });
  }

  set(port: SwitchPort, { up, down }: TwoWayQuality): void {
    const nowUs = this.#world.nowMs() * 1000;
    this.#links.set(upOf(port), up, nowUs);
    this.#links.set(downOf(port), down, nowUs);
    port.isShapedUp = this.#links.has(upOf(port));
    this.fit(port);
    this.#sleep();
  }

  /** Puts the link between the switch and whoever is at the port's other end, where it has an effect. */
  fit(port: SwitchPort): void {
    const { peer } = port;
    port.outlet = peer !== undefined && this.#links.has(downOf(port)) ? this.#over(port, peer) : peer;
  }

  remove(port: SwitchPort): void {
    this.#links.remove(upOf(port));
    this.#links.remove(downOf(port));
  }

  /** Offers what a machine sent; the frames that need not wait come in within the call. */
  offerUp(port: SwitchPort, bytes: Uint8Array, from: number, to: number): void {
    this.#offer(port, upOf(port), bytes, from, to);
    if (!this.#links.has(upOf(port))) port.isShapedUp = false;
  }

  release(): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#links.release(this.#world.nowMs() * 1000);
    this.#sleep();
  }

  #over(port: SwitchPort, peer: Outlet): Outlet {
    return {
      gathers: peer.gathers,
      send: (bytes, from, to, frames, memory): Sent => {
        if (!this.#links.has(downOf(port))) return peer.send(bytes, from, to, frames, memory);
        this.#offer(port, downOf(port), bytes, from, to);
        return "taken";
      },
      flush: () => peer.flush(),
      queuedBytes: () => peer.queuedBytes(),
      whenRelieved: (then) => peer.whenRelieved(then),
    };
  }

  #offer(port: SwitchPort, link: number, bytes: Uint8Array, from: number, to: number): void {
    const nowUs = this.#world.nowMs() * 1000;
    for (let at = from; at < to; ) {
      const length = lengthAt(bytes, at);
      const start = at + RECORD_HEAD;
      const reason: DropReason | undefined = this.#links.offer(link, bytes.subarray(start, start + length), nowUs);
      if (reason !== undefined) this.#drops.one(port, reason, bytes, start, length, { vlan: 0 });
      at = start + length;
    }
    this.#sleep();
  }

  #deliver(link: number, frame: Uint8Array): void {
    const port = this.#world.portOf(link >> 1);
    if (port === undefined) return;
    const record = new Uint8Array(RECORD_HEAD + frame.length);
    writeRecordHead(record, 0, frame.length);
    record.set(frame, RECORD_HEAD);
    if (link % 2 === 0) this.#world.cameIn(port, record);
    else if (port.peer?.send(record, 0, record.length, 1, undefined) === "full")
      this.#drops.one(port, "queueFull", frame, 0, frame.length, { vlan: 0 });
    else if (port.peer?.gathers) port.peer.flush();
  }

  #sleep(): void {
    const dueMs = this.#links.nextDueUs / 1000;
    if (dueMs >= this.#wakesAtMs || !Number.isFinite(dueMs)) return;
    this.#wakesAtMs = dueMs;
    this.#world.wakeAt(dueMs);
  }
}
