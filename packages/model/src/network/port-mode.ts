// How a port of a switch treats VLAN tags. What cannot be said needs no check: a trunk has no single VLAN,
// an access port has no list.
import { z } from "zod";

/** IEEE 802.1Q §9.6: 0 is “no VLAN, only a priority”, 4095 is reserved. */
export const VlanId = z.int().min(1).max(4094);
export type VlanId = z.infer<typeof VlanId>;

export const PortMode = z.discriminatedUnion("mode", [
  /** Untagged; everything that comes in belongs to `vlan`. */
  z.strictObject({ mode: z.literal("access"), vlan: VlanId.default(1) }),
  /** Tagged (0x8100); untagged frames belong to `native`, or are dropped when there is none. “all” = every VLAN. */
  z.strictObject({
    mode: z.literal("trunk"),
    native: VlanId.optional(),
    allowed: z.union([z.literal("all"), z.array(VlanId).min(1).max(4094)]),
  }),
  /**
   * A customer's port of QinQ (802.1ad): all its traffic, with whatever tags it bears, travels in the service VLAN `vlan`.
   * On trunks it bears an outer tag 0x88a8 with that id, which it loses where it leaves by such a port again.
   */
  z.strictObject({ mode: z.literal("qinq"), vlan: VlanId }),
  /**
   * A host port of a private VLAN (RFC 5517): isolated ports reach only promiscuous ones; those of one community
   * reach each other too; promiscuous ports reach all. Untagged.
   */
  z.strictObject({
    mode: z.literal("private"),
    vlan: VlanId,
    role: z.discriminatedUnion("kind", [
      z.strictObject({ kind: z.literal("isolated") }),
      z.strictObject({ kind: z.literal("community"), community: z.int().min(1).max(4094) }),
      z.strictObject({ kind: z.literal("promiscuous") }),
    ]),
  }),
]);
export type PortMode = z.infer<typeof PortMode>;

export const untagged: PortMode = { mode: "access", vlan: 1 };
