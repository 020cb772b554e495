// What the DHCP server remembers, as plain data: who has which address until when. One table per segment; the server decides,
// and this file only looks up and changes. Times are milliseconds since 1970, since leases outlive the process.
import { ipv4Number, ipv4OfNumber } from "@mimic/wire";

const MOST_RESTING = 16;

export interface DhcpLease {
  /** “52:54:00:12:34:56” */
  readonly mac: string;
  /** As a number, for arithmetic in pools. */
  readonly address: number;
  /** Of the client identifier (option 61) as hex, “” when it has none. */
  readonly clientId: string;
  /** What the guest calls itself, already harmless: a claim. */
  readonly hostName: string | undefined;
  /** offered: waits for the request. bound: in use. free: released or run out; remembered, so that the MAC gets it again. */
  readonly state: "offered" | "bound" | "free";
  readonly expiresAtMs: number;
}

export interface LeaseTable {
  readonly byMac: ReadonlyMap<string, DhcpLease>;
  readonly byAddress: ReadonlyMap<number, DhcpLease>;
  /** Addresses that somebody else turned out to use (RFC 2131 §4.4.4), and until when they are not given out. */
  readonly resting: ReadonlyMap<number, number>;
}

/** A table that may be changed in place by its one owner; readers see `LeaseTable`. */
export class Leases implements LeaseTable {
  readonly byMac = new Map<string, DhcpLease>();
  readonly byAddress = new Map<number, DhcpLease>();
  readonly resting = new Map<number, number>();

  /** Puts a lease in; the MAC's former address and the address's former lease are forgotten. */
  put(lease: DhcpLease): void {
    const former = this.byMac.get(lease.mac);
    if (former) this.byAddress.delete(former.address);
    const other = this.byAddress.get(lease.address);
    if (other && other.mac !== lease.mac) this.byMac.delete(other.mac);
    this.byMac.set(lease.mac, lease);
    this.byAddress.set(lease.address, lease);
  }

  forget(mac: string): DhcpLease | undefined {
    const lease = this.byMac.get(mac);
    if (!lease) return undefined;
    this.byMac.delete(mac);
    this.byAddress.delete(lease.address);
    return lease;
  }

  /** The oldest go when there are more than `most`: a guest that declines everything must not use up the pool. */
  rest(address: number, untilMs: number, most = MOST_RESTING): void {
    this.resting.delete(address);
    this.resting.set(address, untilMs);
    for (const oldest of this.resting.keys()) {
      if (this.resting.size <= most) break;
      this.resting.delete(oldest);
    }
  }

  change(change: LeaseChange): void {
    if (change.kind === "put") this.put(change.lease);
    else if (change.kind === "forget") this.forget(change.mac);
    else this.rest(change.address, change.untilMs);
  }
}

export type LeaseChange =
  | { readonly kind: "put"; readonly lease: DhcpLease }
  | { readonly kind: "forget"; readonly mac: string }
  | { readonly kind: "rest"; readonly address: number; readonly untilMs: number };

export const isHeld = (lease: DhcpLease, nowMs: number): boolean => lease.state !== "free" && lease.expiresAtMs > nowMs;

export const addressNumber = (bytes: Uint8Array): number => ipv4Number(bytes);
export const addressBytes = (value: number): Uint8Array => ipv4OfNumber(value);
