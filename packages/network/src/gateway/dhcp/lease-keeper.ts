// Keeps the leases of a network: asks the pure server, does what it decided, tells the switch's guards and whoever listens, and
// writes them down.
import type { Lease } from "@mimic/model";
import { type DhcpMessage, macText, parseMac } from "@mimic/wire";
import type { AddressBook } from "../../switch/gateway-port.ts";
import type { KeptText } from "../environment.ts";
import type { Foot } from "../feet.ts";
import type { Machines } from "../machines.ts";
import { type DhcpDecision, decideDhcp } from "./decide-dhcp.ts";
import { leasesIn, leaseText } from "./lease-document.ts";
import { addressBytes, type DhcpLease, isHeld, Leases } from "./lease-table.ts";

export type LeaseNews = "granted" | "renewed" | "released" | "expired";

export interface LeaseKeeperParts {
  readonly kept: KeptText;
  readonly addresses: AddressBook;
  readonly machines: Machines;
  readonly nowMs: () => number;
  /** Whether another MAC was seen to use the address although no lease says so. */
  readonly isUsedByOther: (vlan: number, address: number, mac: string) => boolean;
  readonly tell: (lease: Lease, change: LeaseNews) => void;
  /** Names and addresses of machines changed. */
  readonly changed: () => void;
}

export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts;
  readonly #tables: Map<number, Leases>;
  #feet: readonly Foot[] = [];

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts;
    this.#tables = leasesIn(parts.kept.read());
  }

  /** Segments came, went or changed: leases of addresses that are no longer theirs are forgotten. */
  apply(feet: readonly Foot[]): void {
    this.#feet = feet;
    for (const [vlan, table] of this.#tables) {
      const offer = feet.find((foot) => foot.vlan === vlan)?.dhcp;
      for (const lease of [...table.byMac.values()]) {
        const isHere =
          offer && lease.address > offer.pool.network && lease.address < offer.pool.broadcast && lease.address !== offer.pool.own;
        if (!isHere) this.#forget(vlan, table, lease);
      }
      if (!offer) this.#tables.delete(vlan);
    }
    for (const { vlan, dhcp } of feet) {
      if (!dhcp) continue;
      const table = this.#tableOf(vlan);
      for (const lease of table.byMac.values()) if (isHeld(lease, this.#parts.nowMs())) this.#hold(vlan, lease.address, lease.mac);
      // A reserved address is its machine's also while it is off: nobody else may speak as it.
      for (const [mac, address] of dhcp.pool.reservations) this.#hold(vlan, address, mac);
    }
  }

  ask(vlan: number, message: DhcpMessage, senderMac: Uint8Array): DhcpDecision | undefined {
    const offer = this.#feet.find((foot) => foot.vlan === vlan)?.dhcp;
    if (!offer) return undefined;
    const { machines, nowMs, isUsedByOther } = this.#parts;
    const table = this.#tableOf(vlan);
    const scene = {
      offer,
      table,
      nowMs: nowMs(),
      isUsedByOther: (address: number, mac: string) => isUsedByOther(vlan, address, mac),
      hostNameOf: (mac: string) => machines.byMac(mac)?.hostName,
      acceptsRelays: machines.byMac(macText(senderMac))?.mayRelay ?? false,
    };
    const before = table.byMac.get(macText(message.clientHardware));
    const decision = decideDhcp(scene, message, senderMac);
    for (const change of decision.changes) table.change(change);
    this.#follow(vlan, decision, before);
    return decision;
  }

  /** What the guards, the listeners and the file must know of a decision. */
  #follow(vlan: number, { granted, released }: DhcpDecision, before: DhcpLease | undefined): void {
    if (!granted && !released) return;
    if (granted) {
      if (before && before.address !== granted.lease.address) this.#free(vlan, before.address);
      this.#hold(vlan, granted.lease.address, granted.lease.mac);
      this.#parts.tell(this.#view(vlan, granted.lease), granted.isNew ? "granted" : "renewed");
    }
    if (released) {
      this.#free(vlan, released.address);
      this.#parts.tell(this.#view(vlan, released), "released");
    }
    const isNewName = granted && before?.hostName !== granted.lease.hostName;
    if (granted?.isNew || released || isNewName) this.#parts.changed();
    this.#write();
  }

  /** A person takes a lease back: at its next renewal the machine is told no. */
  release(mac: string): void {
    for (const [vlan, table] of this.#tables) {
      const lease = table.byMac.get(mac);
      if (lease) {
        this.#forget(vlan, table, lease);
        this.#parts.tell(this.#view(vlan, lease), "released");
      }
    }
    this.#parts.changed();
    this.#write();
  }

  /** Ends leases whose time is over. They stay remembered for their MAC. */
  tick(): void {
    const nowMs = this.#parts.nowMs();
    let hasChanged = false;
    for (const [vlan, table] of this.#tables) {
      for (const lease of [...table.byMac.values()]) {
        if (lease.state === "free" || lease.expiresAtMs > nowMs) continue;
        hasChanged = true;
        if (lease.state === "offered") table.forget(lease.mac);
        else {
          const ended: DhcpLease = { ...lease, state: "free" };
          table.put(ended);
          this.#free(vlan, lease.address);
          this.#parts.tell(this.#view(vlan, ended), "expired");
        }
      }
    }
    if (!hasChanged) return;
    this.#parts.changed();
    this.#write();
  }

  /** Leases that hold, and reservations of machines that have none yet. */
  leases(): Lease[] {
    const nowMs = this.#parts.nowMs();
    return [...this.#tables].flatMap(([vlan, table]) => {
      const held = [...table.byMac.values()].filter((lease) => lease.state === "bound" && isHeld(lease, nowMs));
      return held.map((lease) => this.#view(vlan, lease));
    });
  }

  /** The address that a NIC has, or will have by its reservation. */
  addressOf(mac: string): Uint8Array | undefined {
    const nowMs = this.#parts.nowMs();
    for (const table of this.#tables.values()) {
      const lease = table.byMac.get(mac);
      if (lease?.state === "bound" && isHeld(lease, nowMs)) return addressBytes(lease.address);
    }
    for (const { dhcp } of this.#feet) {
      const reserved = dhcp?.pool.reservations.get(mac);
      if (reserved !== undefined) return addressBytes(reserved);
    }
    return undefined;
  }

  /** Whose lease an address is, while it holds. */
  holderOf(vlan: number, address: number): DhcpLease | undefined {
    const lease = this.#tables.get(vlan)?.byAddress.get(address);
    return lease && isHeld(lease, this.#parts.nowMs()) ? lease : undefined;
  }

  #view(vlan: number, lease: DhcpLease): Lease {
    const offer = this.#feet.find((foot) => foot.vlan === vlan)?.dhcp;
    return {
      mac: lease.mac,
      address: addressBytes(lease.address).join("."),
      hostName: lease.hostName,
      machine: this.#parts.machines.byMac(lease.mac)?.machine,
      vlan,
      expiresAt: new Date(lease.expiresAtMs).toISOString(),
      isReserved: offer?.pool.reservations.get(lease.mac) === lease.address,
    };
  }

  #tableOf(vlan: number): Leases {
    const known = this.#tables.get(vlan);
    if (known) return known;
    const fresh = new Leases();
    this.#tables.set(vlan, fresh);
    return fresh;
  }

  #forget(vlan: number, table: Leases, lease: DhcpLease): void {
    table.forget(lease.mac);
    this.#free(vlan, lease.address);
  }

  #hold(vlan: number, address: number, mac: string): void {
    this.#parts.addresses.hold(vlan, addressBytes(address), macNumber(mac));
  }

  /** A reserved address goes back to its own machine, not to everybody. */
  #free(vlan: number, address: number): void {
    const pool = this.#feet.find((foot) => foot.vlan === vlan)?.dhcp?.pool;
    const reserved = pool && [...pool.reservations].find(([, fixed]) => fixed === address);
    if (reserved) this.#hold(vlan, address, reserved[0]);
    else this.#parts.addresses.free(vlan, addressBytes(address));
  }

  #write(): void {
    this.#parts.kept.write(leaseText(this.#tables));
  }
}

/** Six bytes as one number, as the switch keeps them. */
export const macNumber = (mac: string): number => (parseMac(mac) ?? new Uint8Array(6)).reduce((sum, byte) => sum * 256 + byte, 0);
