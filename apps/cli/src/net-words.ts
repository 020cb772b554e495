// Networks and their ports in words. Pure.
import {
  type NetworkView,
  qualityInWords as oneWayInWords,
  type PortMode,
  type PortView,
  profileOf,
  type TwoWayQuality,
} from "@mimic/model";
import type { Cell } from "./table.ts";

export const KIND_WORDS: Readonly<Record<NetworkView["kind"], string>> = {
  nat: "nat: machines, this computer and the Internet",
  isolated: "isolated: machines among themselves",
  hostOnly: "host-only: machines and this computer",
  routed: "routed: VLANs with a router, and the Internet",
  bare: "bare: a switch and nothing else",
  bridged: "bridged: onto this computer's own network",
};

export const kindName = (kind: NetworkView["kind"]): string => (kind === "hostOnly" ? "host-only" : kind);

export function modeInWords(mode: PortMode): string {
  switch (mode.mode) {
    case "access":
      return mode.vlan === 1 ? "untagged" : `VLAN ${mode.vlan}`;
    case "trunk":
      return `trunk ${mode.allowed === "all" ? "of all" : mode.allowed.join(",")}${mode.native === undefined ? "" : `, native ${mode.native}`}`;
    case "qinq":
      return `QinQ ${mode.vlan}`;
    case "private":
      return `VLAN ${mode.vlan}, ${mode.role.kind}${mode.role.kind === "community" ? ` ${mode.role.community}` : ""}`;
    default:
      return mode satisfies never;
  }
}

/** The name of a known quality, its parts for one of one's own, “” for a perfect link. */
export function qualityInWords(quality: TwoWayQuality): string {
  const known = profileOf(quality);
  if (known) return known === "perfect" ? "" : known;
  const [up, down] = [oneWayInWords(quality.up), oneWayInWords(quality.down)];
  return up === down ? up : `up ${up}; down ${down}`;
}

/** Where the cable goes, and whether anything is there. */
export function portState(port: PortView): Cell {
  if (!port.isUp) return { text: "cable pulled", tone: "busy" };
  if (port.isConnected) return { text: "connected", tone: "good" };
  if (port.problem !== undefined) return { text: "does not work", tone: "bad" };
  return { text: port.machine && port.machine.power !== "running" ? port.machine.power : "nobody there", tone: "faint" };
}

export const dropped = (port: PortView): number => Object.values(port.counters?.drops ?? {}).reduce((sum, count) => sum + count, 0);
