// Neighbour discovery (RFC 4861 §4) as typed messages. They are the whole ICMPv6 message, type and code first; the checksum
// belongs to the layer below, which knows the addresses.

export const ndpType = {
  routerSolicitation: 133,
  routerAdvertisement: 134,
  neighborSolicitation: 135,
  neighborAdvertisement: 136,
  redirect: 137,
} as const;

export type NdpOption =
  /** §4.6.1: for Ethernet 6 bytes. */
  | { readonly option: "sourceLinkLayer" | "targetLinkLayer"; readonly mac: Uint8Array }
  /** §4.6.2. 0xffffffff seconds = for ever. */
  | {
      readonly option: "prefix";
      readonly prefix: Uint8Array;
      readonly prefixLength: number;
      readonly isOnLink: boolean;
      /** Addresses may be made of it (RFC 4862). */
      readonly isAutonomous: boolean;
      readonly validSeconds: number;
      readonly preferredSeconds: number;
    }
  /** §4.6.4. */
  | { readonly option: "mtu"; readonly mtu: number }
  /** §4.6.3: the beginning of the packet that caused a redirect. */
  | { readonly option: "redirectedHeader"; readonly packet: Uint8Array }
  /** RFC 4191 §2.3. */
  | {
      readonly option: "route";
      readonly prefix: Uint8Array;
      readonly prefixLength: number;
      readonly preference: RouterPreference;
      readonly seconds: number;
    }
  /** RFC 8106 §5.1. */
  | { readonly option: "dnsServers"; readonly seconds: number; readonly servers: readonly Uint8Array[] }
  /** RFC 8106 §5.2. */
  | { readonly option: "dnsSearch"; readonly seconds: number; readonly domains: readonly string[] }
  /** RFC 3971 §5.3.2: of a neighbour solicitation. */
  | { readonly option: "nonce"; readonly nonce: Uint8Array }
  /** Not read further: data behind the two bytes of type and length. */
  | { readonly option: "unknown"; readonly type: number; readonly data: Uint8Array };

/** RFC 4191 §2.1. */
export type RouterPreference = "high" | "medium" | "low";

export type NdpMessage =
  | { readonly kind: "routerSolicitation"; readonly options: readonly NdpOption[] }
  | {
      readonly kind: "routerAdvertisement";
      /** 0 = says nothing. */
      readonly hopLimit: number;
      /** Addresses come from DHCPv6. */
      readonly isManaged: boolean;
      /** The rest (DNS) comes from DHCPv6. */
      readonly hasOtherConfiguration: boolean;
      readonly preference: RouterPreference;
      /** 0 = is no default router. */
      readonly lifetimeSeconds: number;
      readonly reachableMs: number;
      readonly retransmitMs: number;
      readonly options: readonly NdpOption[];
    }
  | { readonly kind: "neighborSolicitation"; readonly target: Uint8Array; readonly options: readonly NdpOption[] }
  | {
      readonly kind: "neighborAdvertisement";
      readonly isRouter: boolean;
      readonly isSolicited: boolean;
      readonly isOverride: boolean;
      readonly target: Uint8Array;
      readonly options: readonly NdpOption[];
    }
  | { readonly kind: "redirect"; readonly target: Uint8Array; readonly destination: Uint8Array; readonly options: readonly NdpOption[] };

export type NdpMalformed = "too_short" | "not_ndp" | "bad_code" | "bad_option";
