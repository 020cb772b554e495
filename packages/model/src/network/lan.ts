// This computer's own network, as far as a network of machines can be joined to it.
import { z } from "zod";

/** The kernel's limit is 15 bytes and no slash or space (IFNAMSIZ); this is narrower, and covers what people meet. */
export const InterfaceName = z.string().regex(/^[A-Za-z0-9_.:@-]{1,15}$/);

/** bridge: a switch in the kernel. ethernet: a card with a cable. wireless: Wi-Fi. other: whatever programs made. */
export const HostLinkKind = z.enum(["bridge", "ethernet", "wireless", "other"]);
export type HostLinkKind = z.infer<typeof HostLinkKind>;

export const LanChoice = z.object({
  name: z.string(),
  kind: HostLinkKind,
  /** Of a bridge: what is plugged into it, without Mimic's own. */
  members: z.array(z.string()),
  isSuitable: z.boolean(),
  /** Why (not), in a sentence; and what helps. */
  because: z.string(),
  hint: z.string(),
});
export type LanChoice = z.infer<typeof LanChoice>;

export const LanView = z.object({
  /** Whether a bridged network can be made at all. */
  mayBridge: z.boolean(),
  because: z.string(),
  hint: z.string(),
  choices: z.array(LanChoice),
  /** What is taken when nothing is named. */
  usual: z.string().optional(),
});
export type LanView = z.infer<typeof LanView>;
