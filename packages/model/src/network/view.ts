// A network as the three doors show it: what was asked for, beside what is observed.
import { z } from "zod";
import { Power } from "../power.ts";
import { PortCounters } from "./counters.ts";
import { PortGuards } from "./guards.ts";
import { TwoWayQuality } from "./link-quality.ts";
import { NetworkIdText, NetworkRecord } from "./network.ts";
import { MacAddress, NicModel } from "./nic.ts";
import { Forward, PortIdText } from "./plan.ts";
import { PortMode, VlanId } from "./port-mode.ts";

/** Where a cable ends, and how it is. Ports of machines have the id of their NIC. */
export const PortView = z.object({
  id: PortIdText,
  /** For people: the machine's name, or the port's own. */
  label: z.string(),
  leadsTo: z.enum(["machine", "network", "socket", "tunnel", "mirror", "lan"]),
  machine: z.object({ id: z.string(), name: z.string(), power: Power, model: NicModel, place: z.int() }).optional(),
  /** The network at the other end of a link. */
  network: z.object({ id: NetworkIdText, name: z.string(), port: PortIdText }).optional(),
  /** The bridge of this computer that it is joined to. */
  bridge: z.string().optional(),
  /** Where another program connects: a path on this computer. */
  socket: z.string().optional(),
  mac: MacAddress.optional(),
  mode: PortMode,
  /** False = the cable is pulled. */
  isUp: z.boolean(),
  /** Somebody is at the other end now: the machine runs. */
  isConnected: z.boolean(),
  /** Why it does not lead where it shall. */
  problem: z.string().optional(),
  guards: PortGuards,
  quality: TwoWayQuality,
  /** By lease or reservation. */
  addresses: z.array(z.string()),
  /** Absent when the switch did not answer. */
  counters: PortCounters.omit({ port: true }).optional(),
});
export type PortView = z.infer<typeof PortView>;

/** The gateway's foot in one VLAN, as people write it. */
export const GatewayFoot = z.object({
  vlan: VlanId,
  /** “10.77.0.1/24” */
  v4: z.string().optional(),
  /** “fd12:3456:789a:1::1/64” */
  v6: z.string().optional(),
  /** “10.77.0.10 – 10.77.0.250” */
  pool: z.string().optional(),
});
export const GatewayView = z.object({
  mac: MacAddress,
  /** Machines are NAME.DOMAIN. */
  domain: z.string(),
  reachesInternet: z.boolean(),
  feet: z.array(GatewayFoot),
});
export type GatewayView = z.infer<typeof GatewayView>;

/** A forward as it really is. */
export const ForwardView = Forward.extend({
  machine: z.object({ id: z.string(), name: z.string() }).optional(),
  /** The port that was taken on this computer; absent = none, see `problem`. */
  takenPort: z.int().optional(),
  problem: z.string().optional(),
});
export type ForwardView = z.infer<typeof ForwardView>;

/** Somebody looks at what passes, now: at all of the network where neither a port nor a VLAN is named. */
export const CaptureView = z.object({ port: PortIdText.optional(), vlan: VlanId.optional(), since: z.iso.datetime() });
export type CaptureView = z.infer<typeof CaptureView>;

export const NetworkView = NetworkRecord.omit({ ports: true, forwards: true }).extend({
  name: z.string(),
  /** up = the switch carries it; trouble = it does not, `because` says why. */
  state: z.enum(["up", "trouble"]),
  because: z.string(),
  /** Absent on a bare network. */
  gateway: GatewayView.optional(),
  ports: z.array(PortView),
  forwards: z.array(ForwardView),
  captures: z.array(CaptureView),
});
export type NetworkView = z.infer<typeof NetworkView>;

/** One step of “what would become of a frame?”. */
export const TraceStepView = z.object({
  at: z.string(),
  words: z.string(),
  outcome: z.enum(["goesOn", "arrives", "dropped"]),
  reason: z.string().optional(),
});
export type TraceStepView = z.infer<typeof TraceStepView>;

/** One dropped frame with its reason in a sentence, and the way to change it. */
export const DropView = z.object({
  at: z.iso.datetime(),
  port: z.string(),
  portLabel: z.string(),
  reason: z.string(),
  words: z.string(),
  hint: z.string(),
  frame: z.string(),
  rule: z.string().optional(),
});
export type DropView = z.infer<typeof DropView>;
