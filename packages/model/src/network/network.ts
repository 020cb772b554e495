// A network: what was asked for (record) and what is observed (view). A NIC's own wishes stand in its machine's record;
// the network's record holds what belongs to the network.
import { z } from "zod";
import { Name } from "../name.ts";
import { FirewallRule } from "./firewall.ts";
import { PortGuards } from "./guards.ts";
import { InterfaceName } from "./lan.ts";
import { TwoWayQuality } from "./link-quality.ts";
import { DnsRecord, Forward, PortIdText, Segment } from "./plan.ts";
import { PortMode, VlanId } from "./port-mode.ts";

export const NetworkIdText = z.string().regex(/^net_[0-9a-z]{26}$/);

/**
 * nat: machines, this computer and the Internet; no root. isolated: machines among themselves, with addresses and names.
 * hostOnly: machines and this computer (by forwards), nothing further. routed: VLANs with a router between them, which
 * passes on what rules allow, and to the Internet. bare: a switch and nothing else. bridged: onto this computer's own LAN, where the system allows it.
 */
export const NetworkKind = z.enum(["nat", "isolated", "hostOnly", "routed", "bare", "bridged"]);
export type NetworkKind = z.infer<typeof NetworkKind>;

export const VlanSpec = z.strictObject({
  id: VlanId,
  name: z.string().max(63).default(""),
  /** The gateway's addresses in it; absent = the VLAN has no gateway. Chosen by Mimic when it is made. */
  segment: Segment.omit({ vlan: true }).optional(),
});
export type VlanSpec = z.infer<typeof VlanSpec>;

/** A port that is no machine's: a link to another network, another engine, a tunnel, a mirror. */
export const ExtraPort = z.strictObject({
  id: PortIdText,
  name: z.string().max(63),
  leads: z.discriminatedUnion("to", [
    z.strictObject({ to: z.literal("network"), network: NetworkIdText, port: PortIdText }),
    z.strictObject({ to: z.literal("socket") }),
    z.strictObject({ to: z.literal("tunnel"), listen: z.string().max(100).optional(), dial: z.string().max(260).optional() }),
    /** To a bridge of this computer; only on a bridged network, which has exactly one. */
    z.strictObject({ to: z.literal("lan"), bridge: InterfaceName }),
    z.strictObject({ to: z.literal("mirror"), of: z.array(PortIdText).max(64) }),
  ]),
  mode: PortMode,
  isUp: z.boolean().default(true),
  guards: PortGuards,
  quality: TwoWayQuality.prefault({}),
});
export type ExtraPort = z.infer<typeof ExtraPort>;

/** `network.json` in the network's folder. */
export const NetworkRecord = z.strictObject({
  id: NetworkIdText,
  name: Name,
  kind: NetworkKind,
  createdAt: z.iso.datetime(),
  note: z.string().max(2000).default(""),
  mtu: z.int().min(576).max(65_500).default(1500),
  snooping: z.boolean().default(true),
  spanningTree: z.boolean().default(true),
  vlans: z.array(VlanSpec).max(64),
  ports: z.array(ExtraPort).max(256).default([]),
  rules: z.array(FirewallRule).max(1000).default([]),
  forwards: z.array(Forward).max(1000).default([]),
  dnsRecords: z.array(DnsRecord).max(1000).default([]),
  /** Ports that a guest opens appear on this computer's loopback by themselves. */
  automaticForwards: z.boolean().default(true),
  /** Where things stand on the canvas, by id; kept for people, meaningless to machines. */
  layout: z.record(z.string().max(40), z.strictObject({ x: z.number(), y: z.number() })).default({}),
});
export type NetworkRecord = z.infer<typeof NetworkRecord>;

export const Lease = z.object({
  mac: z.string(),
  address: z.string(),
  /** What the guest calls itself: a claim. */
  hostName: z.string().optional(),
  machine: z.string().optional(),
  vlan: VlanId,
  expiresAt: z.iso.datetime().optional(),
  isReserved: z.boolean(),
});
export type Lease = z.infer<typeof Lease>;
