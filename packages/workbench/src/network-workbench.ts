// Networks and network cards as the doors see them: the part of `Workbench` beside machines and images.
import type { Refusal } from "@mimic/base";
import type {
  DnsRecord,
  DropView,
  FirewallRule,
  Lease,
  LinkProfile,
  MachineView,
  NetworkKind,
  NetworkView,
  NicModel,
  PortCounters,
  PortGuards,
  PortMode,
  TraceStepView,
  TwoWayQuality,
} from "@mimic/model";
import type { FabricConnection } from "./ports/index.ts";

type Answer<T> = Promise<T | Refusal>;
type Maybe<T> = { [K in keyof T]?: T[K] | undefined };
export type OfNetwork = { network: string };

/** What can be changed at any port; what is left out stays. */
export interface PortWish {
  mode?: PortMode | undefined;
  isUp?: boolean | undefined;
  guards?: Maybe<PortGuards> | undefined;
  quality?: TwoWayQuality | undefined;
  /** A quality by name, in place of `quality`. */
  profile?: LinkProfile | undefined;
}
export interface NicWish extends PortWish {
  /** null = its cable leads nowhere. */
  network?: string | null | undefined;
  model?: NicModel | undefined;
  mac?: string | undefined;
}
export interface CreateNetworkWish {
  name: string;
  kind?: NetworkKind | undefined;
  subnet?: string | undefined;
  mtu?: number | undefined;
  note?: string | undefined;
  /** Of a bridged network: which bridge of this computer. */
  to?: string | undefined;
}
export interface ChangeNetworkWish extends OfNetwork {
  name?: string | undefined;
  note?: string | undefined;
  mtu?: number | undefined;
  snooping?: boolean | undefined;
  spanningTree?: boolean | undefined;
  automaticForwards?: boolean | undefined;
  dnsRecords?: DnsRecord[] | undefined;
}
export interface VlanWish extends OfNetwork {
  vlan: number;
  name?: string | undefined;
  gateway?: boolean | undefined;
  subnet?: string | undefined;
}
export type LeadsWish =
  | { to: "network"; network: string; mode?: PortMode | undefined }
  | { to: "socket" }
  | { to: "tunnel"; listen?: string | undefined; dial?: string | undefined; key?: string | undefined }
  | { to: "mirror"; of: string[] };
export interface AddPortWish extends OfNetwork, PortWish {
  name?: string | undefined;
  leads: LeadsWish;
}
export interface ForwardWish extends OfNetwork {
  machine: string;
  guestPort: number;
  hostPort?: number | undefined;
  hostAddress?: string | undefined;
  protocol?: "tcp" | "udp" | undefined;
}
export type RuleWish = Pick<FirewallRule, "action" | "target"> & Maybe<Omit<FirewallRule, "id" | "action" | "target">>;

/** Frames of which capture; `port` is an id or a name, as everywhere. */
export interface CaptureRequest extends OfNetwork {
  port?: string | undefined;
  vlan?: number | undefined;
  filter?: string | undefined;
  snapLength?: number | undefined;
  withDrops?: boolean | undefined;
}

export interface NicVerbs {
  addNic(input: NicWish & { machine: string }): Answer<MachineView>;
  changeNic(input: NicWish & { machine: string; nic: string }): Answer<MachineView>;
  removeNic(input: { machine: string; nic: string }): Answer<MachineView>;
}

export interface NetworkVerbs {
  list(input: object): Answer<{ networks: NetworkView[] }>;
  create(input: CreateNetworkWish): Answer<NetworkView>;
  show(input: OfNetwork): Answer<NetworkView>;
  change(input: ChangeNetworkWish): Answer<NetworkView>;
  remove(input: OfNetwork): Answer<object>;
  setVlan(input: VlanWish): Answer<NetworkView>;
  removeVlan(input: OfNetwork & { vlan: number }): Answer<NetworkView>;
  addPort(input: AddPortWish): Answer<NetworkView>;
  changePort(input: OfNetwork & PortWish & { port: string; name?: string | undefined }): Answer<NetworkView>;
  removePort(input: OfNetwork & { port: string }): Answer<NetworkView>;
  addForward(input: ForwardWish): Answer<NetworkView>;
  removeForward(input: OfNetwork & { forward: string }): Answer<NetworkView>;
  addRule(input: OfNetwork & { rule: RuleWish; at?: number | undefined }): Answer<NetworkView>;
  moveRule(input: OfNetwork & { rule: string; at: number }): Answer<NetworkView>;
  removeRule(input: OfNetwork & { rule: string }): Answer<NetworkView>;
  leases(input: OfNetwork): Answer<{ leases: Lease[] }>;
  releaseLease(input: OfNetwork & { mac: string }): Answer<object>;
  reserve(input: OfNetwork & { mac: string; address: string }): Answer<NetworkView>;
  unreserve(input: OfNetwork & { mac: string }): Answer<NetworkView>;
  counters(input: OfNetwork): Answer<{ at: string; ports: PortCounters[] }>;
  drops(input: OfNetwork & { port?: string | undefined }): Answer<{ drops: DropView[] }>;
  trace(
    input: OfNetwork & { from: string; to: string; protocol?: "icmp" | "tcp" | "udp" | undefined; toPort?: number | undefined },
  ): Answer<{ steps: TraceStepView[] }>;
  layout(input: OfNetwork & { places: Record<string, { x: number; y: number } | null> }): Answer<object>;
  /** pcap-ng bytes until aborted; throws `capture.bad_filter` at the first piece. */
  capture(input: CaptureRequest, options: { signal: AbortSignal }): Answer<AsyncIterable<Uint8Array>>;
  /** A TCP connection to a port of a machine through its network's gateway. The caller owns it. */
  connect(input: { machine: string; port: number; nic?: string | undefined }, options: { signal: AbortSignal }): Answer<FabricConnection>;
}
