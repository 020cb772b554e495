// Stops loops, whoever made them: two cables between the same switches, a ring of networks, a guest that bridges its two
// NICs. Each switch sends probes out of every port through which a loop could lead; a probe collects the switches that it
// passes, and one that comes home has walked a circle.
//
//   a place    = (switch, VLAN). Places are ordered: by the switch's id, then by the VLAN.
//   the rule   = of a circle's places only the least acts: it shuts the higher of the two ports by which its probe
//                left and came home, for as long as probes keep coming home there.
//
// Why every loop stops: each circle has one least place, whose probe walks it and comes home. What lies between our ports
// (cables, guests that bridge) takes part by repeating frames, whatever it is.
// Why nothing is cut off: suppose all links between two halves were shut. Each lies on a circle that crosses to the other half
// again by another of those links. The place that shut the first comes before the place of the other, or is the same place and
// shut its higher port. So “was shut because of” leads along a strict order through finitely many links and must end at
// one that nothing shut. A probe that comes home by the port by which it left, having met other switches, walked no circle of
// ours: those others are on it. (IEEE 802.1Q's spanning tree needs every bridge to take part; guests do not.)
//
// Probes bear a number that only the switch itself knows, so that nobody can invent them.
import { RECORD_HEAD, writeRecordHead } from "./ports.ts";
import type { SwitchPort } from "./switch-port.ts";
import { TokenBucket } from "./token-bucket.ts";
import { isMember } from "./vlan.ts";

export interface LoopNews {
  readonly port: string;
  readonly vlan: number;
  readonly words: string;
  readonly isShut: boolean;
}

export interface LoopWorld {
  readonly nowMs: () => number;
  readonly random: (bytes: number) => Uint8Array;
  /** Ports through which a loop could lead in this VLAN: up, member, not an edge, not shut. */
  readonly doors: (vlan: number) => readonly SwitchPort[];
  /** Those in which there may be frames. */
  readonly vlans: () => readonly number[];
  /** Sends a record out of a port, with the tag that the VLAN has there. */
  readonly send: (port: SwitchPort, vlan: number, record: Uint8Array) => void;
  /** The set of VLANs in which a port is shut has changed. */
  readonly changed: (news: LoopNews) => void;
}

/** A locally administered group address; IEEE 802.1Q bridges flood it like any other. */
const GROUP = [0x03, 0x4d, 0x69, 0x6d, 0x69, 0x63];
/** Local experimental EtherType 2 (IEEE 802, clause 9.2.4). */
const TYPE = 0x88b6;
const MAGIC = [0x4d, 0x4c, 0x47, 0x31];
const NONCE_BYTES = 8;
const PLACE_BYTES = 10;
const HEAD_BYTES = 14 + MAGIC.length + NONCE_BYTES + 1;
const MOST_PLACES = 32;
export const PROBE_EVERY_MS = 1000;
/** Three probes may be lost before a port that was shut is opened again. */
export const SHUT_MS = 3500;
/** In a dense mesh there are many circles; this bounds what a round costs, the rest is found in the next ones. */
const RELAYS_PER_SECOND = 200;

interface Shut {
  untilMs: number;
  /** What leaves by the port comes back by it: only its own probes can tell how long that is so. */
  isOwnLoop: boolean;
}

interface SentProbe {
  readonly port: SwitchPort;
  readonly vlan: number;
  readonly atMs: number;
}

export class LoopGuard {
  readonly #world: LoopWorld;
  readonly #id: Uint8Array;
  readonly #sent = new Map<string, SentProbe>();
  readonly #shut = new Map<SwitchPort, Map<number, Shut>>();
  readonly #relays: TokenBucket;
  #probedAtMs = Number.NEGATIVE_INFINITY;

  constructor(switchId: string, world: LoopWorld) {
    this.#world = world;
    this.#id = digest(switchId);
    this.#relays = new TokenBucket(RELAYS_PER_SECOND, world.nowMs());
  }

  /** To be called a few times a second. */
  tick(ports: Iterable<SwitchPort>): void {
    const now = this.#world.nowMs();
    this.#open(now);
    if (now - this.#probedAtMs < PROBE_EVERY_MS) return;
    this.#probedAtMs = now;
    for (const [nonce, probe] of this.#sent) if (now - probe.atMs > SHUT_MS) this.#sent.delete(nonce);
    const vlans = this.#world.vlans();
    for (const port of ports) this.probe(port, vlans);
  }

  /** Sends probes out of one port now: a port came up, or a VLAN got its first frames. */
  probe(port: SwitchPort, vlans: readonly number[] = this.#world.vlans()): void {
    for (const vlan of vlans) {
      if (!isMember(port.vlans, vlan) || (port.shutVlans.has(vlan) && !this.#shut.get(port)?.get(vlan)?.isOwnLoop)) continue;
      const nonce = this.#world.random(NONCE_BYTES);
      this.#sent.set(textOf(nonce), { port, vlan, atMs: this.#world.nowMs() });
      this.#world.send(port, vlan, probeRecord(this.#id, nonce, [this.#place(vlan)]));
    }
  }

  /** The frame at `at`, whose type stands at `typeAt`. A customer's probes in tags of his own are data for us. */
  isProbe(bytes: Uint8Array, at: number, typeAt: number): boolean {
    for (let i = 0; i < GROUP.length; i++) if (bytes[at + i] !== GROUP[i]) return false;
    return bytes[typeAt] === TYPE >> 8 && bytes[typeAt + 1] === (TYPE & 0xff);
  }

  /** A probe came in (its tag taken off). It is never forwarded as it is. */
  heard(port: SwitchPort, vlan: number, frame: Uint8Array): void {
    const probe = parseProbe(frame);
    if (probe === undefined) return;
    const here = this.#place(vlan);
    const [origin] = probe.places;
    if (origin !== undefined && compare(origin, here) === 0) {
      this.#cameHome(port, vlan, probe);
      return;
    }
    if (probe.places.some((place) => compare(place, here) === 0) || probe.places.length >= MOST_PLACES) return;
    if (port.shutVlans.has(vlan)) return;
    for (const door of this.#world.doors(vlan)) {
      if (door === port) continue;
      if (!this.#relays.take(this.#world.nowMs())) return;
      this.#world.send(door, vlan, probeRecord(this.#id, probe.nonce, [...probe.places, here]));
    }
  }

  forget(port: SwitchPort): void {
    this.#shut.delete(port);
    for (const [nonce, probe] of this.#sent) if (probe.port === port) this.#sent.delete(nonce);
  }

  #cameHome(port: SwitchPort, vlan: number, probe: Probe): void {
    const sent = this.#sent.get(textOf(probe.nonce));
    const here = this.#place(vlan);
    if (sent === undefined || sent.vlan !== vlan) return;
    if (probe.places.some((place) => compare(place, here) < 0)) return;
    if (port === sent.port && probe.places.length > 1) return;
    this.#close(port.index > sent.port.index ? port : sent.port, vlan, { out: sent.port, home: port });
  }

  #close(port: SwitchPort, vlan: number, { out, home }: { out: SwitchPort; home: SwitchPort }): void {
    let shut = this.#shut.get(port);
    if (shut === undefined) {
      shut = new Map();
      this.#shut.set(port, shut);
    }
    const isNew = !shut.has(vlan);
    shut.set(vlan, { untilMs: this.#world.nowMs() + SHUT_MS, isOwnLoop: out === home });
    if (!isNew) return;
    port.shutVlans.add(vlan);
    const way =
      out === home
        ? `What leaves by “${out.wish.label}” comes back there`
        : `What leaves by “${out.wish.label}” comes back by “${home.wish.label}”`;
    this.#world.changed({
      port: port.id,
      vlan,
      isShut: true,
      words: `${way}: “${port.wish.label}” is shut in VLAN ${vlan} while that is so.`,
    });
  }

  #open(now: number): void {
    for (const [port, shut] of this.#shut) {
      for (const [vlan, { untilMs }] of shut) {
        if (untilMs > now) continue;
        shut.delete(vlan);
        port.shutVlans.delete(vlan);
        this.#world.changed({
          port: port.id,
          vlan,
          isShut: false,
          words: `The loop is gone: “${port.wish.label}” is open again in VLAN ${vlan}.`,
        });
      }
      if (shut.size === 0) this.#shut.delete(port);
    }
  }

  #place(vlan: number): Uint8Array {
    const place = new Uint8Array(PLACE_BYTES);
    place.set(this.#id);
    place[8] = vlan >> 8;
    place[9] = vlan & 0xff;
    return place;
  }
}

interface Probe {
  readonly nonce: Uint8Array;
  readonly places: readonly Uint8Array[];
}

function probeRecord(id: Uint8Array, nonce: Uint8Array, places: readonly Uint8Array[]): Uint8Array {
  const length = Math.max(60, HEAD_BYTES + places.length * PLACE_BYTES);
  const record = new Uint8Array(RECORD_HEAD + length);
  writeRecordHead(record, 0, length);
  record.set([...GROUP, 0x02, ...id.subarray(0, 5), TYPE >> 8, TYPE & 0xff, ...MAGIC, ...nonce, places.length], RECORD_HEAD);
  for (const [i, place] of places.entries()) record.set(place, RECORD_HEAD + HEAD_BYTES + i * PLACE_BYTES);
  return record;
}

function parseProbe(frame: Uint8Array): Probe | undefined {
  if (frame.length < HEAD_BYTES || frame[12] !== TYPE >> 8 || frame[13] !== (TYPE & 0xff)) return undefined;
  if (MAGIC.some((byte, i) => frame[14 + i] !== byte)) return undefined;
  const count = frame[HEAD_BYTES - 1] as number;
  if (count < 1 || count > MOST_PLACES || frame.length < HEAD_BYTES + count * PLACE_BYTES) return undefined;
  const places = Array.from({ length: count }, (_, i) => frame.slice(HEAD_BYTES + i * PLACE_BYTES, HEAD_BYTES + (i + 1) * PLACE_BYTES));
  return { nonce: frame.slice(14 + MAGIC.length, 14 + MAGIC.length + NONCE_BYTES), places };
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < PLACE_BYTES; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** FNV-1a, 64 bits: ids differ, nothing more is asked of it. */
function digest(text: string): Uint8Array {
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const char of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(char)) * 0x100_0000_01b3n) & 0xffff_ffff_ffff_ffffn;
  return Uint8Array.from({ length: 8 }, (_, i) => Number((hash >> BigInt(56 - i * 8)) & 0xffn));
}
