// Where addresses are: the MAC table with the rules of who may teach it what.
import type { DropReason } from "@mimic/model";
import { macNumber } from "./guards.ts";
import { type MacEntry, MacTable } from "./mac-table.ts";
import type { SwitchPort } from "./switch-port.ts";
import { isMember } from "./vlan.ts";

const MOST_ADDRESSES = 16_384;

/** known: nothing new. moved, fresh: decisions that were made before may be wrong now. */
export type Learned = "known" | "moved" | "fresh" | Extract<DropReason, "macSpoofed" | "macLimit">;

export class Whereabouts {
  readonly #table: MacTable;
  readonly #portOf: (index: number) => SwitchPort | undefined;
  /** Addresses that belong to guarded ports: nobody else in these ports' VLANs may teach the table where they are. */
  #owners: ReadonlyMap<number, readonly SwitchPort[]> = new Map();

  constructor(seed: number, portOf: (index: number) => SwitchPort | undefined) {
    this.#table = new MacTable({ seed, most: MOST_ADDRESSES });
    this.#portOf = portOf;
  }

  /** The index of the port where the address is, or -1. */
  find(vlan: number, high: number, low: number): number {
    return this.#table.find(vlan, high, low);
  }

  learn(port: SwitchPort, vlan: number, high: number, low: number, tick: number): Learned {
    const before = this.#table.find(vlan, high, low);
    if (before !== port.index) {
      if (this.#isOthers(port, vlan, high, low)) return "macSpoofed";
      if (port.learned >= port.wish.guards.macLimit) return "macLimit";
    }
    const answer = this.#table.learn({ vlan, high, low, port: port.index, seen: tick });
    // A full table learns nothing more; frames to such addresses are flooded.
    if (answer === -2 || answer === port.index) return "known";
    port.learned++;
    const other = answer < 0 ? undefined : this.#portOf(answer);
    if (other) other.learned--;
    return answer < 0 ? "fresh" : "moved";
  }

  #isOthers(port: SwitchPort, vlan: number, high: number, low: number): boolean {
    const owners = this.#owners.size > 0 ? this.#owners.get(high * 0x1_0000_0000 + (low >>> 0)) : undefined;
    return owners !== undefined && !owners.includes(port) && owners.some(({ vlans }) => isMember(vlans, vlan));
  }

  /** Says whose addresses are whose. What somebody else taught about an address before its owner came is forgotten. */
  own(ports: Iterable<SwitchPort>): void {
    const owners = new Map<number, SwitchPort[]>();
    for (const port of ports) {
      const { guards, mac } = port.wish;
      if (!guards.mac || mac === undefined) continue;
      const others = owners.get(macNumber(mac));
      if (others === undefined) owners.set(macNumber(mac), [port]);
      else others.push(port);
    }
    this.#owners = owners;
    if (owners.size === 0) return;
    this.#forget((entry) => {
      const port = this.#portOf(entry.port);
      return port !== undefined && this.#isOthers(port, entry.vlan, entry.high, entry.low);
    });
  }

  /** All three answer whether anything was forgotten. */
  age(oldest: number): boolean {
    return this.#forget((entry) => entry.seen < oldest);
  }
  forgetPort(port: SwitchPort): boolean {
    return this.#forget((entry) => entry.port === port.index);
  }

  forgetVlan(vlan: number): boolean {
    return this.#forget((entry) => entry.vlan === vlan);
  }

  #forget(isStale: (entry: MacEntry) => boolean): boolean {
    const went = this.#table.forget((entry) => {
      if (!isStale(entry)) return false;
      const port = this.#portOf(entry.port);
      if (port) port.learned--;
      return true;
    });
    return went > 0;
  }
}
