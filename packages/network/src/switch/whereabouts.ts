// Where addresses are: the MAC table with the rules of who may teach it what.
import type { DropReason } from "@mimic/model";
import { macNumber } from "./guards.ts";
import { MacTable } from "./mac-table.ts";
import type { SwitchPort } from "./switch-port.ts";
import { isMember } from "./vlan.ts";

const MOST_ADDRESSES = 16_384;

/** known: nothing new. moved, fresh: decisions that were made before may be wrong now. */
export type Learned = "known" | "moved" | "fresh" | Extract<DropReason, "macSpoofed" | "macLimit">;

export class Whereabouts {
  readonly #table: MacTable;
  readonly #portOf: (index: number) => SwitchPort | undefined;
  /** Addresses that belong to a guarded port: nobody else may teach the table where they are. */
  readonly #owners = new Map<number, SwitchPort>();

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
      const owner = this.#owners.size > 0 ? this.#owners.get(high * 0x1_0000_0000 + (low >>> 0)) : undefined;
      if (owner !== undefined && owner !== port && isMember(owner.vlans, vlan)) return "macSpoofed";
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

  own(ports: Iterable<SwitchPort>): void {
    this.#owners.clear();
    for (const port of ports) {
      const { guards, mac } = port.wish;
      if (guards.mac && mac !== undefined) this.#owners.set(macNumber(mac), port);
    }
  }

  /** Both answer whether anything was forgotten. */
  age(oldest: number): boolean {
    return this.#forget((entry) => entry.seen < oldest);
  }
  forgetPort(port: SwitchPort): boolean {
    return this.#forget((entry) => entry.port === port.index);
  }

  #forget(isStale: (entry: { readonly port: number; readonly seen: number }) => boolean): boolean {
    const went = this.#table.forget((entry) => {
      if (!isStale(entry)) return false;
      const port = this.#portOf(entry.port);
      if (port) port.learned--;
      return true;
    });
    return went > 0;
  }
}
