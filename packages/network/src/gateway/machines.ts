// Who is who on the network: which MAC is which machine by the plan, and which IPv6 addresses a MAC made for itself (seen in
// duplicate address detection and in its packets).
import type { NetworkPlan } from "@mimic/model";
import { hexOf, type IpRange, isInRange } from "@mimic/wire";

export interface KnownMachine {
  readonly mac: string;
  /** Port of the plan. */
  readonly port: string;
  readonly machine: string | undefined;
  readonly hostName: string | undefined;
  /** Its port is trusted to speak as a DHCP server, so it may pass on what others ask, too. */
  readonly mayRelay: boolean;
}

const MOST_V6_EACH = 16;
const MOST_V6 = 4096;
const FORGET_V6_MS = 24 * 3_600_000;

interface SeenV6 {
  readonly mac: string;
  readonly vlan: number;
  readonly address: Uint8Array;
  seenAtMs: number;
}

export class Machines {
  #byMac = new Map<string, KnownMachine>();
  #byPort = new Map<string, KnownMachine>();
  readonly #v6 = new Map<string, SeenV6>();

  apply(plan: NetworkPlan): void {
    const known = plan.ports.flatMap(({ id, mac, machine, hostName, guards }): KnownMachine[] =>
      mac ? [{ mac, port: id, machine, hostName, mayRelay: !guards.dhcp }] : [],
    );
    this.#byMac = new Map(known.map((machine) => [machine.mac, machine]));
    this.#byPort = new Map(known.map((machine) => [machine.port, machine]));
  }

  get all(): readonly KnownMachine[] {
    return [...this.#byMac.values()];
  }
  byMac(mac: string): KnownMachine | undefined {
    return this.#byMac.get(mac);
  }
  byPort(port: string): KnownMachine | undefined {
    return this.#byPort.get(port);
  }
  byHostName(name: string): KnownMachine | undefined {
    return this.all.find(({ hostName }) => hostName?.toLowerCase() === name.toLowerCase());
  }

  /** Remembers an IPv6 address of a segment's prefix; true when it is new. Each MAC may have so many, and all together. */
  sawV6(seen: {
    readonly mac: string;
    readonly vlan: number;
    readonly address: Uint8Array;
    readonly range: IpRange;
    readonly nowMs: number;
  }): boolean {
    if (!isInRange(seen.range, seen.address)) return false;
    const key = hexOf(seen.address);
    const known = this.#v6.get(key);
    if (known?.mac === seen.mac) {
      known.seenAtMs = seen.nowMs;
      return false;
    }
    // The switch's guards say who may use an address; while its owner is there, nobody takes its name here.
    if (known && seen.nowMs - known.seenAtMs < FORGET_V6_MS) return false;
    const own = [...this.#v6].filter(([, { mac }]) => mac === seen.mac);
    if (own.length >= MOST_V6_EACH) this.#v6.delete(oldest(own));
    if (this.#v6.size >= MOST_V6) return false;
    this.#v6.set(key, { mac: seen.mac, vlan: seen.vlan, address: seen.address.slice(), seenAtMs: seen.nowMs });
    return true;
  }

  v6Of(mac: string): Uint8Array[] {
    return [...this.#v6.values()].flatMap((seen) => (seen.mac === mac ? [seen.address] : []));
  }

  macOfV6(address: Uint8Array): string | undefined {
    return this.#v6.get(hexOf(address))?.mac;
  }

  get v6Count(): number {
    return this.#v6.size;
  }

  forgetOldV6(nowMs: number): boolean {
    const before = this.#v6.size;
    for (const [key, { seenAtMs }] of this.#v6) if (nowMs - seenAtMs > FORGET_V6_MS) this.#v6.delete(key);
    return this.#v6.size !== before;
  }
}

function oldest(entries: readonly (readonly [string, SeenV6])[]): string {
  return entries.reduce((least, entry) => (entry[1].seenAtMs < least[1].seenAtMs ? entry : least))[0];
}
