// Where everything stands. By itself: networks as blocks on shelves, each a switch bar with its lanes and the machines
// under them; this computer and the Internet at the left edge. What a person moved stands where they put it; nothing
// else moves because of it (its own slot stays empty).
import { type LaneKind, laneKeyOf, lanesOf } from "./lanes.ts";
import { around, type Box, homeOf, type Point, type Sketch, type SketchMachine, type SketchNetwork, type SketchPort } from "./sketch.ts";

export const SIZE = {
  card: { w: 146, h: 132 },
  /** Between columns of machines, without the cables that run there. */
  gap: { x: 26, y: 30 },
  gutter: 7,
  bar: 78,
  /** The title of a bar, above its lanes. */
  title: 38,
  lanePad: 18,
  laneGap: 8,
  leastLane: 152,
  leastBar: 300,
  /** From the bar to the first row of machines. */
  drop: 44,
  /** At the left end of its bar, joined to it. */
  gateway: { w: 158, h: 78 },
  gatewayGap: 24,
  extra: { w: 150, h: 40 },
  extraGap: 48,
  block: { x: 76, y: 92 },
  host: { w: 136 },
  edgeGap: 84,
  internet: { w: 136, h: 70 },
  internetGap: 34,
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
  readonly kind: SketchNetwork["kind"];
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
  return {
    network,
    lanes,
    extras,
    barWidth,
    w: besideBar(network) + barWidth + (extras.length > 0 ? SIZE.extraGap + SIZE.extra.w : 0),
    h: Math.max(SIZE.bar + SIZE.drop + tallest + SIZE.lanePad, extras.length * (SIZE.extra.h + 12)),
  };
}

/** From a block's left edge to its bar. */
const besideBar = (network: SketchNetwork): number => (network.hasGateway ? SIZE.gateway.w + SIZE.gatewayGap : 0);

interface Size {
  readonly w: number;
  readonly h: number;
}
export interface Shelves {
  readonly at: readonly Point[];
  readonly w: number;
  readonly h: number;
}

/** Top left corners of boxes on shelves at most `wide` wide, in order. */
function shelveWithin(sizes: readonly Size[], gap: Point, wide: number): Shelves {
  const at: Point[] = [];
  let [x, y, tallest, used] = [0, 0, 0, 0];
  for (const { w, h } of sizes) {
    if (x > 0 && x + w > wide) {
      x = 0;
      y += tallest + gap.y;
      tallest = 0;
    }
    at.push({ x, y });
    used = Math.max(used, x + w);
    x += w + gap.x;
    tallest = Math.max(tallest, h);
  }
  return { at, w: used, h: y + tallest };
}

/** A window is about twice as wide as high. */
const ASPECT = 2;
/** More boxes than these are put on shelves of a width that is worked out, not tried. */
const TRIES = 24;

/** How small the whole must be drawn: the smaller, the larger. */
const needs = ({ w, h }: Shelves, beside: number, above: number): number => Math.max((w + beside) / ASPECT, h + above);

/** The shelves that can be shown largest, `beside` and `above` being needed anyway. */
export function shelve(sizes: readonly Size[], gap: Point, beside = 0, above = 0): Shelves {
  const area = sizes.reduce((sum, { w, h }) => sum + (w + gap.x) * (h + gap.y), 0);
  const widths = [Math.max(0, ...sizes.map(({ w }) => w), Math.sqrt(area * ASPECT))];
  if (sizes.length <= TRIES)
    for (let first = 0; first < sizes.length; first++) {
      let wide = -gap.x;
      for (const { w } of sizes.slice(first)) {
        wide += w + gap.x;
        widths.push(wide);
      }
    }
  let best = shelveWithin(sizes, gap, widths[0] ?? 0);
  for (const wide of new Set(widths)) {
    const next = shelveWithin(sizes, gap, wide);
    if (needs(next, beside, above) < needs(best, beside, above) - 1) best = next;
  }
  return best;
}

function placeBlock(draft: Draft, origin: Point): { block: Block; machines: PlacedMachine[]; extras: PlacedPort[] } {
  const { network } = draft;
  const bar: Box = { x: origin.x + besideBar(network), y: origin.y, w: draft.barWidth, h: SIZE.bar };
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
      : { x: bar.x + bar.w + SIZE.extraGap, y: bar.y + 4 + at * (SIZE.extra.h + 12) };
    return { port, network: network.id, box: { ...corner, ...SIZE.extra } };
  });
  const gateway = network.hasGateway ? { ...origin, ...SIZE.gateway } : undefined;
  return {
    block: { id: network.id, kind: network.kind, bar, gateway, lanes, box: { ...origin, w: draft.w, h: draft.h } },
    machines,
    extras,
  };
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
  const sizes = [...drafts, ...traySize];
  // The Internet stands above this computer or beside it, whichever leaves the picture larger.
  const outside = { above: SIZE.internet.h + SIZE.internetGap, beside: SIZE.internet.w + SIZE.internetGap };
  const edge = SIZE.host.w + SIZE.edgeGap;
  const tall = shelve(sizes, SIZE.block, edge, SIZE.above + outside.above);
  const wide = shelve(sizes, SIZE.block, edge + outside.beside, SIZE.above);
  const isWide = needs(wide, edge + outside.beside, SIZE.above) < needs(tall, edge, SIZE.above + outside.above);
  const { at, h } = isWide ? wide : tall;
  const left = SIZE.host.w + SIZE.edgeGap;
  const placed = drafts.map((draft, n) => {
    const automatic = { x: left + (at[n]?.x ?? 0), y: at[n]?.y ?? 0 };
    return placeBlock(draft, draft.network.places[draft.network.id] ?? automatic);
  });
  const corner = at[drafts.length];
  const { tray, machines: inTray } = placeTray(loose, { x: left + (corner?.x ?? 0), y: corner?.y ?? 0 });
  const host: Box = { x: 0, y: -SIZE.above, w: SIZE.host.w, h: SIZE.above + Math.max(130, h) };
  const internet: Box = isWide
    ? { x: -outside.beside, y: host.y, ...SIZE.internet }
    : { x: 0, y: host.y - outside.above, ...SIZE.internet };
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
