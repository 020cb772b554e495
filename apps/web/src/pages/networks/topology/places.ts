// Where everything stands. By itself: networks as blocks on shelves, each a switch bar with its lanes and the machines
// under them; this computer and the Internet at the left edge. What a person moved stands where they put it; nothing
// else moves because of it (its own slot stays empty).
import { type LaneKind, laneKeyOf, lanesOf } from "./lanes.ts";
import { around, type Box, homeOf, type Point, type Sketch, type SketchMachine, type SketchNetwork, type SketchPort } from "./sketch.ts";

export const SIZE = {
  card: { w: 140, h: 122 },
  /** Between columns of machines, without the cables that run there. */
  gap: { x: 26, y: 30 },
  gutter: 7,
  bar: 74,
  /** The title of a bar, above its lanes. */
  title: 36,
  lanePad: 18,
  laneGap: 8,
  leastLane: 128,
  leastBar: 300,
  /** From the bar to the first row of machines. */
  drop: 46,
  gateway: { w: 176, h: 46 },
  gatewayGap: 34,
  extra: { w: 150, h: 40 },
  block: { x: 70, y: 76 },
  host: { w: 148 },
  edgeGap: 84,
  internet: { w: 148, h: 78 },
  /** This computer reaches above the first shelf: the ways out of the networks behind the first come in there. */
  above: 56,
} as const;

export interface Lane extends LaneKind {
  /** Its piece of the bar. */
  readonly strip: Box;
  /** The ground below, where its machines stand by themselves. */
  readonly floor: Box;
}
export interface Block {
  readonly id: string;
  readonly bar: Box;
  readonly gateway: Box | undefined;
  readonly lanes: readonly Lane[];
  /** Everything that stands in it by itself. */
  readonly box: Box;
}
export interface PlacedMachine {
  readonly id: string;
  readonly box: Box;
  /** The home network; undefined: in the tray of what has no cable. */
  readonly network: string | undefined;
  /** Which row of its lane; undefined when a person put it where it is. */
  readonly row: number | undefined;
}
export interface PlacedPort {
  readonly port: SketchPort;
  readonly network: string;
  readonly box: Box;
}
export interface Placed {
  readonly blocks: readonly Block[];
  readonly machines: readonly PlacedMachine[];
  /** Tunnels, mirrors and other engines: small things beside the bar. */
  readonly extras: readonly PlacedPort[];
  readonly host: Box;
  readonly internet: Box;
  readonly tray: Box | undefined;
  readonly all: Box;
}

/** How many columns a group of machines gets: a row up to four, then about twice as wide as high. */
export const columnsFor = (count: number): number => (count <= 4 ? Math.max(1, count) : Math.ceil(Math.sqrt(count * 1.7)));

interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** From one column to the next. */
  readonly step: number;
  readonly w: number;
  readonly h: number;
}
function gridFor(count: number): Grid {
  const columns = columnsFor(count);
  const rows = Math.ceil(count / columns);
  const step = SIZE.card.w + SIZE.gap.x + Math.max(0, rows - 1) * SIZE.gutter;
  const w = count === 0 ? 0 : columns * step - (step - SIZE.card.w);
  return { columns, rows, step, w, h: rows === 0 ? 0 : rows * (SIZE.card.h + SIZE.gap.y) - SIZE.gap.y };
}

/** The room that the cables to later rows need left of the first column. */
const gutterOf = (grid: Grid): number => Math.max(0, grid.rows - 1) * SIZE.gutter;

interface Draft {
  readonly network: SketchNetwork;
  readonly lanes: readonly { kind: LaneKind; machines: SketchMachine[]; grid: Grid; w: number }[];
  readonly extras: readonly SketchPort[];
  readonly barWidth: number;
  readonly w: number;
  readonly h: number;
}

function draftOf(network: SketchNetwork, sketch: Sketch, residents: readonly SketchMachine[]): Draft {
  const modes = [
    ...sketch.machines.flatMap((machine) => machine.nics.filter((nic) => nic.network === network.id).map((nic) => nic.mode)),
    ...network.ports.filter((port) => port.leads !== "network").map((port) => port.mode),
  ];
  const lanes = lanesOf(network, modes).map((kind) => {
    const machines = residents.filter((machine) => laneKeyOf(homeOf(machine)?.mode ?? { mode: "access", vlan: 1 }) === kind.key);
    const grid = gridFor(machines.length);
    return { kind, machines, grid, w: Math.max(SIZE.leastLane, grid.w + gutterOf(grid) + 2 * SIZE.lanePad) };
  });
  const needed = lanes.reduce<number>((sum, lane) => sum + lane.w + SIZE.laneGap, SIZE.laneGap);
  // A bar that is wider than its lanes need gives the room to the last one.
  const last = lanes.at(-1);
  if (last && needed < SIZE.leastBar) last.w += SIZE.leastBar - needed;
  const barWidth = Math.max(SIZE.leastBar, needed);
  const extras = network.ports.filter((port) => port.leads !== "network");
  const tallest = Math.max(0, ...lanes.map((lane) => lane.grid.h));
  const top = network.hasGateway ? SIZE.gateway.h + SIZE.gatewayGap : 0;
  return {
    network,
    lanes,
    extras,
    barWidth,
    w: barWidth + (extras.length > 0 ? 56 + SIZE.extra.w : 0),
    h: Math.max(top + SIZE.bar + SIZE.drop + tallest + SIZE.lanePad, top + extras.length * (SIZE.extra.h + 12)),
  };
}

/** Top left corners of boxes on shelves about `wide` wide, in order. */
export function shelve(
  sizes: readonly { readonly w: number; readonly h: number }[],
  gap: Point,
): { readonly at: readonly Point[]; readonly h: number } {
  const area = sizes.reduce((sum, { w, h }) => sum + (w + gap.x) * (h + gap.y), 0);
  const wide = Math.max(0, ...sizes.map(({ w }) => w), Math.sqrt(area * 2.1));
  const at: Point[] = [];
  let [x, y, tallest] = [0, 0, 0];
  for (const { w, h } of sizes) {
    if (x > 0 && x + w > wide) {
      x = 0;
      y += tallest + gap.y;
      tallest = 0;
    }
    at.push({ x, y });
    x += w + gap.x;
    tallest = Math.max(tallest, h);
  }
  return { at, h: y + tallest };
}

function placeBlock(draft: Draft, origin: Point): { block: Block; machines: PlacedMachine[]; extras: PlacedPort[] } {
  const { network } = draft;
  const top = network.hasGateway ? SIZE.gateway.h + SIZE.gatewayGap : 0;
  const bar: Box = { x: origin.x, y: origin.y + top, w: draft.barWidth, h: SIZE.bar };
  const machines: PlacedMachine[] = [];
  let x = bar.x + SIZE.laneGap;
  const tallest = Math.max(0, ...draft.lanes.map((lane) => lane.grid.h));
  const lanes = draft.lanes.map(({ kind, machines: residents, grid, w }): Lane => {
    const left = x + (w - grid.w - gutterOf(grid)) / 2 + gutterOf(grid);
    for (const [at, machine] of residents.entries()) {
      const moved = network.places[machine.id];
      const row = Math.floor(at / grid.columns);
      const corner = moved
        ? { x: origin.x + moved.x, y: origin.y + moved.y }
        : { x: left + (at % grid.columns) * grid.step, y: bar.y + bar.h + SIZE.drop + row * (SIZE.card.h + SIZE.gap.y) };
      machines.push({ id: machine.id, box: { ...corner, ...SIZE.card }, network: network.id, row: moved ? undefined : row });
    }
    const strip = { x, y: bar.y + SIZE.title, w, h: bar.h - SIZE.title };
    const floor = { x, y: bar.y + bar.h, w, h: SIZE.drop + tallest + SIZE.lanePad };
    x += w + SIZE.laneGap;
    return { ...kind, strip, floor };
  });
  const extras = draft.extras.map((port, at): PlacedPort => {
    const moved = network.places[port.id];
    const corner = moved
      ? { x: origin.x + moved.x, y: origin.y + moved.y }
      : { x: bar.x + bar.w + 56, y: bar.y + 4 + at * (SIZE.extra.h + 12) };
    return { port, network: network.id, box: { ...corner, ...SIZE.extra } };
  });
  const gateway = network.hasGateway ? { x: origin.x + 14, y: origin.y, ...SIZE.gateway } : undefined;
  return { block: { id: network.id, bar, gateway, lanes, box: { ...origin, w: draft.w, h: draft.h } }, machines, extras };
}

function placeTray(machines: readonly SketchMachine[], corner: Point): { tray: Box | undefined; machines: PlacedMachine[] } {
  if (machines.length === 0) return { tray: undefined, machines: [] };
  const grid = gridFor(machines.length);
  const step = SIZE.card.w + SIZE.gap.x;
  const tray = {
    ...corner,
    w: Math.max(260, grid.columns * step - SIZE.gap.x + 2 * SIZE.lanePad),
    h: grid.h + SIZE.title + 2 * SIZE.lanePad,
  };
  return {
    tray,
    machines: machines.map((machine, at) => ({
      id: machine.id,
      network: undefined,
      row: undefined,
      box: {
        x: tray.x + SIZE.lanePad + (at % grid.columns) * step,
        y: tray.y + SIZE.title + SIZE.lanePad + Math.floor(at / grid.columns) * (SIZE.card.h + SIZE.gap.y),
        ...SIZE.card,
      },
    })),
  };
}

export function place(sketch: Sketch): Placed {
  const known = new Set(sketch.networks.map(({ id }) => id));
  const residents = new Map<string, SketchMachine[]>(sketch.networks.map(({ id }) => [id, []]));
  const loose: SketchMachine[] = [];
  for (const machine of sketch.machines) {
    const home = homeOf(machine)?.network;
    (home && known.has(home) ? (residents.get(home) as SketchMachine[]) : loose).push(machine);
  }
  const drafts = sketch.networks.map((network) => draftOf(network, sketch, residents.get(network.id) ?? []));
  const trayGrid = gridFor(loose.length);
  const traySize =
    loose.length > 0 ? [{ w: trayGrid.columns * (SIZE.card.w + SIZE.gap.x) + 2 * SIZE.lanePad, h: trayGrid.h + SIZE.title + 40 }] : [];
  const { at, h } = shelve([...drafts, ...traySize], SIZE.block);
  const left = SIZE.host.w + SIZE.edgeGap;
  const placed = drafts.map((draft, n) => {
    const automatic = { x: left + (at[n]?.x ?? 0), y: at[n]?.y ?? 0 };
    return placeBlock(draft, draft.network.places[draft.network.id] ?? automatic);
  });
  const corner = at[drafts.length];
  const { tray, machines: inTray } = placeTray(loose, { x: left + (corner?.x ?? 0), y: corner?.y ?? 0 });
  const host: Box = { x: 0, y: -SIZE.above, w: SIZE.host.w, h: SIZE.above + Math.max(150, h) };
  const internet: Box = { x: 0, y: host.y - 40 - SIZE.internet.h, ...SIZE.internet };
  const blocks = placed.map(({ block }) => block);
  const machines = [...placed.flatMap((each) => each.machines), ...inTray];
  const extras = placed.flatMap((each) => each.extras);
  const all =
    around([
      host,
      internet,
      ...(tray ? [tray] : []),
      ...blocks.map(({ box }) => box),
      ...machines.map(({ box }) => box),
      ...extras.map(({ box }) => box),
    ]) ?? host;
  return { blocks, machines, extras, host, internet, tray, all };
}
