// Which ports a switch has, and what follows from that alone: who gets floods, which VLANs are services. Whatever may make
// a decision about frames wrong counts the version up.
import type { HeldAddresses } from "./address-book.ts";
import { MOST_PORTS } from "./decision.ts";
import { type PortWish, SwitchPort } from "./switch-port.ts";
import { isMember } from "./vlan.ts";

export class Layout {
  readonly #slots: (SwitchPort | undefined)[] = [];
  readonly #byId = new Map<string, SwitchPort>();
  /** Made when asked, forgotten when anything changes. */
  readonly #floods = new Map<number, readonly SwitchPort[]>();
  /** VLANs in which some port carries a customer's whole traffic (802.1ad). */
  readonly services = new Set<number>();
  /** Part of each decision that is remembered. */
  version = 0;

  get ports(): Iterable<SwitchPort> {
    return this.#byId.values();
  }

  port(id: string): SwitchPort | undefined {
    return this.#byId.get(id);
  }

  at(index: number): SwitchPort | undefined {
    return this.#slots[index];
  }

  add(wish: PortWish, book: HeldAddresses, nowMs: number): SwitchPort {
    let index = this.#slots.indexOf(undefined);
    if (index < 0) index = this.#slots.length;
    if (index >= MOST_PORTS) throw new RangeError("a switch has no place for another port");
    const port = new SwitchPort(index, wish, book, nowMs);
    this.#slots[index] = port;
    this.#byId.set(wish.id, port);
    return port;
  }

  remove(port: SwitchPort): void {
    this.#slots[port.index] = undefined;
    this.#byId.delete(port.id);
  }

  /** To be called when a port came, went or is told something else, or somebody is at its other end now or no longer. */
  changed(): void {
    this.version++;
    this.#floods.clear();
    this.services.clear();
    for (const port of this.ports) if (port.vlans.isTunnel) this.services.add(port.vlans.untagged);
  }

  /** Who gets floods of this VLAN: members that are up, with somebody there. */
  flood(vlan: number): readonly SwitchPort[] {
    let ports = this.#floods.get(vlan);
    if (ports === undefined) {
      ports = [...this.ports].filter((port) => port.isOpen && !port.wish.isMirror && isMember(port.vlans, vlan));
      this.#floods.set(vlan, ports);
    }
    return ports;
  }
}
