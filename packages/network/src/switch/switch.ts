// The switch of one network: learns, forwards, floods, tags, and drops what a port may not do. Pure, over typed arrays,
// synchronous: a frame that came in has left, or is counted as dropped, when `receive` returns.
//
//   receive ─► decide (per frame: one integer) ─► runs of frames with the same decision ─► one send per run
//
// Bytes are copied only where a tag changes between way in and way out.
import type { DropNote, DropReason, PortCounters } from "@mimic/model";
import { HeldAddresses } from "./address-book.ts";
import { BadLinks } from "./bad-links.ts";
import { Drops } from "./drops.ts";
import { Exits } from "./exits.ts";
import { macNumber } from "./guards.ts";
import { LoopGuard } from "./loop-guard.ts";
import { GroupTable } from "./multicast.ts";
import type { Outlet } from "./outlet.ts";
import { LONGEST_FRAME, RECORD_HEAD, recordLength, SHORTEST_FRAME } from "./ports.ts";
import type { RunMemory } from "./run-buffer.ts";
import { type PortWish, SwitchPort, type Tap } from "./switch-port.ts";
import type { SwitchSettings, SwitchWorld } from "./switch-world.ts";
import { VlanTally } from "./tally.ts";
import { mirrorTap, Taps } from "./taps.ts";
import { FORM, type Form, formAtExit, isMember, isTagType, mayMeet, placeFrame, TAG_BYTES, TYPE_CTAG } from "./vlan.ts";
import { Whereabouts } from "./whereabouts.ts";

// A decision in 32 bits: where to (12), the VLAN (12), the form of the frame's tag (2).
const FLOOD = 4095;
const DROPPED = 4094;
/** A membership report: only multicast routers need it (RFC 4541 §2.1.1). */
const ROUTERS = 4093;
const FIRST_GROUP = 2048;
const keyOf = (target: number, vlan: number, form: Form): number => target | (vlan << 12) | (form << 24);
const NO_RUN = -1;
const LISTEN_MS = 100;
const MOST_PORTS = 1026;

/** What `receive` hands back when the stream cannot be followed any longer: a record announced an impossible length. */
export const BROKEN = -1;

export class Switch {
  #settings: SwitchSettings;
  readonly #world: SwitchWorld;
  readonly addresses = new HeldAddresses();
  readonly #ports: (SwitchPort | undefined)[] = [];
  readonly #byId = new Map<string, SwitchPort>();
  readonly #where: Whereabouts;
  readonly #groups = new GroupTable();
  readonly #loops: LoopGuard;
  readonly #drops: Drops;
  readonly #exits: Exits;
  readonly #vlanTallies = new Map<number, VlanTally>();
  /** Per VLAN the ports that get floods; made when asked, forgotten when the layout changes. */
  readonly #floods = new Map<number, readonly SwitchPort[]>();
  readonly #services = new Set<number>();
  readonly #waiting: { readonly port: SwitchPort; readonly run: Uint8Array }[] = [];
  readonly #links: BadLinks;
  readonly #taps = new Taps(() => this.ports);
  #isBusy = false;
  /** Part of each cached decision: whatever may change one adds to it. */
  #version = 0;
  #tick = 0;
  #longest: number;

  constructor(settings: SwitchSettings, world: SwitchWorld) {
    this.#settings = settings;
    this.#world = world;
    this.#drops = new Drops(world.wallMs);
    this.#exits = new Exits(this.#drops);
    this.#longest = longestFrame(settings.mtu);
    this.#links = new BadLinks(
      { ...world, portOf: (index) => this.#ports[index], cameIn: (port, record) => this.#cameOver(port, record) },
      this.#drops,
    );
    const seed = world.random(4);
    this.#where = new Whereabouts(new DataView(seed.buffer, seed.byteOffset).getInt32(0), (index) => this.#ports[index]);
    this.#tick = this.#seconds();
    this.#loops = new LoopGuard(settings.id, {
      nowMs: world.nowMs,
      random: world.random,
      doors: (vlan) => this.#flood(vlan).filter((port) => this.#canLoop(port)),
      vlans: () => this.#knownVlans(),
      send: (port, vlan, record) => this.#sendOwn(port, vlan, record),
      changed: (news) => {
        this.#relayout();
        world.tell(news);
      },
    });
  }

  // ── What it consists of ────────────────────────────────────────────────────────────────────────────────────────

  get ports(): Iterable<SwitchPort> {
    return this.#byId.values();
  }

  port(id: string): SwitchPort | undefined {
    return this.#byId.get(id);
  }

  configure(settings: SwitchSettings): void {
    this.#settings = settings;
    this.#longest = longestFrame(settings.mtu);
    this.#relayout();
  }

  addPort(wish: PortWish): SwitchPort {
    let index = this.#ports.indexOf(undefined);
    if (index < 0) index = this.#ports.length;
    if (index >= MOST_PORTS) throw new RangeError("a switch has no place for another port");
    const port = new SwitchPort(index, wish, this.addresses, this.#world.nowMs());
    this.#ports[index] = port;
    this.#byId.set(wish.id, port);
    this.#taps.fit(port);
    this.#links.set(port, wish.quality);
    this.#relayout();
    return port;
  }

  changePort(port: SwitchPort, wish: PortWish): void {
    this.#links.set(port, wish.quality);
    const { quality: _new, ...rest } = wish;
    const { quality: _old, ...before } = port.wish;
    // A link that gets better or worse while it runs changes nothing else.
    if (JSON.stringify(rest) === JSON.stringify(before)) {
      port.wish = wish;
      return;
    }
    this.#where.forgetPort(port);
    port.change(wish, this.addresses, this.#world.nowMs());
    this.#loops.forget(port);
    port.shutVlans.clear();
    this.#relayout();
    this.#probeSoon(port);
  }

  removePort(port: SwitchPort): void {
    this.detach(port);
    if (port.wish.mac !== undefined) this.addresses.forgetClaims(macNumber(port.wish.mac));
    this.#loops.forget(port);
    this.#links.remove(port);
    port.gather?.buffer.letGo();
    port.gather = undefined;
    this.#ports[port.index] = undefined;
    this.#byId.delete(port.id);
    this.#relayout();
  }

  /** Somebody is at the port's other end now. */
  attach(port: SwitchPort, outlet: Outlet): void {
    port.peer = outlet;
    this.#links.fit(port);
    port.isListening = port.wish.isLink && this.#settings.loopGuard;
    port.listensUntilMs = this.#world.nowMs() + LISTEN_MS;
    this.#relayout();
    this.#probeSoon(port);
  }

  /** Nobody is there any more. What was learned there is forgotten, so that others are asked again. */
  detach(port: SwitchPort): void {
    port.peer = undefined;
    port.outlet = undefined;
    if (port.gather) {
      port.gather.used = 0;
      port.gather.frames = 0;
    }
    this.#where.forgetPort(port);
    this.#groups.forgetPort(port.index);
    this.#relayout();
  }

  /** To be called once or twice a second: ages, opens, probes. */
  tick(): void {
    const tick = this.#seconds();
    if (tick !== this.#tick) {
      this.#tick = tick;
      this.#version++;
      if (tick % 10 === 0) this.#where.age(tick - this.#settings.macAgeSeconds);
      if (this.#settings.snooping) this.#groups.expire(tick);
    }
    for (const port of this.ports) {
      if (!port.isListening || this.#world.nowMs() < port.listensUntilMs) continue;
      port.isListening = false;
      this.#version++;
    }
    if (this.#settings.loopGuard) this.#loops.tick([...this.ports].filter((port) => this.#canLoop(port) && this.#isOpen(port)));
  }

  /** Captures and mirrors. Without a port: all of them. */
  tap(tap: Tap, port?: string): Disposable {
    return this.#taps.add(tap, port);
  }

  /** Copies of what passes port `of` go to the mirror port from now on. */
  mirror(mirror: SwitchPort, of: string): Disposable {
    return this.#taps.add(mirrorTap(this.#exits, mirror), of);
  }

  /** Frames that were under way on bad links and are due now. */
  release(): void {
    this.#links.release();
    if (!this.#isBusy) this.#finish();
  }

  // ── What it is asked ───────────────────────────────────────────────────────────────────────────────────────────

  counters(): PortCounters[] {
    return [...this.ports].map((port) => port.tally.read(port.id, port.outlet?.queuedBytes() ?? 0));
  }

  vlanCounters(): { vlan: number; frames: number; bytes: number }[] {
    return [...this.#vlanTallies].map(([vlan, { frames, bytes }]) => ({ vlan, frames, bytes })).sort((a, b) => a.vlan - b.vlan);
  }

  drops(port?: string): readonly DropNote[] {
    return this.#drops.read(port);
  }

  /** Where an address was last seen. */
  whereIs(vlan: number, mac: number): SwitchPort | undefined {
    return this.#ports[this.#where.find(vlan, Math.floor(mac / 0x1_0000_0000), mac | 0)];
  }

  /** Would frames of this VLAN pass from one port to the other, were its guards content? Undefined = yes. */
  pathProblem(from: SwitchPort, to: SwitchPort, vlan: number): DropReason | undefined {
    if (!isMember(from.vlans, vlan) || !isMember(to.vlans, vlan)) return "vlanNotAllowed";
    return this.#reasonBetween(from, to, vlan);
  }

  // ── Frames ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Takes records from a port's owner. Answers where the first record begins that is not whole yet, or BROKEN. While it
   * works (called from within a delivery) it copies the run and takes it when the present batch is over.
   * Afterwards `port.waitsFor` names a crowded outlet, if one was met.
   */
  receive(port: SwitchPort, bytes: Uint8Array, from: number, to: number, memory: RunMemory | undefined): number {
    if (this.#isBusy) {
      this.#waiting.push({ port, run: bytes.slice(from, to) });
      return to;
    }
    this.#isBusy = true;
    const end = port.isShapedUp ? this.#walkShaped(port, bytes, from, to) : this.#walk(port, bytes, from, to, memory);
    this.#isBusy = false;
    this.#finish();
    return end;
  }

  /** The records go over the port's bad link before they are looked at. */
  #walkShaped(port: SwitchPort, bytes: Uint8Array, from: number, to: number): number {
    port.waitsFor = undefined;
    let end = from;
    while (to - end >= RECORD_HEAD) {
      const length = recordLength(bytes, end);
      if (length > LONGEST_FRAME) return BROKEN;
      if (end + RECORD_HEAD + length > to) break;
      end += RECORD_HEAD + length;
    }
    this.#links.offerUp(port, bytes, from, end);
    return end;
  }

  #cameOver(port: SwitchPort, record: Uint8Array): void {
    this.#walk(port, record, 0, record.length, undefined);
  }

  /** Sends what was gathered, tells internal ports that the batch is over, and takes what they sent in answer. */
  #finish(): void {
    for (let turns = 0; this.#exits.touched.length > 0 || this.#waiting.length > 0 || this.#heard.length > 0; turns++) {
      if (this.#heard.length > 0) for (const probe of this.#heard.splice(0)) this.#loops.heard(probe.port, probe.vlan, probe.frame);
      this.#isBusy = true;
      const { touched } = this.#exits;
      // Nothing is added to the list meanwhile: what outlets send in answer waits.
      for (let i = 0; i < touched.length; i++) {
        const port = touched[i] as SwitchPort;
        this.#exits.sendGathered(port);
        port.isTouched = false;
        port.outlet?.flush();
      }
      touched.length = 0;
      // Two internal ports that answer each other for ever must not stop the rest of the world.
      if (turns > 100) this.#waiting.length = 0;
      if (this.#waiting.length > 0) for (const { port, run } of this.#waiting.splice(0)) this.#walk(port, run, 0, run.length, undefined);
      this.#isBusy = false;
    }
  }

  /** Counts and notes a frame that somebody else decided to drop. */
  dropped(port: SwitchPort, reason: DropReason, bytes: Uint8Array, at: number, length: number, rule?: string): void {
    this.#drops.one(port, reason, bytes, at, length, { vlan: 0, rule });
  }

  #walk(port: SwitchPort, bytes: Uint8Array, from: number, to: number, memory: RunMemory | undefined): number {
    port.waitsFor = undefined;
    let at = from;
    let runFrom = from;
    let runKey = NO_RUN;
    let runFrames = 0;
    let frames = 0;
    let isBroken = false;
    while (to - at >= RECORD_HEAD) {
      const length =
        (((bytes[at] as number) << 24) |
          ((bytes[at + 1] as number) << 16) |
          ((bytes[at + 2] as number) << 8) |
          (bytes[at + 3] as number)) >>>
        0;
      if (length > LONGEST_FRAME) {
        isBroken = true;
        break;
      }
      const end = at + RECORD_HEAD + length;
      if (end > to) break;
      const key = this.#decide(port, bytes, at + RECORD_HEAD, length);
      if (key !== runKey) {
        if (runFrames > 0) this.#emit(port, runKey, bytes, runFrom, at, runFrames, memory);
        runFrom = at;
        runKey = key;
        runFrames = 0;
      }
      runFrames++;
      frames++;
      at = end;
    }
    if (runFrames > 0) this.#emit(port, runKey, bytes, runFrom, at, runFrames, memory);
    port.tally.receivedFrames += frames;
    port.tally.receivedBytes += at - from - frames * RECORD_HEAD;
    return isBroken ? BROKEN : at;
  }

  /** One frame at `bytes[f, f + n)`: where it goes, or DROPPED, counted already. */
  #decide(port: SwitchPort, bytes: Uint8Array, f: number, n: number): number {
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
      port.cacheVersion === this.#version &&
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
    const vlan = (admitted >> 12) & 0xfff;
    if (port.guard !== undefined && (type === 0x0800 || type === 0x86dd || type === 0x0806 || type < 0x600)) {
      this.#speaker.vlan = vlan;
      this.#speaker.mac = srcHigh * 0x1_0000_0000 + (srcLow >>> 0);
      this.#speaker.tick = this.#tick;
      const reason = port.guard.check(bytes, type, payload, f + n, this.#speaker);
      if (reason !== undefined) return this.#drop(port, reason, bytes, f, n, vlan);
    }
    if (port.allFrames !== undefined && !port.allFrames.take(this.#world.nowMs())) return this.#drop(port, "rateLimit", bytes, f, n, vlan);
    if (isKnown) return admitted;
    const form = (admitted >> 24) as Form;
    const learned = this.#where.learn(port, vlan, srcHigh, srcLow, this.#tick);
    if (learned === "macSpoofed" || learned === "macLimit") return this.#drop(port, learned, bytes, f, n, vlan);
    if (learned !== "known") this.#version++;
    if (learned === "fresh") this.#sawVlan(vlan);
    if (dstHigh & 0x100) return this.#decideGroup(port, bytes, f, n, { vlan, form, type, payload, dstHigh, dstLow });
    const found = this.#where.find(vlan, dstHigh, dstLow);
    const key = keyOf(found < 0 ? FLOOD : found, vlan, form);
    port.cacheVersion = this.#version;
    port.cacheDstHigh = dstHigh;
    port.cacheDstLow = dstLow;
    port.cacheSrcHigh = srcHigh;
    port.cacheSrcLow = srcLow;
    port.cacheTag = tag;
    port.cacheKey = key;
    return key;
  }

  readonly #speaker = { vlan: 0, mac: 0, tick: 0 };

  /** May the frame come in here, and into which VLAN? The key with no target yet, or DROPPED. */
  #admit(port: SwitchPort, bytes: Uint8Array, f: number, n: number, tag: number, srcHigh: number, srcLow: number): number {
    if (port.wish.isMirror) return this.#drop(port, "mirrorMaySendNothing", bytes, f, n);
    if (!port.wish.isUp) return this.#drop(port, "portDown", bytes, f, n);
    const placed = placeFrame(port.vlans, tag, { refusesTags: port.wish.guards.tags, services: this.#services });
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
    if (this.#settings.loopGuard && this.#canLoop(port)) {
      const cut = placed >> 12 === FORM.plain ? 0 : TAG_BYTES;
      const frame = new Uint8Array(n - cut);
      frame.set(bytes.subarray(f, f + 12));
      frame.set(bytes.subarray(f + 12 + cut, f + n), 12);
      // Its own frames go out when this batch is over: the bytes that are being read stay what they are.
      this.#heard.push({ port, vlan: placed & 0xfff, frame });
      return DROPPED;
    }
    return this.#drop(port, "reservedAddress", bytes, f, n, placed & 0xfff);
  }

  readonly #heard: { readonly port: SwitchPort; readonly vlan: number; readonly frame: Uint8Array }[] = [];

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
    if (port.broadcasts !== undefined && !port.broadcasts.take(this.#world.nowMs()))
      return this.#drop(port, "broadcastLimit", bytes, f, n, at.vlan);
    if (!this.#settings.snooping || (at.dstHigh === 0xffff && at.dstLow === -1)) return keyOf(FLOOD, at.vlan, at.form);
    const isToAll = (at.dstHigh === 0x0100 && at.dstLow === 0x5e00_0001) || (at.dstHigh === 0x3333 && at.dstLow === 1);
    const isReport = this.#groups.observe(
      { vlan: at.vlan, port: port.index, tick: this.#tick, mayAsk: isToAll && !port.wish.guards.routerAdvertisements },
      bytes,
      at.type,
      at.payload,
      f + n,
    );
    if (isReport && this.#groups.hasQuerier(at.vlan)) return keyOf(ROUTERS, at.vlan, at.form);
    const group = this.#groups.find(at.vlan, at.dstHigh, at.dstLow);
    return keyOf(group < 0 ? FLOOD : FIRST_GROUP + group, at.vlan, at.form);
  }

  /** Hands a run on. `key` is what `#decide` said of each of its frames. */
  #emit(port: SwitchPort, key: number, bytes: Uint8Array, from: number, to: number, frames: number, memory: RunMemory | undefined): void {
    const target = key & 0xfff;
    if (target === DROPPED) return;
    const vlan = (key >> 12) & 0xfff;
    const form = (key >> 24) as Form;
    this.#countVlan(vlan, frames, to - from - frames * RECORD_HEAD);
    if (port.taps.length > 0) for (const tap of port.taps) tap.passed(port, "received", vlan, bytes, from, to, frames);
    if (target < FIRST_GROUP) {
      const dst = this.#ports[target] as SwitchPort;
      const problem = this.#reasonBetween(port, dst, vlan);
      if (problem === undefined) this.#pass(port, dst, vlan, form, bytes, from, to, frames, memory);
      else this.#drops.run(port, problem, bytes, from, to, vlan);
      return;
    }
    for (const dst of this.#flood(vlan)) {
      if (
        target === ROUTERS
          ? !this.#groups.isRouterPort(vlan, dst.index)
          : target !== FLOOD && !this.#groups.has(target - FIRST_GROUP, dst.index)
      )
        continue;
      if (this.#reasonBetween(port, dst, vlan) === undefined) this.#pass(port, dst, vlan, form, bytes, from, to, frames, memory);
    }
  }

  #reasonBetween(port: SwitchPort, dst: SwitchPort, vlan: number): DropReason | undefined {
    if (dst === port) return "sameSegment";
    if (!dst.wish.isUp) return "portDown";
    if (dst.outlet === undefined) return "noPeer";
    if (!mayMeet(port.vlans.privateGroup, dst.vlans.privateGroup)) return "privateVlan";
    if (dst.isListening || (dst.shutVlans.size > 0 && dst.shutVlans.has(vlan))) return "loopBlocked";
    if (!isMember(dst.vlans, vlan)) return "vlanNotAllowed";
    return undefined;
  }

  #pass(
    port: SwitchPort,
    dst: SwitchPort,
    vlan: number,
    form: Form,
    bytes: Uint8Array,
    from: number,
    to: number,
    frames: number,
    memory: RunMemory | undefined,
  ): void {
    const formOut = formAtExit(dst.vlans, vlan, this.#services.size > 0 && this.#services.has(vlan));
    // A customer's own tags must not be taken for ours by whoever is at a plain port.
    if (form !== formOut || (port.vlans.isTunnel && !dst.vlans.isTunnel && formOut === FORM.plain)) {
      this.#exits.copy(port, dst, vlan, form, formOut, bytes, from, to);
      return;
    }
    if (dst.gather !== undefined && dst.gather.frames > 0) this.#exits.sendGathered(dst);
    this.#exits.send(dst, vlan, bytes, from, to, frames, memory, port);
  }

  #seconds(): number {
    return Math.floor(this.#world.nowMs() / 1000);
  }

  /** Who gets floods of this VLAN: members that are up, with somebody there. */
  #flood(vlan: number): readonly SwitchPort[] {
    let ports = this.#floods.get(vlan);
    if (ports === undefined) {
      ports = [...this.ports].filter(
        (port) => port.outlet !== undefined && port.wish.isUp && !port.wish.isMirror && isMember(port.vlans, vlan),
      );
      this.#floods.set(vlan, ports);
    }
    return ports;
  }

  #countVlan(vlan: number, frames: number, bytes: number): void {
    let tally = this.#vlanTallies.get(vlan);
    if (tally === undefined) {
      tally = new VlanTally();
      this.#vlanTallies.set(vlan, tally);
    }
    tally.frames += frames;
    tally.bytes += bytes;
  }

  #drop(port: SwitchPort, reason: DropReason, bytes: Uint8Array, f: number, n: number, vlan = 0): number {
    this.#drops.one(port, reason, bytes, f, n, { vlan });
    return DROPPED;
  }

  /** Something changed that decisions rest on. */
  #relayout(): void {
    this.#version++;
    this.#floods.clear();
    this.#services.clear();
    this.#where.own(this.ports);
    for (const port of this.ports) if (port.vlans.isTunnel) this.#services.add(port.vlans.untagged);
  }

  #canLoop(port: SwitchPort): boolean {
    return !port.isEdge && !port.wish.isMirror && !port.wish.isInternal;
  }

  #isOpen(port: SwitchPort): boolean {
    return port.wish.isUp && port.outlet !== undefined;
  }

  /** VLANs that some port names, or in which frames were seen: no others can carry a loop. */
  #knownVlans(): readonly number[] {
    const known = new Set(this.#vlanTallies.keys());
    for (const port of this.ports) {
      if (port.vlans.untagged > 0) known.add(port.vlans.untagged);
      const { list } = port.vlans.members ?? { list: [] };
      // Of a trunk for very many VLANs only those count in which frames were seen.
      if (list.length <= 64) for (const vlan of list) known.add(vlan);
    }
    return [...known];
  }

  #sawVlan(vlan: number): void {
    if (this.#vlanTallies.has(vlan) || !this.#settings.loopGuard) return;
    this.#countVlan(vlan, 0, 0);
    for (const port of this.ports)
      if (this.#canLoop(port) && this.#isOpen(port) && isMember(port.vlans, vlan)) this.#loops.probe(port, [vlan]);
  }

  #probeSoon(port: SwitchPort): void {
    if (!this.#settings.loopGuard || !this.#canLoop(port) || !this.#isOpen(port)) return;
    this.#loops.probe(port);
    if (!this.#isBusy) this.#finish();
  }

  /** A frame of the switch's own (untagged in `record`) out of one port. */
  #sendOwn(port: SwitchPort, vlan: number, record: Uint8Array): void {
    const formOut = formAtExit(port.vlans, vlan, this.#services.has(vlan));
    if (formOut === FORM.plain) this.#exits.send(port, vlan, record, 0, record.length, 1, undefined, undefined);
    else this.#exits.copy(port, port, vlan, FORM.plain, formOut, record, 0, record.length);
  }
}

/** The network's MTU is what an IP packet may have; a frame has its header and room for two tags besides. */
const longestFrame = (mtu: number): number => Math.min(mtu + SHORTEST_FRAME + 2 * TAG_BYTES, LONGEST_FRAME);
