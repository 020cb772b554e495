// One port: what its plan says, ready for frames, and what is remembered about it. The hot path reads these
// fields; only the switch writes them.
import type { DropReason, PortPlan } from "@mimic/model";
import type { HeldAddresses } from "./address-book.ts";
import { macNumber, ProtocolGuard } from "./guards.ts";
import type { Outlet } from "./outlet.ts";
import type { RunBuffer } from "./run-buffer.ts";
import { Tally } from "./tally.ts";
import { TokenBucket } from "./token-bucket.ts";
import { compileMode, type PortVlans } from "./vlan.ts";

/** What a port is told; the gateway's own port has no plan in the model and is made from this too. */
export type PortWish = Pick<PortPlan, "id" | "label" | "mac" | "mode" | "isUp" | "guards" | "quality"> & {
  /** A mirror gets copies and may not send. */
  readonly isMirror: boolean;
  /** Of this process (the gateway): it does not bridge. */
  readonly isInternal: boolean;
  /** Leads to another switch: carries nothing but probes until one had the time to come home. */
  readonly isLink: boolean;
};

/** Sees whole runs as they pass, unchanged. For captures and mirrors. */
export interface Tap {
  /** Also what is given to the port's owner; otherwise only what is taken from it. */
  readonly seesSent: boolean;
  /** Frames that the switch took from the port's owner, or gave to it. `vlan`: where they belong. */
  passed(port: SwitchPort, direction: "received" | "sent", vlan: number, bytes: Uint8Array, from: number, to: number, frames: number): void;
  dropped?(port: SwitchPort, vlan: number, bytes: Uint8Array, at: number, length: number, reason: DropReason): void;
}

export class SwitchPort {
  readonly index: number;
  readonly id: string;
  wish: PortWish;
  vlans: PortVlans;
  tally = new Tally();
  /** Who is at the other end, and the way there: the same, unless a bad link lies between. */
  peer: Outlet | undefined;
  outlet: Outlet | undefined;
  taps: readonly Tap[] = [];
  /** Those of them that see what is sent, too. */
  sentTaps: readonly Tap[] = [];
  /** Taken out of the switch. */
  isGone = false;
  /** What leaves the machine goes over a bad link first. */
  isShapedUp = false;
  /** Until this time only probes pass (a link to another switch that came up just now). */
  listensUntilMs = 0;
  isListening = false;
  /** VLANs in which the loop guard holds the port shut. */
  readonly shutVlans = new Set<number>();

  /** The only source that may speak here, in two integers; -1 = anybody. */
  ownHigh = -1;
  ownLow = -1;
  guard: ProtocolGuard | undefined;
  broadcasts: TokenBucket | undefined;
  allFrames: TokenBucket | undefined;
  /** Source addresses learned here. */
  learned = 0;

  // The last decision, good as long as the switch's version is the same.
  cacheVersion = -1;
  cacheDstHigh = 0;
  cacheDstLow = 0;
  cacheSrcHigh = 0;
  cacheSrcLow = 0;
  cacheTag = 0;
  cacheKey = 0;
  // The same frame's first 14 bytes as little-endian words, where nothing but these is looked at here; see `passRepeated`.
  repeatVersion = -1;
  repeatFirst = 0;
  repeatSecond = 0;
  repeatThird = 0;
  repeatType = 0;

  /** Frames of the present batch that must be copied on their way out; sent when the batch ends. */
  gather: Gather | undefined;
  /** Something was delivered since the last flush. */
  isTouched = false;
  /** An outlet that this port's owner should wait for, if it can; set by the switch during `receive`. */
  waitsFor: Outlet | undefined;

  constructor(index: number, wish: PortWish, book: HeldAddresses, nowMs: number) {
    this.index = index;
    this.id = wish.id;
    this.wish = wish;
    this.vlans = compileMode(wish.mode);
    this.#compile(book, nowMs);
  }

  change(wish: PortWish, book: HeldAddresses, nowMs: number): void {
    this.wish = wish;
    this.vlans = compileMode(wish.mode);
    this.#compile(book, nowMs);
  }

  #compile(book: HeldAddresses, nowMs: number): void {
    const { guards, mac } = this.wish;
    const own = guards.mac && mac !== undefined ? macNumber(mac) : -1;
    this.ownHigh = own < 0 ? -1 : Math.floor(own / 0x1_0000_0000);
    this.ownLow = own < 0 ? -1 : own | 0;
    const inspects = guards.ip || guards.dhcp || guards.routerAdvertisements;
    this.guard = inspects && !this.vlans.isTunnel ? new ProtocolGuard(guards, book) : undefined;
    this.broadcasts = guards.broadcastPerSecond > 0 ? new TokenBucket(guards.broadcastPerSecond, nowMs) : undefined;
    this.allFrames = guards.framesPerSecond > 0 ? new TokenBucket(guards.framesPerSecond, nowMs) : undefined;
    this.cacheVersion = -1;
    this.repeatVersion = -1;
  }

  /** Whether only its own address may speak here: then no loop can lead through it. */
  get isEdge(): boolean {
    return this.ownHigh >= 0;
  }

  get canLoop(): boolean {
    return !this.isEdge && !this.wish.isMirror && !this.wish.isInternal;
  }

  /** Plugged in and switched on, with somebody at the other end. */
  get isOpen(): boolean {
    return this.wish.isUp && this.outlet !== undefined;
  }
}

export interface Gather {
  buffer: RunBuffer;
  used: number;
  frames: number;
  vlan: number;
  /** Who is asked to wait when the way out is crowded. */
  sender: SwitchPort | undefined;
}
