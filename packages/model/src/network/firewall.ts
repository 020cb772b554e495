// Rules of a network's gateway: in order, the first that fits decides, and what no rule allows is dropped
// (between networks and VLANs, and to this computer and its neighbours; see decide-egress in packages/network).
import { z } from "zod";
import { VlanId } from "./port-mode.ts";

/** “10.1.2.0/24”, “2001:db8::/32”, or one address. */
export const AddressRange = z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]);
export type AddressRange = z.infer<typeof AddressRange>;

/** “example.org” or “*.example.org”: matches addresses that our own DNS answered for that name. */
export const NamePattern = z
  .string()
  .max(253)
  .regex(/^(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/);

export const FirewallTarget = z.discriminatedUnion("to", [
  z.strictObject({ to: z.literal("anywhere") }),
  /** Public addresses: neither this computer, nor its LAN, nor special ranges. */
  z.strictObject({ to: z.literal("internet") }),
  z.strictObject({ to: z.literal("range"), range: AddressRange }),
  z.strictObject({ to: z.literal("name"), name: NamePattern }),
  z.strictObject({ to: z.literal("vlan"), vlan: VlanId }),
  z.strictObject({ to: z.literal("network"), network: z.string().max(40) }),
  /** This computer's loopback, at one TCP or UDP port; reached at the gateway's own address. */
  z.strictObject({ to: z.literal("host"), port: z.int().min(1).max(65_535) }),
]);
export type FirewallTarget = z.infer<typeof FirewallTarget>;

export const FirewallRule = z.strictObject({
  id: z.string().regex(/^rul_[0-9a-z]{26}$/),
  action: z.enum(["accept", "drop", "reject"]),
  /** From whom; absent = from everybody on the network. A machine is named by its NIC's MAC in plans, by its id in records. */
  from: z
    .discriminatedUnion("from", [
      z.strictObject({ from: z.literal("machine"), machine: z.string().max(40) }),
      z.strictObject({ from: z.literal("vlan"), vlan: VlanId }),
      z.strictObject({ from: z.literal("range"), range: AddressRange }),
    ])
    .optional(),
  target: FirewallTarget,
  protocol: z.enum(["any", "tcp", "udp", "icmp"]).default("any"),
  /** Destination ports, both ends included; absent = all. */
  ports: z.tuple([z.int().min(1).max(65_535), z.int().min(1).max(65_535)]).optional(),
  note: z.string().max(200).default(""),
});
export type FirewallRule = z.infer<typeof FirewallRule>;
