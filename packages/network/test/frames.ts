// Frames and ports for the tests of the switch.
import { noGuards, type PortGuards, type PortMode, type TwoWayQuality } from "@mimic/model";
import type { FramePort } from "../src/index.ts";
import { framesOf } from "../src/index.ts";
import { outletOf } from "../src/switch/outlet.ts";
import { BufferPool } from "../src/switch/run-buffer.ts";
import { Switch } from "../src/switch/switch.ts";
import type { SwitchPort } from "../src/switch/switch-port.ts";
import type { SwitchSettings } from "../src/switch/switch-world.ts";

export const BROADCAST = "ff:ff:ff:ff:ff:ff";
export const macOf = (n: number): string =>
  `52:54:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;

const macBytes = (mac: string): number[] => mac.split(":").map((part) => Number.parseInt(part, 16));

export interface FrameWish {
  readonly to: string;
  readonly from: string;
  /** Outer first: [type, TCI]. */
  readonly tags?: readonly (readonly [number, number])[];
  readonly type?: number;
  readonly payload?: readonly number[] | Uint8Array;
  readonly size?: number;
}

export function frame({ to, from, tags = [], type = 0x88b5, payload = [], size = 60 }: FrameWish): Uint8Array {
  const head = [
    ...macBytes(to),
    ...macBytes(from),
    ...tags.flatMap(([t, tci]) => [t >> 8, t & 255, tci >> 8, tci & 255]),
    type >> 8,
    type & 255,
  ];
  const bytes = new Uint8Array(Math.max(size, head.length + payload.length));
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

export const record = (bytes: Uint8Array): Uint8Array => {
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setUint32(0, bytes.length);
  whole.set(bytes, 4);
  return whole;
};

export const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** A switch whose ports are arrays. Time stands still unless it is moved. */
const HEADROOM = 4;

export class TestLan {
  nowMs = 1_000_000;
  readonly news: string[] = [];
  readonly lan: Switch;
  readonly got = new Map<string, Uint8Array[]>();
  readonly #pool = new BufferPool(() => new Uint8Array(262_144), 4);
  #random = 1;
  #dueMs = Number.POSITIVE_INFINITY;

  constructor(settings: Partial<SwitchSettings> = {}) {
    this.lan = new Switch(
      { id: "net_a", mtu: 1500, macAgeSeconds: 300, snooping: true, loopGuard: false, ...settings },
      {
        nowMs: () => this.nowMs,
        wallMs: () => this.nowMs,
        random: (count) => Uint8Array.from({ length: count }, () => this.#chance()),
        tell: (news) => this.news.push(news.words),
        wakeAt: (atMs) => {
          this.#dueMs = Math.min(this.#dueMs, atMs);
        },
      },
    );
  }

  #chance(): number {
    this.#random = (this.#random * 48_271) % 2_147_483_647;
    return this.#random & 255;
  }

  add(
    id: string,
    wish: { mode?: PortMode; guards?: Partial<PortGuards>; mac?: string; isMirror?: boolean; quality?: TwoWayQuality } = {},
  ): SwitchPort {
    const port = this.lan.addPort({
      id,
      label: id,
      mac: wish.mac,
      mode: wish.mode ?? { mode: "access", vlan: 1 },
      isUp: true,
      guards: { ...noGuards, ...wish.guards },
      quality: wish.quality ?? { up: {}, down: {} },
      isMirror: wish.isMirror ?? false,
      isInternal: false,
      isLink: false,
    });
    this.plug(port);
    return port;
  }

  /** `comesBack`: which frames return by the port by which they leave, as in a cable that is plugged into itself. */
  plug(port: SwitchPort, comesBack: (frame: Uint8Array) => boolean = () => false): void {
    const frames: Uint8Array[] = [];
    this.got.set(port.id, frames);
    const take = (one: Uint8Array): void => {
      frames.push(one.slice());
      const back = comesBack(one) ? record(one) : undefined;
      if (back) this.lan.receive(port, back, 0, back.length, undefined);
    };
    const sink: FramePort = { deliver: (run) => [...framesOf(run)].forEach(take), flush: () => {} };
    this.lan.attach(port, outletOf(sink));
  }

  /** Sends frames into a port, in one batch. */
  send(port: SwitchPort, ...frames: Uint8Array[]): void {
    const run = concat(frames.map(record));
    // In the memory of a link, behind its headroom.
    const held = this.#pool.take();
    held.bytes.set(run, HEADROOM);
    this.lan.receive(port, held.bytes, HEADROOM, HEADROOM + run.length, held);
    held.letGo();
  }

  /** What a port got since it was asked last. */
  take(port: SwitchPort): Uint8Array[] {
    return this.got.get(port.id)?.splice(0) ?? [];
  }

  takeAll(): Map<string, Uint8Array[]> {
    return new Map([...this.got].map(([id, frames]) => [id, frames.splice(0)]));
  }

  pass(ms: number): void {
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      const step = Math.min(this.nowMs + 500 - (this.nowMs % 500), end, Math.max(this.nowMs, this.#dueMs));
      this.nowMs = step;
      if (this.#dueMs <= step) {
        this.#dueMs = Number.POSITIVE_INFINITY;
        this.lan.release();
      }
      if (step % 500 === 0) this.lan.tick();
    }
  }
}
