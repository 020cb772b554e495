// The numbers of DNS (RFC 1035 §3.2, §4.1.1 and those that came later) and what a message is made of.

export const dnsType = {
  A: 1, // RFC 1035 §3.4.1
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28, // RFC 3596
  SRV: 33, // RFC 2782
  DNAME: 39, // RFC 6672
  OPT: 41, // RFC 6891
  SVCB: 64, // RFC 9460
  HTTPS: 65,
  AXFR: 252,
  ANY: 255,
} as const;
export type DnsTypeName = keyof typeof dnsType;

export const dnsClass = { IN: 1, CH: 3, NONE: 254, ANY: 255 } as const;

export const responseCode = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const;

export interface DnsQuestion {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

/** `data` is the record's own part with every name in it written out, whatever the message had (RFC 3597 §4). */
export interface DnsRecordOnWire {
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  readonly data: Uint8Array;
}

/** What the OPT pseudo-record says (RFC 6891 §6). */
export interface Edns {
  /** Bytes that the sender takes over UDP. */
  readonly udpSize: number;
  readonly version: number;
  readonly isDnssecOk: boolean;
  readonly options: readonly { readonly code: number; readonly data: Uint8Array }[];
}

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly isAuthoritative: boolean;
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  /** Checked by the resolver with DNSSEC; and: do not check (RFC 4035 §3.1.6, §3.2.2). */
  readonly isAuthentic: boolean;
  readonly checkingDisabled: boolean;
  /** All 12 bits: the 4 of the header and the 8 of EDNS. */
  readonly responseCode: number;
  readonly questions: readonly DnsQuestion[];
  readonly answers: readonly DnsRecordOnWire[];
  readonly authorities: readonly DnsRecordOnWire[];
  /** Without the OPT record, which is `edns`. */
  readonly additionals: readonly DnsRecordOnWire[];
  readonly edns: Edns | undefined;
}

export const emptyDnsMessage: DnsMessage = {
  id: 0,
  isResponse: false,
  opcode: 0,
  isAuthoritative: false,
  isTruncated: false,
  recursionDesired: false,
  recursionAvailable: false,
  isAuthentic: false,
  checkingDisabled: false,
  responseCode: 0,
  questions: [],
  answers: [],
  authorities: [],
  additionals: [],
  edns: undefined,
};
