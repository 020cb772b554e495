// What a router advertisement of ours says: the prefix from which guests make their addresses (RFC 4862), the way out if there
// is one, DNS (RFC 8106), the MTU, and the other segments as routes (RFC 4191).
import type { IpRange, NdpMessage, NdpOption } from "@mimic/wire";
import { ROUTER_LIFETIME_SECONDS } from "./advertise.ts";

const PREFIX_VALID_SECONDS = 86_400;
const PREFIX_PREFERRED_SECONDS = 14_400;

export interface RouterOffer {
  readonly mac: Uint8Array;
  /** A /64 prefix, 16 bytes. */
  readonly prefix: Uint8Array;
  /** The gateway's own address in it, which answers DNS. */
  readonly address: Uint8Array;
  readonly domain: string;
  readonly mtu: number;
  /** Whether IPv6 leads out of this computer. */
  readonly isDefaultRouter: boolean;
  readonly routes: readonly IpRange[];
}

export function advertisementOf(offer: RouterOffer): NdpMessage {
  const seconds = ROUTER_LIFETIME_SECONDS;
  const options: NdpOption[] = [
    { option: "sourceLinkLayer", mac: offer.mac },
    { option: "mtu", mtu: offer.mtu },
    prefixOption(offer.prefix, { valid: PREFIX_VALID_SECONDS, preferred: PREFIX_PREFERRED_SECONDS }),
    { option: "dnsServers", seconds, servers: [offer.address] },
  ];
  if (offer.domain !== "") options.push({ option: "dnsSearch", seconds, domains: [offer.domain] });
  for (const { base, prefix } of offer.routes) {
    options.push({ option: "route", prefix: base, prefixLength: prefix, preference: "medium", seconds });
  }
  return { ...advertisement, lifetimeSeconds: offer.isDefaultRouter ? seconds : 0, options };
}

/** What is said when a prefix is given up, so that guests do not go on using it (RFC 4861 §6.2.5, RFC 4862 §5.5.3). */
export function farewellOf(offer: RouterOffer): NdpMessage {
  const options: NdpOption[] = [
    { option: "sourceLinkLayer", mac: offer.mac },
    prefixOption(offer.prefix, { valid: 0, preferred: 0 }),
    { option: "dnsServers", seconds: 0, servers: [offer.address] },
  ];
  return { ...advertisement, lifetimeSeconds: 0, options };
}

const advertisement = {
  kind: "routerAdvertisement",
  hopLimit: 64,
  isManaged: false,
  hasOtherConfiguration: true,
  preference: "medium",
  reachableMs: 0,
  retransmitMs: 0,
} as const;

const prefixOption = (prefix: Uint8Array, seconds: { readonly valid: number; readonly preferred: number }): NdpOption => ({
  option: "prefix",
  prefix,
  prefixLength: 64,
  isOnLink: true,
  isAutonomous: true,
  validSeconds: seconds.valid,
  preferredSeconds: seconds.preferred,
});
