// The gateway's feet: one per segment, with everything about it read and ready.
import type { NetworkPlan, Segment } from "@mimic/model";
import { eui64Address, type IpRange, parseIp, parseIpv6, parseMac, rangeOf } from "@mimic/wire";
import { addressNumber } from "./dhcp/lease-table.ts";
import type { SegmentOffer } from "./dhcp/options-for.ts";
import { poolOf } from "./dhcp/pool.ts";
import type { RouterOffer } from "./ra/advertisement.ts";
import type { UplinkFoot } from "./uplink.ts";

export interface Foot {
  readonly vlan: number;
  readonly v4: { readonly own: Uint8Array; readonly range: IpRange } | undefined;
  readonly v6: { readonly own: Uint8Array; readonly linkLocal: Uint8Array; readonly range: IpRange } | undefined;
  /** What DHCP offers; undefined = no DHCP here. */
  readonly dhcp: SegmentOffer | undefined;
  readonly router: RouterOffer | undefined;
}

const LINK_LOCAL = parseIpv6("fe80::") ?? new Uint8Array(16);
/** RFC 8200 §5: no IPv6 below it. */
const LEAST_IPV6_MTU = 1280;

export interface FeetWish {
  readonly plan: NetworkPlan;
  readonly mac: Uint8Array;
  /** Whether this computer reaches the IPv6 Internet itself. */
  readonly hasIpv6Uplink: boolean;
}

export function feetOf({ plan, mac, hasIpv6Uplink }: FeetWish): Foot[] {
  const { gateway } = plan;
  if (!gateway) return [];
  const leads = gateway.uplink === "internet";
  // Without a way out, guests are told of the other segments when a rule, or the network itself, may let them there.
  const tellsRoutes = !leads && gateway.rules.some(({ action }) => action === "accept");
  const others = (segment: Segment): Segment[] => (tellsRoutes ? gateway.segments.filter(({ vlan }) => vlan !== segment.vlan) : []);
  return gateway.segments.map((segment) => {
    const own4 = segment.v4 && parseIp(segment.v4.address);
    const own6 = segment.v6 && parseIp(segment.v6.address);
    const prefix6 = segment.v6 && parseIpv6(segment.v6.prefix);
    const pool = poolOf(segment);
    const about = { domain: gateway.domain, mtu: plan.mtu };
    return {
      vlan: segment.vlan,
      v4: own4 && segment.v4 ? { own: own4, range: rangeOf(own4, segment.v4.prefix) } : undefined,
      v6: own6 && prefix6 ? { own: own6, linkLocal: eui64Address(LINK_LOCAL, mac), range: rangeOf(prefix6, 64) } : undefined,
      dhcp: pool && { ...about, pool, isDefaultRouter: leads, routes: others(segment).flatMap(routes4) },
      router:
        own6 && prefix6 && plan.mtu >= LEAST_IPV6_MTU
          ? {
              ...about,
              mac,
              prefix: prefix6,
              address: own6,
              isDefaultRouter: leads && hasIpv6Uplink,
              routes: others(segment).flatMap(routes6),
            }
          : undefined,
    };
  });
}

function routes4({ v4 }: Segment): { readonly to: number; readonly prefix: number }[] {
  const own = v4 && parseIp(v4.address);
  return v4 && own ? [{ to: addressNumber(rangeOf(own, v4.prefix).base), prefix: v4.prefix }] : [];
}

function routes6({ v6 }: Segment): IpRange[] {
  const prefix = v6 && parseIpv6(v6.prefix);
  return prefix ? [rangeOf(prefix, 64)] : [];
}

/** Every address that is the gateway's own, link-local ones too. */
export const ownAddresses = (feet: readonly Foot[]): Uint8Array[] =>
  feet.flatMap(({ v4, v6 }) => [...(v4 ? [v4.own] : []), ...(v6 ? [v6.own, v6.linkLocal] : [])]);

export const macOfPlan = (plan: NetworkPlan): Uint8Array => parseMac(plan.gateway?.mac ?? "") ?? new Uint8Array(6);

export const uplinkFeet = (feet: readonly Foot[], mac: Uint8Array): UplinkFoot[] =>
  feet.map(({ vlan, v4, v6 }) => ({
    vlan,
    mac,
    addresses: [
      ...(v4 ? [{ address: v4.own, prefixLength: v4.range.prefix }] : []),
      ...(v6
        ? [
            { address: v6.own, prefixLength: v6.range.prefix },
            { address: v6.linkLocal, prefixLength: 64 },
          ]
        : []),
    ],
  }));
