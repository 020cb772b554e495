// DHCPv6 without addresses (RFC 8415 §18.3, “stateless”): guests make their addresses themselves and ask here for DNS. Who asks
// for an address all the same is told that there is none to give.
import {
  type Dhcpv6Message,
  type Dhcpv6Option,
  dhcpv6Option,
  dhcpv6OptionOf,
  dhcpv6Status,
  dhcpv6Type,
  equalBytes,
  iaNaData,
  readIaNa,
  requestedOptions,
  searchListData,
  u16Data,
  u32Data,
} from "@mimic/wire";

export interface Dhcpv6Offer {
  readonly mac: Uint8Array;
  /** 16 bytes. */
  readonly dnsServer: Uint8Array;
  readonly domain: string;
}

const REFRESH_SECONDS = 86_400;

/** DUID-LL (§11.4): type 3, Ethernet, the MAC. */
export const duidOf = (mac: Uint8Array): Uint8Array => Uint8Array.of(0, 3, 0, 1, ...mac);

/** The answer, or undefined where the protocol asks for silence. Never throws. */
export function decideDhcpv6(offer: Dhcpv6Offer, message: Dhcpv6Message): Dhcpv6Message | undefined {
  const serverId = duidOf(offer.mac);
  const asked = dhcpv6OptionOf(message, dhcpv6Option.serverId);
  if (asked && !equalBytes(asked, serverId)) return undefined;
  const clientId = dhcpv6OptionOf(message, dhcpv6Option.clientId);
  const head: Dhcpv6Option[] = [{ code: dhcpv6Option.serverId, data: serverId }];
  if (clientId) head.unshift({ code: dhcpv6Option.clientId, data: clientId });
  const reply = (type: number, options: readonly Dhcpv6Option[]): Dhcpv6Message => ({
    type,
    transactionId: message.transactionId,
    options: [...head, ...options],
  });
  switch (message.type) {
    case dhcpv6Type.informationRequest:
      return reply(dhcpv6Type.reply, configuration(offer, message));
    case dhcpv6Type.solicit:
      return clientId && reply(dhcpv6Type.advertise, [...noAddresses(message), ...configuration(offer, message)]);
    case dhcpv6Type.request:
    case dhcpv6Type.renew:
    case dhcpv6Type.rebind:
      return clientId && reply(dhcpv6Type.reply, [...noAddresses(message), ...configuration(offer, message)]);
    case dhcpv6Type.release:
    case dhcpv6Type.decline:
      return clientId && asked && reply(dhcpv6Type.reply, [status(dhcpv6Status.success, "")]);
    default:
      return undefined;
  }
}

function configuration(offer: Dhcpv6Offer, message: Dhcpv6Message): Dhcpv6Option[] {
  const requested = requestedOptions(message);
  const known: Dhcpv6Option[] = [
    { code: dhcpv6Option.dnsServers, data: offer.dnsServer },
    { code: dhcpv6Option.informationRefreshTime, data: u32Data(REFRESH_SECONDS) },
  ];
  if (offer.domain !== "") known.push({ code: dhcpv6Option.domainList, data: searchListData([offer.domain]) });
  return known.filter(({ code }) => requested.length === 0 || requested.includes(code));
}

/** §18.3.9: each association comes back with the reason, and without addresses. */
function noAddresses(message: Dhcpv6Message): Dhcpv6Option[] {
  return message.options.flatMap(({ code, data }): Dhcpv6Option[] => {
    const association = code === dhcpv6Option.iaNa ? readIaNa(data) : undefined;
    if (!association) return [];
    const options = [status(dhcpv6Status.noAddressesAvailable, "addresses are made from router advertisements here")];
    return [{ code, data: iaNaData({ iaid: association.iaid, t1Seconds: 0, t2Seconds: 0, addresses: [], options }) }];
  });
}

const status = (code: number, words: string): Dhcpv6Option => ({
  code: dhcpv6Option.statusCode,
  data: Uint8Array.of(...u16Data(code), ...new TextEncoder().encode(words)),
});
