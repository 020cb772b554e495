// DNS of one network put together: the zone follows the plan, the leases and the IPv6 addresses that were seen.
import type { NetworkPlan } from "@mimic/model";
import type { LeaseKeeper } from "../dhcp/lease-keeper.ts";
import type { GatewayEnvironment } from "../environment.ts";
import type { Foot } from "../feet.ts";
import { isPublicAddress } from "../filter/special-ranges.ts";
import type { Machines } from "../machines.ts";
import { DnsServer } from "./dns-server.ts";
import { type DnsServerAddress, Forwarder } from "./forwarder.ts";
import { makeZone, type NamedHost, type Zone } from "./zone.ts";

/** Names that a guest must not claim for itself: programs look for them and trust what they find. */
const NOT_FOR_GUESTS = new Set(["gateway", "localhost", "wpad", "isatap", "broadcasthost", "ns", "dns", "proxy"]);
const DNS_PORT = 53;

export interface NameServiceParts {
  readonly environment: GatewayEnvironment;
  readonly machines: Machines;
  readonly leases: () => LeaseKeeper;
  /** Whether a rule opened this private address. */
  readonly isOpened: (address: Uint8Array) => boolean;
}

export class NameService {
  readonly server: DnsServer;
  readonly #parts: NameServiceParts;
  readonly #forwarder: Forwarder;
  #plan: NetworkPlan | undefined;
  #feet: readonly Foot[] = [];
  #zone: Zone | undefined;
  #serial = 1;

  constructor(parts: NameServiceParts) {
    this.#parts = parts;
    const { clock, random, dnsTransport } = parts.environment;
    this.#forwarder = new Forwarder({ transport: dnsTransport, clock, random, servers: () => this.#servers() });
    this.server = new DnsServer({
      zone: () => this.zone,
      forwarder: () => (this.#plan?.gateway?.dns.forward ? this.#forwarder : undefined),
      mayPoint: (address) => isPublicAddress(address) || parts.isOpened(address),
      clock,
    });
  }

  apply(plan: NetworkPlan, feet: readonly Foot[]): void {
    this.#plan = plan;
    this.#feet = feet;
    this.server.forgetAnswers();
    this.changed();
  }

  /** The zone is worked out when it is next asked for. */
  changed(): void {
    this.#zone = undefined;
  }

  get zone(): Zone {
    this.#zone ??= makeZone({
      domain: this.#plan?.gateway?.domain ?? "",
      hosts: this.#hosts(),
      records: this.#plan?.gateway?.dns.records ?? [],
      ranges: this.#feet.flatMap(({ v4, v6 }) => [...(v4 ? [v4.range] : []), ...(v6 ? [v6.range] : [])]),
      serial: this.#serial++,
    });
    return this.#zone;
  }

  #servers(): readonly DnsServerAddress[] {
    const own = this.#plan?.gateway?.dns.servers ?? [];
    return own.length > 0 ? own.map((address) => ({ address, port: DNS_PORT })) : this.#parts.environment.hostResolvers();
  }

  /** The plan's names come first; what guests call themselves counts where nobody else has that name. */
  #hosts(): NamedHost[] {
    const { machines } = this.#parts;
    const leases = this.#parts.leases();
    const hosts = new Map<string, NamedHost>();
    const gateway = this.#feet.flatMap(({ v4, v6 }) => [...(v4 ? [v4.own] : []), ...(v6 ? [v6.own] : [])]);
    hosts.set("gateway", { name: "gateway", addresses: gateway });
    const addressesOf = (mac: string): Uint8Array[] => {
      const address = leases.addressOf(mac);
      return [...(address ? [address] : []), ...machines.v6Of(mac)];
    };
    for (const { mac, hostName } of machines.all) {
      if (hostName && !hosts.has(hostName.toLowerCase()))
        hosts.set(hostName.toLowerCase(), { name: hostName.toLowerCase(), addresses: addressesOf(mac) });
    }
    for (const { mac, hostName } of leases.leases()) {
      if (!hostName || machines.byMac(mac)?.hostName || NOT_FOR_GUESTS.has(hostName) || hosts.has(hostName)) continue;
      hosts.set(hostName, { name: hostName, addresses: addressesOf(mac) });
    }
    return [...hosts.values()];
  }
}
