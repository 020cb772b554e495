// The numbers of DHCPv4 (RFC 2131 §2, RFC 2132) and what a message is made of.

export const dhcpPort = { server: 67, client: 68 } as const;

/** Option 53 (RFC 2132 §9.6; the lease queries of RFC 4388). */
export const dhcpType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
  leaseQuery: 10,
  leaseUnassigned: 11,
  leaseUnknown: 12,
  leaseActive: 13,
} as const;
export type DhcpType = (typeof dhcpType)[keyof typeof dhcpType];

export const dhcpOption = {
  pad: 0,
  subnetMask: 1,
  router: 3,
  domainNameServer: 6,
  hostName: 12,
  domainName: 15,
  interfaceMtu: 26,
  broadcastAddress: 28,
  ntpServers: 42,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maxMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  rapidCommit: 80, // RFC 4039
  clientFqdn: 81, // RFC 4702
  clientLastTransactionTime: 91, // RFC 4388 §6.1
  ipv6OnlyPreferred: 108, // RFC 8925
  domainSearch: 119, // RFC 3397
  classlessRoutes: 121, // RFC 3442
  end: 255,
} as const;

export interface DhcpMessage {
  readonly operation: "request" | "reply";
  /** 1 = Ethernet (RFC 1700). */
  readonly hardwareType: number;
  readonly hops: number;
  readonly transactionId: number;
  readonly seconds: number;
  /** The client cannot take a unicast answer yet (RFC 2131 §4.1). */
  readonly wantsBroadcast: boolean;
  /** ciaddr: what the client has and answers for. All four addresses have 4 bytes. */
  readonly clientAddress: Uint8Array;
  /** yiaddr: what it gets. */
  readonly yourAddress: Uint8Array;
  /** siaddr: where to boot from next. */
  readonly nextServer: Uint8Array;
  /** giaddr: the relay on the way. */
  readonly relayAddress: Uint8Array;
  /** chaddr, as long as the message says: 6 bytes for Ethernet. */
  readonly clientHardware: Uint8Array;
  readonly serverName: string;
  readonly bootFile: string;
  /** By code; an option that came in parts is put together (RFC 3396). */
  readonly options: ReadonlyMap<number, Uint8Array>;
}

export const noIpv4Address: Uint8Array = new Uint8Array(4);
