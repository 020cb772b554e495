// A switch is drawn as a bar, and its bar has lanes: one for each VLAN, one for trunks. A lane has a number, a name, a
// colour and a pattern: never the colour alone.
import type { PortMode } from "@mimic/model";
import type { SketchNetwork } from "./sketch.ts";

export interface LaneKind {
  /** “v20”, “trunk”, “q30”. */
  readonly key: string;
  /** The VLAN whose look it has; undefined for trunks, which carry many. */
  readonly vlan: number | undefined;
  readonly title: string;
}

export const LOOKS = 8;

/** Which of the eight colours, and of the eight patterns, a VLAN has; VLAN 1 is the plain one (0). */
export function lookOf(vlan: number): number {
  return vlan === 1 ? 0 : 1 + ((vlan < 10 ? vlan : Math.floor(vlan / 10) + (vlan % 10) * 3) % (LOOKS - 1));
}

/** The lane that a port stands in. */
export function laneKeyOf(mode: PortMode): string {
  switch (mode.mode) {
    case "access":
    case "private":
      return `v${mode.vlan}`;
    case "trunk":
      return "trunk";
    case "qinq":
      return `q${mode.vlan}`;
    default:
      return mode satisfies never;
  }
}

export const vlanTitle = (id: number, name: string): string => (name === "" ? `VLAN ${id}` : `${name} · VLAN ${id}`);

function laneFor(key: string, names: ReadonlyMap<number, string>): LaneKind {
  if (key === "trunk") return { key, vlan: undefined, title: "Trunk" };
  const id = Number(key.slice(1));
  return key.startsWith("q") ? { key, vlan: id, title: `QinQ ${id}` } : { key, vlan: id, title: vlanTitle(id, names.get(id) ?? "") };
}

/** A network's lanes in order: its VLANs by number, then what its ports need beyond, trunks last. */
export function lanesOf(network: SketchNetwork, modes: readonly PortMode[]): LaneKind[] {
  const names = new Map(network.vlans.map(({ id, name }) => [id, name]));
  const keys = new Set(network.vlans.map(({ id }) => `v${id}`));
  for (const mode of modes) keys.add(laneKeyOf(mode));
  if (keys.size === 0) keys.add("v1");
  const rank = (key: string) => (key === "trunk" ? 1e6 : key.startsWith("q") ? 1e5 + Number(key.slice(1)) : Number(key.slice(1)));
  return [...keys].toSorted((a, b) => rank(a) - rank(b)).map((key) => laneFor(key, names));
}

/** The port mode that a cable gets when it is dropped on a lane; it stays as it was where it fits already. */
export function modeInLane(key: string, before: PortMode): PortMode {
  if (laneKeyOf(before) === key) return before;
  if (key === "trunk") return { mode: "trunk", allowed: "all" };
  const vlan = Number(key.slice(1));
  return key.startsWith("q") ? { mode: "qinq", vlan } : { mode: "access", vlan };
}
