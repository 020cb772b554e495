// Which address a client gets. The same MAC gets the same address as long as it can be helped: its reservation, the one that
// it had, the one that it asks for, one worked out from its MAC, and only then any free one.
import type { Segment } from "@mimic/model";
import { parseIpv4 } from "@mimic/wire";
import { addressNumber, isHeld, type LeaseTable } from "./lease-table.ts";

/** A segment's IPv4 side with all addresses as numbers. */
export interface Pool {
  readonly own: number;
  readonly network: number;
  readonly broadcast: number;
  readonly prefix: number;
  /** Both ends included; absent = only reservations are given out. */
  readonly range: { readonly from: number; readonly to: number } | undefined;
  readonly leaseSeconds: number;
  readonly reservations: ReadonlyMap<string, number>;
  readonly reserved: ReadonlySet<number>;
}

const numberOf = (text: string): number => addressNumber(parseIpv4(text) ?? new Uint8Array(4));

/** Undefined when the segment gives out no addresses: it has no IPv4, or neither pool nor reservations. */
export function poolOf(segment: Segment): Pool | undefined {
  const { v4, reservations } = segment;
  if (!v4 || (!v4.pool && reservations.length === 0)) return undefined;
  const own = numberOf(v4.address);
  const size = 2 ** (32 - v4.prefix);
  const network = own - (own % size);
  const fixed = new Map(reservations.map(({ mac, address }) => [mac, numberOf(address)]));
  return {
    own,
    network,
    broadcast: network + size - 1,
    prefix: v4.prefix,
    range: v4.pool && { from: numberOf(v4.pool.from), to: numberOf(v4.pool.to) },
    leaseSeconds: v4.leaseSeconds,
    reservations: fixed,
    reserved: new Set(fixed.values()),
  };
}

/** An address that a machine on this segment may have at all. */
export const isOnSegment = (pool: Pool, address: number): boolean =>
  address > pool.network && address < pool.broadcast && address !== pool.own;

/** What is known of the segment at this moment. */
export interface Scene {
  readonly pool: Pool;
  readonly table: LeaseTable;
  readonly nowMs: number;
  /** Whether another MAC was seen to use the address although no lease says so (an address set by hand). */
  readonly isUsedByOther: (address: number, mac: string) => boolean;
}

/** The address for that MAC; undefined when every one is taken. */
export function chooseAddress(scene: Scene, mac: string, wanted: number | undefined): number | undefined {
  const fixed = scene.pool.reservations.get(mac);
  if (fixed !== undefined) return fixed;
  const former = scene.table.byMac.get(mac)?.address;
  if (former !== undefined && mayHave(scene, mac, former)) return former;
  if (wanted !== undefined && mayHave(scene, mac, wanted)) return wanted;
  return searchFree(scene, mac);
}

/** Whether the MAC may have that address now: reserved for it, or in the pool and neither reserved, nor resting, nor another's. */
export function mayHave({ pool, table, nowMs, isUsedByOther }: Scene, mac: string, address: number): boolean {
  const fixed = pool.reservations.get(mac);
  if (fixed !== undefined) return fixed === address;
  const { range } = pool;
  if (!range || address < range.from || address > range.to || !isOnSegment(pool, address) || pool.reserved.has(address)) return false;
  if ((table.resting.get(address) ?? 0) > nowMs) return false;
  const lease = table.byAddress.get(address);
  if (lease && lease.mac !== mac && isHeld(lease, nowMs)) return false;
  return !isUsedByOther(address, mac);
}

/**
 * Begins at a place worked out from the MAC, and prefers addresses that nobody had before to those of machines that were here.
 * No more steps than there are leases, reservations and claims, however large the pool.
 */
function searchFree(scene: Scene, mac: string): number | undefined {
  const { range } = scene.pool;
  if (!range || range.to < range.from) return undefined;
  const size = range.to - range.from + 1;
  const start = hashOf(mac) % size;
  let formerlyUsed: number | undefined;
  for (let step = 0; step < size; step++) {
    const address = range.from + ((start + step) % size);
    if (!mayHave(scene, mac, address)) continue;
    if (!scene.table.byAddress.has(address)) return address;
    formerlyUsed ??= address;
  }
  return formerlyUsed;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c_9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193) >>> 0;
  return hash;
}
