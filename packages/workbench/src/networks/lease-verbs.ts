// Leases, and addresses that are always the same.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { Lease, NetworkView } from "@mimic/model";
import type { Context } from "../context.ts";
import type { OfNetwork } from "../network-workbench.ts";
import { readRange, toNumber } from "./addresses.ts";
import { edit } from "./edit.ts";
import { findNetwork } from "./find.ts";

const soon = () => ({ signal: AbortSignal.timeout(10_000) });

export async function listLeases(context: Context, input: OfNetwork): Promise<{ leases: Lease[] } | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  return { leases: [...(await context.ports.fabric.leases(found.id, soon()))] };
}

export async function releaseLease(context: Context, input: OfNetwork & { mac: string }): Promise<object | Refusal> {
  const found = findNetwork(context, input.network);
  if (isRefusal(found)) return found;
  const known = await context.ports.fabric.leases(found.id, soon());
  if (!known.some(({ mac }) => mac === input.mac))
    return refusal(
      "lease.unknown",
      `Nobody with the address ${input.mac} has a lease on “${found.name}”.`,
      `See the leases: mimic net lease ${found.name}`,
    );
  await context.ports.fabric.release(found.id, input.mac, soon());
  return {};
}

export async function reserve(context: Context, input: OfNetwork & { mac: string; address: string }): Promise<NetworkView | Refusal> {
  return await edit(context, input.network, `address of ${input.mac}`, (now) => {
    const at = toNumber(input.address);
    const home = now.vlans.find(({ segment }) => {
      const range = segment?.v4 && readRange(`${segment.v4.address}/${segment.v4.prefix}`);
      return range !== undefined && at > range.from && at < range.to && input.address !== segment?.v4?.address;
    });
    if (!home?.segment)
      return refusal(
        "lease.not_in_network",
        `${input.address} is no address that a machine on “${now.name}” can have.`,
        `See its ranges: mimic net show ${now.name}`,
      );
    const other = home.segment.reservations.find(({ address, mac }) => address === input.address && mac !== input.mac);
    if (other)
      return refusal(
        "lease.address_taken",
        `${input.address} is kept for ${other.mac} already.`,
        "Choose another address, or take that one away first.",
      );
    const { id } = home;
    return withReservations(now, input.mac, (vlan, kept) => (vlan === id ? [...kept, { mac: input.mac, address: input.address }] : kept));
  });
}

export async function unreserve(context: Context, input: OfNetwork & { mac: string }): Promise<NetworkView | Refusal> {
  return await edit(context, input.network, `address of ${input.mac}`, (now) => {
    if (!now.vlans.some(({ segment }) => segment?.reservations.some(({ mac }) => mac === input.mac)))
      return refusal(
        "lease.unknown",
        `No address is kept for ${input.mac} on “${now.name}”.`,
        `See the leases: mimic net lease ${now.name}`,
      );
    return withReservations(now, input.mac, (_vlan, kept) => kept);
  });
}

type Reservations = { mac: string; address: string }[];

/** All VLANs, without what was kept for `mac`, and with what `more` adds. */
function withReservations<N extends { vlans: { id: number; segment?: { reservations: Reservations } | undefined }[] }>(
  now: N,
  mac: string,
  more: (vlan: number, kept: Reservations) => Reservations,
): N {
  const vlans = now.vlans.map((vlan) =>
    vlan.segment
      ? {
          ...vlan,
          segment: {
            ...vlan.segment,
            reservations: more(
              vlan.id,
              vlan.segment.reservations.filter((kept) => kept.mac !== mac),
            ),
          },
        }
      : vlan,
  );
  return { ...now, vlans };
}
