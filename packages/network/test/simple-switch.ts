// What a switch does, told as simply as it can be: maps, strings and loops over all ports, written from the rules (IEEE 802.1Q, 802.1ad,
// RFC 5517 and docs/networks.md) and not from the switch. No cache, no runs, no bytes. The property test holds the switch against it.
import type { DropReason, PortMode } from "@mimic/model";

export type Tag = readonly [type: number, tci: number];

export interface SimpleFrame {
  readonly to: string;
  readonly from: string;
  /** Outer first. */
  readonly tags: readonly Tag[];
  /** Bytes of the whole frame. */
  readonly size: number;
  readonly id: number;
}

export interface SimpleWish {
  readonly mode: PortMode;
  readonly isUp: boolean;
  /** The only address that may speak here, where there is such a guard. */
  readonly ownMac: string | undefined;
  readonly refusesTags: boolean;
  readonly macLimit: number;
  readonly broadcastPerSecond: number;
  readonly framesPerSecond: number;
  /** A mirror of these ports. */
  readonly mirrorOf: readonly string[] | undefined;
}

interface SimplePort {
  wish: SimpleWish;
  isPlugged: boolean;
  /** Behind it, what the switch sends comes back. */
  isLooped: boolean;
  readonly shut: Set<number>;
  spentFrames: number;
  spentBroadcasts: number;
  readonly drops: Map<DropReason, number>;
}

interface Placed {
  readonly vlan: number;
  /** Priority and drop eligibility, as they stand in a tag. */
  readonly priority: number;
  /** Tags behind the one that said where it belongs. */
  readonly inner: readonly Tag[];
}

export interface Delivery {
  readonly port: string;
  readonly vlan: number;
  readonly frame: SimpleFrame;
}

export const [CUSTOMER, SERVICE] = [0x8100, 0x88a8];
export const LONGEST = 1522;
const isGroup = (mac: string): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
const isReserved = (mac: string): boolean => /^01:80:c2:00:00:0.$/.test(mac);

export class SimpleSwitch {
  readonly ports = new Map<string, SimplePort>();
  readonly #age: number;
  readonly #learned = new Map<string, { port: string; at: number }>();
  readonly #seenVlans = new Set<number>();
  #now = 0;

  constructor(macAgeSeconds: number) {
    this.#age = macAgeSeconds;
  }

  // ── What happens to it ─────────────────────────────────────────────────────────────────────────────────────────

  add(name: string, wish: SimpleWish): void {
    const counts = { spentFrames: 0, spentBroadcasts: 0, drops: new Map() };
    this.ports.set(name, { wish, isPlugged: false, isLooped: false, shut: new Set(), ...counts });
    this.#forgetSquatters();
  }

  remove(name: string): void {
    this.ports.delete(name);
    this.#forget((_, { port }) => port === name);
  }

  change(name: string, wish: SimpleWish): void {
    const port = this.port(name);
    port.wish = wish;
    port.spentFrames = 0;
    port.spentBroadcasts = 0;
    port.shut.clear();
    this.#forget((_, entry) => entry.port === name);
    this.#forgetSquatters();
    this.#probe(name, this.#knownVlans());
  }

  plug(name: string, isLooped: boolean): void {
    const port = this.port(name);
    port.isPlugged = true;
    port.isLooped = isLooped;
    this.#probe(name, this.#knownVlans());
  }

  unplug(name: string): void {
    this.port(name).isPlugged = false;
    this.port(name).isLooped = false;
    this.#forget((_, { port }) => port === name);
  }

  /** Long enough for buckets to be full, for probes to have walked, and for shut ports whose loop is gone to be open. */
  wait(seconds: number): void {
    this.#now += seconds;
    this.#forget((_, { at }) => this.#now - at > this.#age);
    for (const [name, port] of this.ports) {
      port.spentFrames = 0;
      port.spentBroadcasts = 0;
      const looped = new Set(this.#loopsAt(name, this.#knownVlans()));
      for (const vlan of [...port.shut]) if (!looped.has(vlan)) this.#ways(port, vlan, false);
      this.#probe(name, [...looped]);
    }
  }

  /** One batch of frames that came in by one port; what leaves, in order. */
  send(name: string, frames: readonly SimpleFrame[]): Delivery[] {
    const probed: number[] = [];
    const deliveries = frames.flatMap((frame) => this.#one(name, frame, probed));
    for (const other of this.ports.keys()) this.#probe(other, probed);
    return deliveries;
  }

  // ── Frames ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #one(name: string, frame: SimpleFrame, probed: number[]): Delivery[] {
    const port = this.port(name);
    const placed = this.#comesIn(port, frame);
    if (typeof placed === "string") return this.#drop(port, placed);
    const { vlan } = placed;
    const { framesPerSecond, broadcastPerSecond } = port.wish;
    if (framesPerSecond > 0 && ++port.spentFrames > framesPerSecond) return this.#drop(port, "rateLimit");
    const learned = this.#learn(name, vlan, frame.from, probed);
    if (learned !== undefined) return this.#drop(port, learned);
    if (isReserved(frame.to)) return this.#drop(port, "reservedAddress");
    if (isGroup(frame.to) && broadcastPerSecond > 0 && ++port.spentBroadcasts > broadcastPerSecond)
      return this.#drop(port, "broadcastLimit");
    this.#seenVlans.add(vlan);
    const toMirrors = this.#mirrored(name, vlan, frame);
    const known = isGroup(frame.to) ? undefined : this.#learned.get(`${vlan} ${frame.to}`);
    if (known !== undefined) {
      const problem = this.#notBetween(name, known.port, vlan);
      return [...toMirrors, ...(problem === undefined ? this.#leaves(port, known.port, placed, frame) : this.#drop(port, problem))];
    }
    const others = [...this.ports.keys()].filter((other) => this.#notBetween(name, other, vlan) === undefined);
    return [...toMirrors, ...others.flatMap((other) => this.#leaves(port, other, placed, frame))];
  }

  #comesIn(port: SimplePort, { tags, size, from }: SimpleFrame): Placed | DropReason {
    const { mode, isUp, ownMac, mirrorOf } = port.wish;
    if (size < 14) return "tooShort";
    if (size > LONGEST) return "tooLong";
    if (mirrorOf !== undefined) return "mirrorMaySendNothing";
    if (!isUp) return "portDown";
    const placed = mode.mode === "qinq" ? { vlan: mode.vlan, priority: 0, inner: tags } : this.#place(port.wish, tags);
    if (typeof placed === "string") return placed;
    if (ownMac !== undefined && from !== ownMac) return "macSpoofed";
    if (isGroup(from)) return "malformed";
    return port.shut.has(placed.vlan) ? "loopBlocked" : placed;
  }

  #place({ mode, refusesTags }: SimpleWish, [outer, ...inner]: readonly Tag[]): Placed | DropReason {
    const untagged = mode.mode === "trunk" ? mode.native : mode.vlan;
    const plain = (priority: number) => (untagged === undefined ? "untaggedNotAllowed" : { vlan: untagged, priority, inner });
    if (outer === undefined) return plain(0);
    const [type, tci] = outer;
    const [vlan, priority] = [tci & 0xfff, tci & 0xf000];
    if (mode.mode !== "trunk" && refusesTags) return "tagNotAllowed";
    if (type === CUSTOMER && vlan === 0) return plain(priority);
    // Where a customer's traffic is carried, the tag is a service tag, on trunks; anywhere else it is none.
    if (type === SERVICE && !(mode.mode === "trunk" && this.#isService(vlan))) return "tagNotAllowed";
    if (type !== SERVICE && type !== CUSTOMER) return "tagNotAllowed";
    if (type === CUSTOMER && this.#isService(vlan)) return "vlanNotAllowed";
    return isMember(mode, vlan) ? { vlan, priority, inner } : "vlanNotAllowed";
  }

  #learn(name: string, vlan: number, mac: string, probed: number[]): DropReason | undefined {
    const key = `${vlan} ${mac}`;
    if (this.#isOthers(name, vlan, mac)) return "macSpoofed";
    const before = this.#learned.get(key);
    if (before?.port !== name) {
      const count = [...this.#learned.values()].filter(({ port }) => port === name).length;
      if (count >= this.port(name).wish.macLimit) return "macLimit";
    }
    if (before === undefined && !this.#seenVlans.has(vlan)) {
      this.#seenVlans.add(vlan);
      probed.push(vlan);
    }
    this.#learned.set(key, { port: name, at: this.#now });
    return undefined;
  }

  /** Why frames of this VLAN do not go from the one to the other. */
  #notBetween(name: string, other: string, vlan: number): DropReason | undefined {
    if (other === name) return "sameSegment";
    const [from, to] = [this.port(name), this.port(other)];
    if (!to.wish.isUp) return "portDown";
    if (!to.isPlugged || to.wish.mirrorOf !== undefined) return "noPeer";
    if (!mayMeet(from.wish.mode, to.wish.mode)) return "privateVlan";
    if (to.shut.has(vlan)) return "loopBlocked";
    return isMember(to.wish.mode, vlan) ? undefined : "vlanNotAllowed";
  }

  #leaves(from: SimplePort, name: string, { vlan, priority, inner }: Placed, frame: SimpleFrame): Delivery[] {
    const { mode } = this.port(name).wish;
    const isTagged = mode.mode === "trunk" && mode.native !== vlan;
    // Whoever gets frames without tags would believe a second one.
    if (!isTagged && mode.mode !== "qinq" && inner.length > 0) return this.#drop(from, "doubleTag");
    const tags: readonly Tag[] = isTagged ? [[this.#isService(vlan) ? SERVICE : CUSTOMER, priority | vlan], ...inner] : inner;
    const left = { ...frame, tags, size: frame.size + 4 * (tags.length - frame.tags.length) };
    return [{ port: name, vlan, frame: left }, ...this.#mirrored(name, vlan, left)];
  }

  #mirrored(name: string, vlan: number, frame: SimpleFrame): Delivery[] {
    return [...this.ports]
      .filter(([, { wish, isPlugged }]) => wish.mirrorOf?.includes(name) && wish.isUp && isPlugged)
      .map(([port]) => ({ port, vlan, frame }));
  }

  #drop(port: SimplePort, reason: DropReason): [] {
    port.drops.set(reason, (port.drops.get(reason) ?? 0) + 1);
    return [];
  }

  // ── Loops ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** VLANs that somebody names, and those in which there were frames. */
  #knownVlans(): number[] {
    const named = [...this.ports.values()].flatMap(({ wish: { mode } }) =>
      mode.mode !== "trunk"
        ? [mode.vlan]
        : [...(mode.native === undefined ? [] : [mode.native]), ...(mode.allowed === "all" ? [] : mode.allowed)],
    );
    return [...new Set([...named, ...this.#seenVlans])];
  }

  /** In which of these VLANs what leaves by the port comes back. Who may speak only with his own address returns nothing. */
  #loopsAt(name: string, vlans: readonly number[]): number[] {
    const { wish, isPlugged, isLooped } = this.port(name);
    const canLoop = isPlugged && isLooped && wish.isUp && wish.ownMac === undefined && wish.mirrorOf === undefined;
    return canLoop ? vlans.filter((vlan) => isMember(wish.mode, vlan)) : [];
  }

  #probe(name: string, vlans: readonly number[]): void {
    const port = this.port(name);
    for (const vlan of this.#loopsAt(name, vlans)) if (!port.shut.has(vlan)) this.#ways(port, vlan, true);
  }

  /** A port is shut or opened: where addresses are is to be found anew. */
  #ways(port: SimplePort, vlan: number, isShut: boolean): void {
    if (isShut) port.shut.add(vlan);
    else port.shut.delete(vlan);
    this.#forget((key) => key.startsWith(`${vlan} `));
  }

  // ── What it knows ──────────────────────────────────────────────────────────────────────────────────────────────

  port(name: string): SimplePort {
    return this.ports.get(name) as SimplePort;
  }

  #isService(vlan: number): boolean {
    return [...this.ports.values()].some(({ wish: { mode } }) => mode.mode === "qinq" && mode.vlan === vlan);
  }

  /** Does the address belong to somebody else in this VLAN? */
  #isOthers(name: string, vlan: number, mac: string): boolean {
    const owners = [...this.ports].filter(([, { wish }]) => wish.ownMac === mac);
    return !owners.some(([owner]) => owner === name) && owners.some(([, { wish }]) => isMember(wish.mode, vlan));
  }

  #forgetSquatters(): void {
    this.#forget((key, { port }) => {
      const [vlan = "", mac = ""] = key.split(" ");
      return this.#isOthers(port, Number(vlan), mac);
    });
  }

  #forget(isGone: (key: string, entry: { readonly port: string; readonly at: number }) => boolean): void {
    for (const [key, entry] of this.#learned) if (isGone(key, entry)) this.#learned.delete(key);
  }
}

export function isMember(mode: PortMode, vlan: number): boolean {
  if (vlan < 1 || vlan > 4094) return false;
  if (mode.mode !== "trunk") return mode.vlan === vlan;
  return mode.allowed === "all" || mode.allowed.includes(vlan) || mode.native === vlan;
}

function mayMeet(a: PortMode, b: PortMode): boolean {
  const role = (mode: PortMode) => (mode.mode === "private" ? mode.role : { kind: "promiscuous" as const });
  const [one, other] = [role(a), role(b)];
  if (one.kind === "promiscuous" || other.kind === "promiscuous") return true;
  return one.kind === "community" && other.kind === "community" && one.community === other.community;
}
