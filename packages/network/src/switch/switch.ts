// The switch of one network: learns, forwards, floods, tags, and drops what a port may not do. Pure, over typed arrays,
// synchronous: a frame that came in has left, or is counted as dropped, when `receive` returns.
//
//   receive ─► decide (decider.ts: one integer per frame) ─► runs of frames with the same decision ─► forward (forwarder.ts)
//
// Here is what holds these together: who is plugged in, what waits while a batch is worked on, and the passing of time.
import type { DropNote, DropReason, PortCounters } from "@mimic/model";
import { HeldAddresses } from "./address-book.ts";
import { BadLinks } from "./bad-links.ts";
import { Decider } from "./decider.ts";
import { Drops } from "./drops.ts";
import { Exits } from "./exits.ts";
import { Forwarder, whyNotPass } from "./forwarder.ts";
import { macNumber } from "./guards.ts";
import { Layout } from "./layout.ts";
import { LoopGuard } from "./loop-guard.ts";
import { GroupTable } from "./multicast.ts";
import type { Outlet } from "./outlet.ts";
import { LONGEST_FRAME, RECORD_HEAD, recordLength } from "./ports.ts";
import type { RunMemory } from "./run-buffer.ts";
import type { PortWish, SwitchPort, Tap } from "./switch-port.ts";
import type { SwitchSettings, SwitchWorld } from "./switch-world.ts";
import { VlanTallies } from "./tally.ts";
import { mirrorTap, Taps } from "./taps.ts";
import { isMember } from "./vlan.ts";
import { Whereabouts } from "./whereabouts.ts";

const NO_RUN = -1;
const LISTEN_MS = 100;

/** What `receive` hands back when the stream cannot be followed any longer: a record announced an impossible length. */
export const BROKEN = -1;

export class Switch {
  #settings: SwitchSettings;
  readonly #world: SwitchWorld;
  readonly addresses = new HeldAddresses();
  readonly #layout = new Layout();
  readonly #where: Whereabouts;
  readonly #groups = new GroupTable();
  readonly #loops: LoopGuard;
  readonly #drops: Drops;
  readonly #exits: Exits;
  readonly #tallies = new VlanTallies();
  readonly #decider: Decider;
  readonly #forwarder: Forwarder;
  readonly #waiting: { readonly port: SwitchPort; readonly run: Uint8Array }[] = [];
  readonly #links: BadLinks;
  readonly #taps = new Taps(() => this.ports);
  #isBusy = false;

  constructor(settings: SwitchSettings, world: SwitchWorld) {
    this.#settings = settings;
    this.#world = world;
    this.#drops = new Drops(world.wallMs);
    this.#exits = new Exits(this.#drops);
    const layout = this.#layout;
    const shared = { layout, groups: this.#groups, drops: this.#drops };
    const portOf = (index: number) => layout.at(index);
    this.#links = new BadLinks({ ...world, portOf, cameIn: (port, record) => this.#cameOver(port, record) }, this.#drops);
    const seed = world.random(4);
    this.#where = new Whereabouts(new DataView(seed.buffer, seed.byteOffset).getInt32(0), portOf);
    this.#forwarder = new Forwarder({ ...shared, exits: this.#exits, tallies: this.#tallies });
    this.#loops = new LoopGuard(settings.id, {
      nowMs: world.nowMs,
      random: world.random,
      doors: (vlan) => layout.flood(vlan).filter((port) => port.canLoop),
      vlans: () => this.#knownVlans(),
      send: (port, vlan, record) => this.#forwarder.sendOwn(port, vlan, record),
      changed: (news) => {
        // Ways are others now: what was learned would lead to a port that is shut, or to where nobody is any more.
        this.#where.forgetVlan(news.vlan);
        this.#relayout();
        world.tell(news);
      },
    });
    this.#decider = new Decider(settings, this.#seconds(), {
      ...shared,
      where: this.#where,
      loops: this.#loops,
      nowMs: world.nowMs,
      sawVlan: (vlan) => this.#sawVlan(vlan),
    });
  }

  // ── What it consists of ────────────────────────────────────────────────────────────────────────────────────────

  get ports(): Iterable<SwitchPort> {
    return this.#layout.ports;
  }

  port(id: string): SwitchPort | undefined {
    return this.#layout.port(id);
  }

  configure(settings: SwitchSettings): void {
    this.#settings = settings;
    this.#decider.configure(settings);
    this.#relayout();
  }

  addPort(wish: PortWish): SwitchPort {
    const port = this.#layout.add(wish, this.addresses, this.#world.nowMs());
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
    port.isGone = true;
    this.#loops.forget(port);
    this.#links.remove(port);
    port.gather?.buffer.letGo();
    port.gather = undefined;
    this.#layout.remove(port);
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
    // Its number may be another port's by now.
    if (port.isGone) return;
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
    if (tick !== this.#decider.tick) {
      this.#decider.tick = tick;
      this.#layout.version++;
      if (tick % 10 === 0) this.#where.age(tick - this.#settings.macAgeSeconds);
      if (this.#settings.snooping) this.#groups.expire(tick);
    }
    for (const port of this.ports) {
      if (!port.isListening || this.#world.nowMs() < port.listensUntilMs) continue;
      port.isListening = false;
      this.#layout.version++;
    }
    if (!this.#settings.loopGuard) return;
    this.#loops.tick([...this.ports].filter((port) => port.canLoop && port.isOpen));
    // Probes that got a tag were gathered: they must not wait for the next frame of somebody else.
    if (!this.#isBusy) this.#finish();
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
    return this.#tallies.read();
  }

  drops(port?: string): readonly DropNote[] {
    return this.#drops.read(port);
  }

  /** Where an address was last seen. */
  whereIs(vlan: number, mac: number): SwitchPort | undefined {
    return this.#layout.at(this.#where.find(vlan, Math.floor(mac / 0x1_0000_0000), mac | 0));
  }

  /** Would frames of this VLAN pass from one port to the other, were its guards content? Undefined = yes. */
  pathProblem(from: SwitchPort, to: SwitchPort, vlan: number): DropReason | undefined {
    if (!isMember(from.vlans, vlan) || !isMember(to.vlans, vlan)) return "vlanNotAllowed";
    return whyNotPass(from, to, vlan);
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
    const { heard } = this.#decider;
    for (let turns = 0; this.#exits.touched.length > 0 || this.#waiting.length > 0 || heard.length > 0; turns++) {
      if (heard.length > 0) for (const probe of heard.splice(0)) this.#loops.heard(probe.port, probe.vlan, probe.frame);
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
    // Whoever still holds a port that was taken out speaks to nobody: what was learned there would lead nowhere.
    if (port.isGone) return to;
    const decider = this.#decider;
    const view = memory?.view;
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
      const key = decider.decide(port, bytes, at + RECORD_HEAD, length);
      if (key !== runKey) {
        if (runFrames > 0) this.#forwarder.forward(port, runKey, bytes, runFrom, at, runFrames, memory);
        runFrom = at;
        runKey = key;
        runFrames = 0;
      }
      runFrames++;
      frames++;
      at = end;
      if (view !== undefined && key === port.cacheKey) {
        at = decider.passRepeated(port, view, at, to);
        runFrames += decider.repeated;
        frames += decider.repeated;
      }
    }
    if (runFrames > 0) this.#forwarder.forward(port, runKey, bytes, runFrom, at, runFrames, memory);
    port.tally.receivedFrames += frames;
    port.tally.receivedBytes += at - from - frames * RECORD_HEAD;
    return isBroken ? BROKEN : at;
  }

  #seconds(): number {
    return Math.floor(this.#world.nowMs() / 1000);
  }

  /** Something changed that decisions rest on. */
  #relayout(): void {
    this.#layout.changed();
    this.#where.own(this.ports);
  }

  /** VLANs that some port names, or in which frames were seen: no others can carry a loop. */
  #knownVlans(): readonly number[] {
    const known = new Set(this.#tallies.vlans());
    for (const port of this.ports) {
      if (port.vlans.untagged > 0) known.add(port.vlans.untagged);
      const { list } = port.vlans.members ?? { list: [] };
      // Of a trunk for very many VLANs only those count in which frames were seen.
      if (list.length <= 64) for (const vlan of list) known.add(vlan);
    }
    return [...known];
  }

  #sawVlan(vlan: number): void {
    if (this.#tallies.has(vlan) || !this.#settings.loopGuard) return;
    this.#tallies.count(vlan, 0, 0);
    for (const port of this.ports) if (port.canLoop && port.isOpen && isMember(port.vlans, vlan)) this.#loops.probe(port, [vlan]);
  }

  #probeSoon(port: SwitchPort): void {
    if (!this.#settings.loopGuard || !port.canLoop || !port.isOpen) return;
    this.#loops.probe(port);
    if (!this.#isBusy) this.#finish();
  }
}
