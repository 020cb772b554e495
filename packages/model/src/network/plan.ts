// What the switch process is told of one network: everything resolved, nothing left to look up. Plans are declarative:
// the switch compares a new plan with what it does and changes only the difference, so that a daemon which
// comes back sends all plans again and disturbs nobody.
import { z } from "zod";
import { FirewallRule } from "./firewall.ts";
import { PortGuards } from "./guards.ts";
import { TwoWayQuality } from "./link-quality.ts";
import { MacAddress } from "./nic.ts";
import { PortMode, VlanId } from "./port-mode.ts";

const NetworkIdText = z.string().regex(/^net_[0-9a-z]{26}$/);
/** `nic_…` for a machine's NIC, `prt_…` for the other ports of a network. */
export const PortIdText = z.string().regex(/^(nic|prt)_[0-9a-z]{26}$/);

/** Where a port's other end is. Paths are as the switch process sees them. */
export const Attachment = z.discriminatedUnion("how", [
  /** The other end listens (QEMU with `server=on`); the switch dials, and dials again when it went away. */
  z.strictObject({ how: z.literal("dial"), path: z.string().max(100) }),
  /** The switch listens: another engine, a namespace's tap, a tool. One peer at a time. */
  z.strictObject({ how: z.literal("listen"), path: z.string().max(100) }),
  /** A cable to a port of another network of this installation; that one names us back. */
  z.strictObject({ how: z.literal("cable"), network: NetworkIdText, port: PortIdText }),
  /**
   * To a switch on another computer: encrypted with a shared key. One end listens. The key is 32 bytes in hex and comes with the
   * plan, over the control socket: no file of it has to be readable for the switch's user. Absent = it was lost.
   */
  z.strictObject({
    how: z.literal("tunnel"),
    key: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    listen: z.string().max(100).optional(),
    dial: z.string().max(260).optional(),
  }),
  /** This computer's own LAN: as “dial”, but what is behind it is a network of others, through which loops can lead. */
  z.strictObject({ how: z.literal("lan"), path: z.string().max(100) }),
  /** A mirror: gets copies, may not send. */
  z.strictObject({ how: z.literal("mirror"), path: z.string().max(100), of: z.array(PortIdText).max(64) }),
]);
export type Attachment = z.infer<typeof Attachment>;

export const PortPlan = z.strictObject({
  id: PortIdText,
  /** For people: “hello” or “link to lab”. */
  label: z.string().max(80),
  attach: Attachment,
  /** The NIC's own address, when there is a NIC. */
  mac: MacAddress.optional(),
  /** The machine (`mch_…`) behind it, for firewall rules. */
  machine: z.string().max(40).optional(),
  /** Its name, for DNS. */
  hostName: z.string().max(63).optional(),
  mode: PortMode,
  isUp: z.boolean().default(true),
  guards: PortGuards,
  quality: TwoWayQuality.prefault({}),
});
export type PortPlan = z.infer<typeof PortPlan>;

/** The gateway's foot in one VLAN. */
export const Segment = z.strictObject({
  vlan: VlanId,
  v4: z
    .strictObject({
      /** The gateway's own, “10.77.0.1”. */
      address: z.ipv4(),
      prefix: z.int().min(8).max(30),
      /** The pool of addresses that DHCP gives out, both ends included; absent = no DHCP. */
      pool: z.strictObject({ from: z.ipv4(), to: z.ipv4() }).optional(),
      leaseSeconds: z.int().min(60).max(31_536_000).default(86_400),
    })
    .optional(),
  v6: z
    .strictObject({
      /** A /64, “fd12:3456:789a:1::”. Addresses are made by the guests themselves (RFC 4862). */
      prefix: z.ipv6(),
      /** The gateway's own in it; its link-local address is made from its MAC. */
      address: z.ipv6(),
    })
    .optional(),
  reservations: z
    .array(z.strictObject({ mac: MacAddress, address: z.ipv4() }))
    .max(1024)
    .default([]),
});
export type Segment = z.infer<typeof Segment>;

export const DnsRecord = z.strictObject({
  name: z.string().max(253),
  type: z.enum(["A", "AAAA", "CNAME", "MX", "TXT", "SRV", "NS", "PTR", "HTTPS"]),
  /** In the usual master-file form (RFC 1035 §5.1): “10 mail.example.org.” for MX. */
  value: z.string().max(1000),
  ttlSeconds: z.int().min(0).max(604_800).default(300),
});
export type DnsRecord = z.infer<typeof DnsRecord>;

/** From this computer to a machine. */
export const Forward = z.strictObject({
  id: z.string().regex(/^fwd_[0-9a-z]{26}$/),
  protocol: z.enum(["tcp", "udp"]).default("tcp"),
  /** Loopback unless a person said otherwise. */
  hostAddress: z.union([z.ipv4(), z.ipv6()]).default("127.0.0.1"),
  /** 0 = any free one; the answer is in the view. */
  hostPort: z.int().min(0).max(65_535),
  /** The machine's NIC on this network. */
  nic: PortIdText,
  guestPort: z.int().min(1).max(65_535),
  /** Made because the guest listens there, and goes when it no longer does. */
  isAutomatic: z.boolean().default(false),
});
export type Forward = z.infer<typeof Forward>;

export const GatewayPlan = z.strictObject({
  mac: MacAddress,
  segments: z.array(Segment).max(64),
  /** “home.mimic”: machines are `<name>.<domain>`. */
  domain: z.string().max(100),
  dns: z.strictObject({
    /** Whether names outside the domain are asked of this computer's own resolver. */
    forward: z.boolean(),
    /** Used in place of the host's resolver when not empty. */
    servers: z
      .array(z.union([z.ipv4(), z.ipv6()]))
      .max(8)
      .default([]),
    records: z.array(DnsRecord).max(1000).default([]),
  }),
  /** internet = out through this computer, with the destination filter; none = nothing leaves. */
  uplink: z.enum(["internet", "none"]),
  rules: z.array(FirewallRule).max(1000).default([]),
  forwards: z.array(Forward).max(1000).default([]),
});
export type GatewayPlan = z.infer<typeof GatewayPlan>;

export const NetworkPlan = z.strictObject({
  id: NetworkIdText,
  name: z.string().max(63),
  /** Without tags and the Ethernet header; 9000 for jumbo frames. */
  mtu: z.int().min(576).max(65_500).default(1500),
  macAgeSeconds: z.int().min(10).max(86_400).default(300),
  /** IGMP and MLD snooping (RFC 4541). */
  snooping: z.boolean().default(true),
  /** Finds and cuts every loop, through cables, tunnels and guests that bridge (see loop-guard in packages/network). */
  spanningTree: z.boolean().default(true),
  ports: z.array(PortPlan).max(1024),
  gateway: GatewayPlan.optional(),
});
export type NetworkPlan = z.infer<typeof NetworkPlan>;
