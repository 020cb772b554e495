// What a gateway needs of the computer that it runs on, as narrow interfaces; packages/network/src/node/gateway has the real ones.
import type { Clock, Log, Random } from "@mimic/base";
import type { DnsServerAddress, DnsTransport } from "./dns/forwarder.ts";
import type { MakeUplink } from "./uplink.ts";

/** Text that is kept from one run of the process to the next, for one network. */
export interface KeptText {
  /** Undefined when there is none yet, or it cannot be read. */
  read(): string | undefined;
  /** Whole or not at all; soon, not at once. Later texts replace earlier ones that are not written yet. */
  write(text: string): void;
}

export interface GatewayEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly leasesOf: (network: string) => KeptText;
  /** Every address of this computer's interfaces now, 4 or 16 bytes each. Asked often: keep it at hand. */
  readonly hostAddresses: () => readonly Uint8Array[];
  readonly dnsTransport: DnsTransport;
  /** The resolvers that this computer itself uses now. */
  readonly hostResolvers: () => readonly DnsServerAddress[];
  /** The way out, and TCP at the gateway's own addresses; undefined = there is none (a page in a browser). */
  readonly makeUplink: MakeUplink | undefined;
}
