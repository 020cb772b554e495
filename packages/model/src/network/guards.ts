// What a port does not let its owner do. On by default for machines: a guest speaks as itself only.
import { z } from "zod";

export const PortGuards = z.strictObject({
  /** The source MAC must be the NIC's own. */
  mac: z.boolean().default(true),
  /** ARP senders and IP sources must be addresses that this NIC has by lease, reservation or a claim that nobody else holds. */
  ip: z.boolean().default(true),
  /** DHCP and DHCPv6 answers come from the gateway alone. */
  dhcp: z.boolean().default(true),
  /** Router advertisements and redirects come from the gateway alone (RFC 6105). */
  routerAdvertisements: z.boolean().default(true),
  /** On ports without tags: tagged frames are dropped, whatever their shape (VLAN hopping). */
  tags: z.boolean().default(true),
  /** Broadcast and multicast frames that the port may send in a second, with a burst of one second's worth. 0 = no limit. */
  broadcastPerSecond: z.int().min(0).max(1e7).default(500),
  /** All frames a second. 0 = no limit. */
  framesPerSecond: z.int().min(0).max(1e8).default(0),
  /** Source addresses that the switch will learn at this port. */
  macLimit: z.int().min(1).max(4096).default(64),
});
export type PortGuards = z.infer<typeof PortGuards>;

export const defaultGuards: PortGuards = PortGuards.parse({});
/** For ports whose owner is trusted: links between switches, captures, a router in a machine. */
export const noGuards: PortGuards = {
  mac: false,
  ip: false,
  dhcp: false,
  routerAdvertisements: false,
  tags: false,
  broadcastPerSecond: 0,
  framesPerSecond: 0,
  macLimit: 4096,
};
