// A network card of a machine and where its cable leads.
import { z } from "zod";
import { PortGuards } from "./guards.ts";
import { TwoWayQuality } from "./link-quality.ts";
import { PortMode, untagged } from "./port-mode.ts";

/** Six bytes, lower case, with colons. */
export const MacAddress = z.string().regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, "a MAC address is six bytes such as 52:54:00:12:34:56");
export type MacAddress = z.infer<typeof MacAddress>;

export const NicModel = z.enum(["virtio", "e1000e", "e1000", "rtl8139", "pcnet", "ne2k_pci", "ne2k_isa"]);
export type NicModel = z.infer<typeof NicModel>;

export const NicSpec = z.strictObject({
  id: z.string().regex(/^nic_[0-9a-z]{26}$/),
  model: NicModel.default("virtio"),
  /** Its slot on the board, for ever the same, so that the guest finds it where it was. */
  place: z.int().min(0).max(7).default(0),
  /** Locally administered, unicast, unique in this installation. */
  mac: MacAddress,
  /** The network that its cable leads to (`net_…`); null = no cable. */
  network: z
    .string()
    .regex(/^net_[0-9a-z]{26}$/)
    .nullable()
    .default(null),
  port: PortMode.prefault(untagged),
  /** False = the cable is pulled: the guest sees no carrier. */
  isUp: z.boolean().default(true),
  guards: PortGuards.prefault({}),
  quality: TwoWayQuality.prefault({}),
});
export type NicSpec = z.infer<typeof NicSpec>;
