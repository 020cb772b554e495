// The picture's sketch out of what the API says. Machines that stand for each other are many at most: what has no cable
// waits in a tray that shows the first of them.
import type { MachineView, NetworkView, PortView } from "@mimic/model";
import { homeOf, type Places, type Sketch, type SketchMachine, type SketchPort } from "./sketch.ts";

/** More machines without a cable than this are counted, not drawn; the table has them all. */
export const TRAY_SHOWS = 12;
/** And of the machines of one network, so many. */
export const NETWORK_SHOWS = 150;

const portOf = (port: PortView): SketchPort | undefined =>
  port.leadsTo === "machine"
    ? undefined
    : {
        id: port.id,
        name: port.label,
        mode: port.mode,
        leads: port.leadsTo,
        ...(port.network ? { other: { network: port.network.id, port: port.network.port } } : {}),
      };

export interface Seen {
  readonly sketch: Sketch;
  /** Machines without a cable that are not drawn. */
  readonly notDrawn: number;
  /** The same by network. */
  readonly notDrawnOf: ReadonlyMap<string, number>;
}

/** `moved`: places that are not kept yet, by network (a drag that goes on). */
export function sketchOf(
  networks: readonly NetworkView[],
  machines: readonly MachineView[],
  moved: Readonly<Record<string, Places>> = {},
): Seen {
  const all = machines.map(
    (machine): SketchMachine => ({
      id: machine.id,
      name: machine.name,
      nics: machine.hardware.nics.map(({ id, network, port }) => ({ id, network, mode: port })),
    }),
  );
  const counted = new Map<string, number>();
  const wired = all.filter((machine) => {
    const home = homeOf(machine)?.network;
    if (!home) return false;
    counted.set(home, (counted.get(home) ?? 0) + 1);
    return (counted.get(home) ?? 0) <= NETWORK_SHOWS;
  });
  // Who has a NIC already is nearer to being plugged in.
  const loose = all.filter((machine) => homeOf(machine) === undefined).toSorted((a, b) => b.nics.length - a.nics.length);
  return {
    notDrawn: Math.max(0, loose.length - TRAY_SHOWS),
    notDrawnOf: new Map([...counted].flatMap(([id, count]) => (count > NETWORK_SHOWS ? [[id, count - NETWORK_SHOWS]] : []))),
    sketch: {
      machines: [...wired, ...loose.slice(0, TRAY_SHOWS)],
      networks: networks.map((network) => ({
        id: network.id,
        name: network.name,
        kind: network.kind,
        vlans: network.vlans.map(({ id, name }) => ({ id, name })),
        hasGateway: network.gateway !== undefined,
        ports: network.ports.map(portOf).filter((port) => port !== undefined),
        places: { ...network.layout, ...moved[network.id] },
      })),
    },
  };
}
