// What a DHCP answer says besides the address: what is vital always, the rest when the client asks for it or asks for nothing
// in particular (RFC 2131 §4.3.1).
import {
  type ClasslessRoute,
  classlessRoutesData,
  type DhcpMessage,
  dhcpOption,
  ipv4Mask,
  searchListData,
  textData,
  u16Data,
  u32Data,
} from "@mimic/wire";
import { addressBytes } from "./lease-table.ts";
import type { Pool } from "./pool.ts";

/** What a segment tells its machines. */
export interface SegmentOffer {
  readonly pool: Pool;
  readonly domain: string;
  readonly mtu: number;
  /**
   * Whether the gateway leads anywhere beyond the segments. A network without a way out has no default route, so that a
   * machine with a second NIC keeps the one that it has there.
   */
  readonly isDefaultRouter: boolean;
  /** Other segments that are reached through the gateway. */
  readonly routes: readonly { readonly to: number; readonly prefix: number }[];
}

/** Clients that ask for option 121 do not look at option 3 any more, so the default route stands in both (RFC 3442). */
function classlessRoutes({ pool, routes, isDefaultRouter }: SegmentOffer): ClasslessRoute[] {
  const router = addressBytes(pool.own);
  const all = routes.map(({ to, prefix }) => ({ to: addressBytes(to), prefix, router }));
  return isDefaultRouter ? [...all, { to: new Uint8Array(4), prefix: 0, router }] : all;
}

/** Options by code in the order in which they are sent. `leaseSeconds` undefined: an answer to INFORM, without times. */
export function optionsFor(
  offer: SegmentOffer,
  asked: DhcpMessage,
  more: { readonly leaseSeconds: number | undefined; readonly hostName: string | undefined },
): Map<number, Uint8Array> {
  const { pool } = offer;
  const own = addressBytes(pool.own);
  const routes = classlessRoutes(offer);
  const vital = new Map<number, Uint8Array>([[dhcpOption.serverIdentifier, own]]);
  if (more.leaseSeconds !== undefined) {
    vital.set(dhcpOption.leaseTime, u32Data(more.leaseSeconds));
    vital.set(dhcpOption.renewalTime, u32Data(Math.floor(more.leaseSeconds / 2)));
    vital.set(dhcpOption.rebindingTime, u32Data(Math.floor((more.leaseSeconds * 7) / 8)));
  }
  vital.set(dhcpOption.subnetMask, ipv4Mask(pool.prefix));
  const others = new Map<number, Uint8Array>();
  if (routes.length > 0) others.set(dhcpOption.classlessRoutes, classlessRoutesData(routes));
  if (offer.isDefaultRouter) others.set(dhcpOption.router, own);
  others.set(dhcpOption.domainNameServer, own);
  if (more.hostName) others.set(dhcpOption.hostName, textData(more.hostName));
  if (offer.domain !== "") {
    others.set(dhcpOption.domainName, textData(offer.domain));
    others.set(dhcpOption.domainSearch, searchListData([offer.domain]));
  }
  others.set(dhcpOption.interfaceMtu, u16Data(offer.mtu));
  others.set(dhcpOption.broadcastAddress, addressBytes(pool.broadcast));
  const requested = asked.options.get(dhcpOption.parameterRequestList);
  for (const [code, data] of others) if (!requested || requested.includes(code)) vital.set(code, data);
  return vital;
}
