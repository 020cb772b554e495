// Everything that the picture shows, in the places where it stands: the sketch, its places, its cables and their looks,
// and the list of things that arrows walk over.
import { plain } from "@mimic/base";
import { isGood, type MachineView, type PortView } from "@mimic/model";
import { gatewayId, nicsOf, type World } from "../things.ts";
import { type Cable, jackOf, layCables } from "../topology/cables.ts";
import { sketchOf } from "../topology/from-views.ts";
import { type Placed, place, SIZE } from "../topology/places.ts";
import { type Box, centre, type Places, type Point, type Sketch } from "../topology/sketch.ts";
import { badLinkInWords } from "../words.ts";
import type { CableLook } from "./cable-line.tsx";
import { describeGateway, describeNic, describePort } from "./describe.ts";

export interface Jack extends Point {
  readonly nic: string;
  readonly machine: string;
  readonly plugged: boolean;
  /** At the machine, or at the switch. */
  readonly end: "machine" | "port";
}
export interface Scene {
  readonly sketch: Sketch;
  readonly placed: Placed;
  readonly cables: readonly CableLook[];
  readonly jacks: readonly Jack[];
  /** What the keyboard reaches, and where the eye goes with it. */
  readonly stops: readonly { readonly id: string; readonly at: Point; readonly box: Box }[];
  readonly notDrawn: number;
  readonly notDrawnOf: ReadonlyMap<string, number>;
}

function lookOfCable(cable: Cable, world: World, ports: ReadonlyMap<string, PortView>): Omit<CableLook, "label"> {
  const port = ports.get(cable.id);
  const nic = cable.machine
    ? world.machines.find(({ id }) => id === cable.machine)?.hardware.nics.find(({ id }) => id === cable.id)
    : undefined;
  const quality = nic?.quality ?? port?.quality;
  return {
    id: cable.id,
    kind: cable.kind,
    path: cable.path,
    fromX: cable.from.x,
    fromY: cable.from.y,
    toY: cable.to.y,
    markX: cable.mark.x,
    markY: cable.mark.y,
    mode: cable.mode.mode,
    vlan: cable.mode.mode === "trunk" ? undefined : cable.mode.vlan,
    isUp: nic?.isUp ?? port?.isUp ?? true,
    isConnected: cable.kind === "uplink" || (port?.isConnected ?? false),
    bad: quality && !isGood(quality) ? badLinkInWords(quality) : undefined,
    machine: cable.machine,
  };
}

function labelOf(cable: Cable, world: World, ports: ReadonlyMap<string, PortView>): string {
  const network = world.networks.find(({ id }) => id === cable.network);
  if (cable.kind === "uplink") return network ? `The way out of ${plain(network.name, 63)}. ${describeGateway(network)}` : "";
  if (cable.kind === "nic") {
    const machine = world.machines.find(({ id }) => id === cable.machine);
    const nic = machine && nicsOf(world, machine).find(({ id }) => id === cable.id);
    return nic ? describeNic(nic) : "Cable";
  }
  const port = ports.get(cable.id);
  return network && port ? describePort({ kind: "port", id: cable.id, network, port }) : "Link";
}

function jacksOf(sketch: Sketch, placed: Placed, cables: readonly Cable[]): Jack[] {
  const byId = new Map(cables.map((cable) => [cable.id, cable]));
  const where = new Map(placed.machines.map(({ id, box }) => [id, box]));
  return sketch.machines.flatMap((machine) =>
    machine.nics.flatMap((nic, at): Jack[] => {
      const cable = byId.get(nic.id);
      const box = where.get(machine.id);
      if (!box) return [];
      const rest = { nic: nic.id, machine: machine.id };
      if (!cable) return [{ ...rest, ...jackOf(box, at, machine.nics.length), plugged: false, end: "machine" }];
      return [
        { ...rest, ...cable.to, plugged: true, end: "machine" },
        { ...rest, ...cable.from, plugged: true, end: "port" },
      ];
    }),
  );
}

const spot = (at: Point): Box => ({ x: at.x - 20, y: at.y - 20, w: 40, h: 40 });

export function makeScene(world: World, moved: Readonly<Record<string, Places>>): Scene {
  const { sketch, notDrawn, notDrawnOf } = sketchOf(world.networks, world.machines, moved);
  const placed = place(sketch);
  const cables = layCables(sketch, placed);
  const ports = new Map(world.networks.flatMap((network) => network.ports.map((port) => [port.id, port])));
  const stop = (id: string, box: Box) => ({ id, box, at: centre(box) });
  return {
    sketch,
    placed,
    notDrawn,
    notDrawnOf,
    cables: cables.map((cable) => ({ ...lookOfCable(cable, world, ports), label: labelOf(cable, world, ports) })),
    jacks: jacksOf(sketch, placed, cables),
    stops: [
      stop("internet", placed.internet),
      stop("host", { ...placed.host, h: 120 }),
      ...placed.blocks.flatMap(({ id, bar, gateway }) => [
        ...(gateway ? [stop(gatewayId(id), gateway)] : []),
        stop(id, { ...bar, h: SIZE.title }),
      ]),
      ...cables.filter(({ kind }) => kind !== "uplink").map(({ id, mark }) => ({ id, at: mark, box: spot(mark) })),
      ...placed.machines.map(({ id, box }) => stop(id, box)),
      ...placed.extras.map(({ port, box }) => stop(`x_${port.id}`, box)),
    ],
  };
}

export const machinesById = (machines: readonly MachineView[]): ReadonlyMap<string, MachineView> =>
  new Map(machines.map((machine) => [machine.id, machine]));
