// Where one frame goes, as an integer (decision.ts): may it come in here, what does its sender claim, who has its
// destination. Reads the frame and changes nothing in it; what it may not do is counted as dropped. The hot path of the
// switch: the last decision of each port is remembered, and holds as long as the layout's version is the same.
import type { DropReason } from "@mimic/model";
import { DROPPED, decisionOf, FIRST_GROUP, FLOOD, formOf, ROUTERS, vlanOf } from "./decision.ts";
import type { Drops } from "./drops.ts";
import type { Layout } from "./layout.ts";
import type { LoopGuard } from "./loop-guard.ts";
import type { GroupTable } from "./multicast.ts";
import { LONGEST_FRAME, RECORD_HEAD, SHORTEST_FRAME } from "./ports.ts";
import type { SwitchPort } from "./switch-port.ts";
import type { SwitchSettings } from "./switch-world.ts";
import { FORM, type Form, isTagType, placeFrame, TAG_BYTES, TYPE_CTAG } from "./vlan.ts";
import type { Whereabouts } from "./whereabouts.ts";

export interface DeciderParts {
  readonly layout: Layout;
  readonly where: Whereabouts;
  readonly groups: GroupTable;
  readonly loops: LoopGuard;
  readonly drops: Drops;
  readonly nowMs: () => number;
  /** A new address spoke in this VLAN, which may never have had a frame before. */
  readonly sawVlan: (vlan: number) => void;
}

/** A probe of the loop guard that came in, its tag taken off. */
export interface HeardProbe {
  readonly port: SwitchPort;
  readonly vlan: number;
  readonly frame: Uint8Array;
}

export class Decider {
  readonly #layout: Layout;
  readonly #where: Whereabouts;
  readonly #groups: GroupTable;
  readonly #loops: LoopGuard;
  readonly #drops: Drops;
  readonly #nowMs: () => number;
  readonly #sawVlan: (vlan: number) => void;
  readonly #speaker = { vlan: 0, mac: 0, tick: 0 };
  #settings: SwitchSettings;
  #longest: number;
  /** Seconds; what is learned is stamped with it. */
  tick: number;
  /** To be taken when the batch is over: the answers must not change bytes that are still being read. */
  readonly heard: HeardProbe[] = [];

  constructor(settings: SwitchSettings, tick: number, parts: DeciderParts) {
    this.#settings = settings;
    this.#longest = longestFrame(settings.mtu);
    this.tick = tick;
    this.#layout = parts.layout;
    this.#where = parts.where;
    this.#groups = parts.groups;
    this.#loops = parts.loops;
    this.#drops = parts.drops;
    this.#nowMs = parts.nowMs;
    this.#sawVlan = parts.sawVlan;
  }

  configure(settings: SwitchSettings): void {
    this.#settings = settings;
    this.#longest = longestFrame(settings.mtu);
  }

  /** How many records `passRepeated` walked over. */
  repeated = 0;

  /**
   * Walks over records whose frames begin as the last one here that had a way: `port.cacheKey` holds for them too. Answers where
   * they end. Half of the price of a small frame is looking at it; here that is four words.
   */
  passRepeated(port: SwitchPort, view: DataView, from: number, to: number): number {
    this.repeated = 0;
    if (port.repeatVersion !== this.#layout.version) return from;
    const { repeatFirst, repeatSecond, repeatThird, repeatType } = port;
    let at = from;
    let frames = 0;
    while (to - at >= RECORD_HEAD + SHORTEST_FRAME) {
      const n = view.getUint32(at);
      if (n < SHORTEST_FRAME || n > this.#longest || at + RECORD_HEAD + n > to) break;
      if (view.getInt32(at + RECORD_HEAD, true) !== repeatFirst || view.getInt32(at + RECORD_HEAD + 4, true) !== repeatSecond) break;
      if (view.getInt32(at + RECORD_HEAD + 8, true) !== repeatThird || view.getUint16(at + RECORD_HEAD + 12, true) !== repeatType) break;
      at += RECORD_HEAD + n;
      frames++;
    }
    this.repeated = frames;
    return at;
  }

  /** One frame at `bytes[f, f + n)`: where it goes, or DROPPED, counted already. */
  decide(port: SwitchPort, bytes: Uint8Array, f: number, n: number): number {
    if (n < SHORTEST_FRAME) return this.#drop(port, "tooShort", bytes, f, n);
    if (n > this.#longest) return this.#drop(port, "tooLong", bytes, f, n);
    const dstHigh = ((bytes[f] as number) << 8) | (bytes[f + 1] as number);
    const dstLow =
      ((bytes[f + 2] as number) << 24) | ((bytes[f + 3] as number) << 16) | ((bytes[f + 4] as number) << 8) | (bytes[f + 5] as number);
    const srcHigh = ((bytes[f + 6] as number) << 8) | (bytes[f + 7] as number);
    const srcLow =
      ((bytes[f + 8] as number) << 24) | ((bytes[f + 9] as number) << 16) | ((bytes[f + 10] as number) << 8) | (bytes[f + 11] as number);
    let type = ((bytes[f + 12] as number) << 8) | (bytes[f + 13] as number);
    let payload = f + 14;
    let tag = 0;
    if (type >= TYPE_CTAG && isTagType(type) && !port.vlans.isTunnel) {
      if (n < SHORTEST_FRAME + TAG_BYTES) return this.#drop(port, "malformed", bytes, f, n);
      tag = (type << 16) | ((bytes[f + 14] as number) << 8) | (bytes[f + 15] as number);
      type = ((bytes[f + 16] as number) << 8) | (bytes[f + 17] as number);
      payload = f + 18;
    }
    const isKnown =
      port.cacheVersion === this.#layout.version &&
      port.cacheDstLow === dstLow &&
      port.cacheSrcLow === srcLow &&
      port.cacheDstHigh === dstHigh &&
      port.cacheSrcHigh === srcHigh &&
      port.cacheTag === tag;
    let admitted: number;
    if (isKnown) admitted = port.cacheKey;
    else {
      admitted = this.#admit(port, bytes, f, n, tag, srcHigh, srcLow);
      if (admitted === DROPPED) return DROPPED;
    }
    const vlan = vlanOf(admitted);
    if (port.guard !== undefined && (type === 0x0800 || type === 0x86dd || type === 0x0806 || type < 0x600)) {
      this.#speaker.vlan = vlan;
      this.#speaker.mac = srcHigh * 0x1_0000_0000 + (srcLow >>> 0);
      this.#speaker.tick = this.tick;
      const reason = port.guard.check(bytes, type, payload, f + n, this.#speaker);
      if (reason !== undefined) return this.#drop(port, reason, bytes, f, n, vlan);
    }
    if (port.allFrames !== undefined && !port.allFrames.take(this.#nowMs())) return this.#drop(port, "rateLimit", bytes, f, n, vlan);
    if (isKnown) return admitted;
    const form = formOf(admitted);
    const learned = this.#where.learn(port, vlan, srcHigh, srcLow, this.tick);
    if (learned === "macSpoofed" || learned === "macLimit") return this.#drop(port, learned, bytes, f, n, vlan);
    if (learned !== "known") this.#layout.version++;
    if (learned === "fresh") this.#sawVlan(vlan);
    if (dstHigh & 0x100) return this.#decideGroup(port, bytes, f, n, { vlan, form, type, payload, dstHigh, dstLow });
    const found = this.#where.find(vlan, dstHigh, dstLow);
    const key = decisionOf(found < 0 ? FLOOD : found, vlan, form);
    port.cacheVersion = this.#layout.version;
    port.cacheDstHigh = dstHigh;
    port.cacheDstLow = dstLow;
    port.cacheSrcHigh = srcHigh;
    port.cacheSrcLow = srcLow;
    port.cacheTag = tag;
    port.cacheKey = key;
    const isAllThatCounts = tag === 0 && port.guard === undefined && port.allFrames === undefined;
    port.repeatVersion = isAllThatCounts ? this.#layout.version : -1;
    port.repeatFirst = swapped((dstHigh << 16) | (dstLow >>> 16));
    port.repeatSecond = swapped((dstLow << 16) | srcHigh);
    port.repeatThird = swapped(srcLow);
    port.repeatType = ((type & 0xff) << 8) | (type >>> 8);
    return key;
  }

  /** May the frame come in here, and into which VLAN? The decision with no target yet, or DROPPED. */
  #admit(port: SwitchPort, bytes: Uint8Array, f: number, n: number, tag: number, srcHigh: number, srcLow: number): number {
    if (port.wish.isMirror) return this.#drop(port, "mirrorMaySendNothing", bytes, f, n);
    if (!port.wish.isUp) return this.#drop(port, "portDown", bytes, f, n);
    const placed = placeFrame(port.vlans, tag, { refusesTags: port.wish.guards.tags, services: this.#layout.services });
    if (typeof placed === "string") return this.#drop(port, placed, bytes, f, n);
    const vlan = placed & 0xfff;
    if (port.ownHigh >= 0 && (srcHigh !== port.ownHigh || srcLow !== port.ownLow)) return this.#drop(port, "macSpoofed", bytes, f, n, vlan);
    // A group cannot send (IEEE 802.3 §3.2.3); nobody has the address 0.
    if ((srcHigh & 0x100) !== 0 || (srcHigh === 0 && srcLow === 0)) return this.#drop(port, "malformed", bytes, f, n, vlan);
    if (this.#loops.isProbe(bytes, f, tag === 0 ? f + 12 : f + 12 + TAG_BYTES)) return this.#takeProbe(port, bytes, f, n, placed);
    if (port.isListening || (port.shutVlans.size > 0 && port.shutVlans.has(vlan)))
      return this.#drop(port, "loopBlocked", bytes, f, n, vlan);
    return placed << 12;
  }

  #takeProbe(port: SwitchPort, bytes: Uint8Array, f: number, n: number, placed: number): number {
    if (!this.#settings.loopGuard || !port.canLoop) return this.#drop(port, "reservedAddress", bytes, f, n, placed & 0xfff);
    const cut = placed >> 12 === FORM.plain ? 0 : TAG_BYTES;
    const frame = new Uint8Array(n - cut);
    frame.set(bytes.subarray(f, f + 12));
    frame.set(bytes.subarray(f + 12 + cut, f + n), 12);
    this.heard.push({ port, vlan: placed & 0xfff, frame });
    return DROPPED;
  }

  #decideGroup(
    port: SwitchPort,
    bytes: Uint8Array,
    f: number,
    n: number,
    at: { vlan: number; form: Form; type: number; payload: number; dstHigh: number; dstLow: number },
  ): number {
    port.tally.broadcasts++;
    // IEEE 802.1Q §8.6.3: these concern only who is at the other end of the cable.
    if (at.dstHigh === 0x0180 && (at.dstLow & 0xffff_fff0) === (0xc200_0000 | 0))
      return this.#drop(port, "reservedAddress", bytes, f, n, at.vlan);
    if (port.broadcasts !== undefined && !port.broadcasts.take(this.#nowMs()))
      return this.#drop(port, "broadcastLimit", bytes, f, n, at.vlan);
    if (!this.#settings.snooping || (at.dstHigh === 0xffff && at.dstLow === -1)) return decisionOf(FLOOD, at.vlan, at.form);
    const isToAll = (at.dstHigh === 0x0100 && at.dstLow === 0x5e00_0001) || (at.dstHigh === 0x3333 && at.dstLow === 1);
    const isReport = this.#groups.observe(
      { vlan: at.vlan, port: port.index, tick: this.tick, mayAsk: isToAll && !port.wish.guards.routerAdvertisements },
      bytes,
      at.type,
      at.payload,
      f + n,
    );
    if (isReport && this.#groups.hasQuerier(at.vlan)) return decisionOf(ROUTERS, at.vlan, at.form);
    const group = this.#groups.find(at.vlan, at.dstHigh, at.dstLow);
    return decisionOf(group < 0 ? FLOOD : FIRST_GROUP + group, at.vlan, at.form);
  }

  #drop(port: SwitchPort, reason: DropReason, bytes: Uint8Array, f: number, n: number, vlan = 0): number {
    this.#drops.one(port, reason, bytes, f, n, { vlan });
    return DROPPED;
  }
}

/** A word as it reads from the other end. */
const swapped = (word: number): number => ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);

/** The network's MTU is what an IP packet may have; a frame has its header and room for two tags besides. */
const longestFrame = (mtu: number): number => Math.min(mtu + SHORTEST_FRAME + 2 * TAG_BYTES, LONGEST_FRAME);
