// The parts of a gateway and how they know each other. What changes with the plan stands in `state`, which all look at.
import type { DropReason, NetworkPlan } from "@mimic/model";
import type { GatewaySurroundings } from "../switch/gateway-port.ts";
import { LeaseKeeper } from "./dhcp/lease-keeper.ts";
import { addressBytes } from "./dhcp/lease-table.ts";
import { DnsOverTcp } from "./dns/dns-over-tcp.ts";
import { NameService } from "./dns/name-service.ts";
import type { GatewayEnvironment } from "./environment.ts";
import type { Foot } from "./feet.ts";
import { Ingress } from "./ingress.ts";
import { Link } from "./link/link.ts";
import { Machines } from "./machines.ts";
import type { NetworkRegistry } from "./network-registry.ts";
import { PolicyKeeper } from "./policy-keeper.ts";
import { RouterAdvertiser } from "./ra/router.ts";
import { Router } from "./router.ts";
import { Services } from "./services.ts";
import type { Uplink } from "./uplink.ts";

export interface GatewayWorld {
  readonly environment: GatewayEnvironment;
  readonly registry: NetworkRegistry;
}

export interface GatewayState {
  plan: NetworkPlan;
  feet: readonly Foot[];
  uplink: Uplink | undefined;
}

export interface GatewayParts {
  readonly machines: Machines;
  readonly policies: PolicyKeeper;
  readonly link: Link;
  readonly leases: LeaseKeeper;
  readonly names: NameService;
  readonly dnsOverTcp: DnsOverTcp;
  readonly advertiser: RouterAdvertiser;
  readonly router: Router;
  readonly ingress: Ingress;
}

export interface PartsWish {
  readonly state: GatewayState;
  readonly surroundings: GatewaySurroundings;
  readonly world: GatewayWorld;
  /** Addresses or names of machines changed. */
  readonly namesChanged: () => void;
}

export function makeParts({ state, surroundings, world, namesChanged }: PartsWish): GatewayParts {
  const { environment, registry } = world;
  const { clock, random } = environment;
  const { addresses, inlet, tell } = surroundings;
  const network = state.plan.id;
  const nowMs = (): number => clock.monotonicMs();
  const machines = new Machines();
  const link = new Link({ nowMs, send: (run) => inlet.receive(run) });
  const leases = new LeaseKeeper({
    kept: environment.leasesOf(network),
    addresses,
    machines,
    nowMs: () => clock.nowMs(),
    isUsedByOther: (vlan, address, mac) => link.isClaimedByOther(vlan, addressBytes(address), mac),
    tell: (lease, change) => tell({ kind: "lease", network, lease, change }),
    changed: namesChanged,
  });
  const names: NameService = new NameService({
    environment,
    machines,
    leases: () => leases,
    isOpened: (address) => policies.isOpened(address),
  });
  const policies: PolicyKeeper = new PolicyKeeper({
    hostAddresses: environment.hostAddresses,
    neighbours: () => registry.others(network),
    isNamed: (address, pattern) => names.server.names.isNamed(address, pattern, clock.nowMs()),
  });
  const policy = () => policies.policy;
  const uplink = () => state.uplink;
  const dropped = (reason: DropReason, rule: string | undefined): void => inlet.dropped(ingress.frame, reason, rule);
  const advertiser = new RouterAdvertiser({ clock, random, send: (vlan, message, to) => link.sendNdp(vlan, message, to) });
  const services = new Services({ link, leases, dns: names.server, router: advertiser, machines, nowMs, newAddress: namesChanged });
  const toNetwork = (other: string, packet: Uint8Array): void => void registry.find(other)?.fromNetwork(packet);
  const router = new Router({
    link,
    machines,
    policy,
    uplink,
    nowMs,
    mtu: () => state.plan.mtu,
    toNetwork,
    frame: () => ingress.frame,
    dropped,
  });
  const ingress: Ingress = new Ingress({ link, services, router, policy, uplink, dropped });
  return { machines, policies, link, leases, names, dnsOverTcp: new DnsOverTcp(names.server, clock), advertiser, router, ingress };
}
