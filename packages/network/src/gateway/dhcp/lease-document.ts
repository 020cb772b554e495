// Leases as they are kept from one run to the next: a small document per network. What cannot be read is left out, so that a
// damaged file costs addresses, never the network.
import { ipv4Text, parseIpv4 } from "@mimic/wire";
import { z } from "zod";
import { addressBytes, addressNumber, type DhcpLease, Leases } from "./lease-table.ts";

const Kept = z.object({
  mac: z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/),
  address: z.ipv4(),
  clientId: z.string().max(128).default(""),
  hostName: z.string().max(63).optional(),
  state: z.enum(["bound", "free"]),
  expiresAtMs: z.number(),
});

const LeaseDocument = z.object({
  schemaVersion: z.literal(1),
  segments: z.array(
    z.object({ vlan: z.int(), leases: z.array(z.unknown()), resting: z.array(z.tuple([z.ipv4(), z.number()])).default([]) }),
  ),
});

export function leaseText(tables: ReadonlyMap<number, Leases>): string {
  const segments = Array.from(tables, ([vlan, table]) => ({
    vlan,
    leases: [...table.byMac.values()]
      .filter(({ state }) => state !== "offered")
      .map((lease) => ({ ...lease, address: ipv4Text(addressBytes(lease.address)) })),
    resting: Array.from(table.resting, ([address, untilMs]) => [ipv4Text(addressBytes(address)), untilMs]),
  }));
  return `${JSON.stringify({ schemaVersion: 1, segments }, undefined, 1)}\n`;
}

export function leasesIn(text: string | undefined): Map<number, Leases> {
  const tables = new Map<number, Leases>();
  const document = LeaseDocument.safeParse(jsonOf(text));
  if (!document.success) return tables;
  for (const { vlan, leases, resting } of document.data.segments) {
    const table = new Leases();
    for (const kept of leases) {
      const lease = leaseOf(kept);
      if (lease) table.put(lease);
    }
    for (const [address, untilMs] of resting) table.rest(addressNumber(parseIpv4(address) ?? new Uint8Array(4)), untilMs);
    tables.set(vlan, table);
  }
  return tables;
}

function leaseOf(kept: unknown): DhcpLease | undefined {
  const read = Kept.safeParse(kept);
  const address = read.success ? parseIpv4(read.data.address) : undefined;
  return read.success && address ? { ...read.data, hostName: read.data.hostName, address: addressNumber(address) } : undefined;
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    return undefined;
  }
}
