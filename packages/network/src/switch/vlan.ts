// How a port reads and writes VLAN tags (IEEE 802.1Q §6.9, §9.6; 802.1ad). Inside the switch a frame has a VLAN and a
// *form*: the way in which its bytes say so. Where the form at the way out is the same, the bytes go on untouched.
import type { DropReason, PortMode } from "@mimic/model";

export const TYPE_CTAG = 0x8100;
export const TYPE_STAG = 0x88a8;
/** Older equipment's outer tags: never forwarded as anything but the customer's own bytes. */
const OLD_STAGS = [0x9100, 0x9200, 0x9300];

export const TAG_BYTES = 4;

/** No tag; an 802.1Q tag; a service tag; a tag that bears only a priority (VLAN 0). */
export const FORM = { plain: 0, ctag: 1, stag: 2, priority: 3 } as const;
export type Form = (typeof FORM)[keyof typeof FORM];

export const isTagType = (type: number): boolean => type === TYPE_CTAG || type === TYPE_STAG || OLD_STAGS.includes(type);

/** A set of VLANs as bits. */
export class VlanSet {
  readonly #bits = new Uint8Array(512);
  readonly list: number[] = [];
  add(vlan: number): void {
    if (this.has(vlan)) return;
    this.#bits[vlan >> 3] = (this.#bits[vlan >> 3] as number) | (1 << (vlan & 7));
    this.list.push(vlan);
  }
  has(vlan: number): boolean {
    return ((this.#bits[vlan >> 3] as number) & (1 << (vlan & 7))) !== 0;
  }
}

/** A port's mode, ready for frames. */
export interface PortVlans {
  /** Where untagged frames belong; 0 = nowhere. */
  readonly untagged: number;
  /** Undefined = every VLAN (a trunk); otherwise those it is a member of. */
  readonly members: VlanSet | undefined;
  readonly isTrunk: boolean;
  /** The whole traffic is a customer's, tags and all. */
  readonly isTunnel: boolean;
  /** RFC 5517: 0 = promiscuous or no private VLAN, -1 = isolated, else the community. */
  readonly privateGroup: number;
}

export function compileMode(mode: PortMode): PortVlans {
  const one = (vlan: number): Pick<PortVlans, "untagged" | "members"> => {
    const members = new VlanSet();
    members.add(vlan);
    return { untagged: vlan, members };
  };
  switch (mode.mode) {
    case "access":
      return { ...one(mode.vlan), isTrunk: false, isTunnel: false, privateGroup: 0 };
    case "qinq":
      return { ...one(mode.vlan), isTrunk: false, isTunnel: true, privateGroup: 0 };
    case "private": {
      const group = mode.role.kind === "isolated" ? -1 : mode.role.kind === "community" ? mode.role.community : 0;
      return { ...one(mode.vlan), isTrunk: false, isTunnel: false, privateGroup: group };
    }
    case "trunk": {
      const untagged = mode.native ?? 0;
      if (mode.allowed === "all") return { untagged, members: undefined, isTrunk: true, isTunnel: false, privateGroup: 0 };
      const members = new VlanSet();
      for (const vlan of mode.allowed) members.add(vlan);
      if (untagged > 0) members.add(untagged);
      return { untagged, members, isTrunk: true, isTunnel: false, privateGroup: 0 };
    }
    default:
      return mode satisfies never;
  }
}

export const isMember = (port: PortVlans, vlan: number): boolean => port.members === undefined || port.members.has(vlan);

/**
 * Where a frame with this tag (type << 16 | TCI, 0 = none) belongs when it comes in by the port: VLAN | form << 12, or why
 * it may not. With `guards.tags` a port without tags takes no tag at all, not even one that bears only a priority.
 */
export function placeFrame(
  port: PortVlans,
  tag: number,
  { refusesTags, services }: { refusesTags: boolean; services: ReadonlySet<number> },
): number | DropReason {
  if (tag === 0) return port.untagged > 0 ? port.untagged | (FORM.plain << 12) : "untaggedNotAllowed";
  const type = tag >>> 16;
  const vlan = tag & 0xfff;
  if (!port.isTrunk && refusesTags) return "tagNotAllowed";
  if (vlan === 0 && type === TYPE_CTAG) return port.untagged > 0 ? port.untagged | (FORM.priority << 12) : "untaggedNotAllowed";
  // A service tag only where the network has that service; what older equipment uses for it, never.
  if (type === TYPE_STAG ? !(port.isTrunk && services.has(vlan)) : type !== TYPE_CTAG) return "tagNotAllowed";
  if (type === TYPE_CTAG && services.has(vlan)) return "vlanNotAllowed";
  if (vlan === 0 || vlan === 4095 || !isMember(port, vlan)) return "vlanNotAllowed";
  return vlan | ((type === TYPE_STAG ? FORM.stag : FORM.ctag) << 12);
}

/** How a frame of this VLAN leaves by the port. `isService`: some port of the network carries a customer in this VLAN. */
export const formAtExit = (port: PortVlans, vlan: number, isService: boolean): Form =>
  !port.isTrunk || port.untagged === vlan ? FORM.plain : isService ? FORM.stag : FORM.ctag;

/** RFC 5517: may frames pass between hosts of these groups? */
export const mayMeet = (from: number, to: number): boolean => from === 0 || to === 0 || (from === to && from > 0);
