// The way of every cable: from a port of a bar to a machine, from bar to bar, from a gateway to this computer.
// Machines that stand where Mimic put them get straight, parallel cables that never cross a machine; a machine that
// a person moved hangs on a swung one.
import type { PortMode } from "@mimic/model";
import { laneKeyOf } from "./lanes.ts";
import { type Block, type Lane, type Placed, type PlacedMachine, SIZE } from "./places.ts";
import type { Box, Point, Sketch, SketchPort } from "./sketch.ts";

export interface Cable {
  /** The NIC's id, the port's, or `up_` and the network's for a gateway's way out. */
  readonly id: string;
  readonly kind: "nic" | "link" | "extra" | "uplink";
  readonly network: string;
  /** The network at the other end of a link. */
  readonly toNetwork?: string | undefined;
  readonly machine?: string | undefined;
  readonly mode: PortMode;
  /** At the switch. */
  readonly from: Point;
  /** At the machine. */
  readonly to: Point;
  /** An SVG path, always from `from` to `to`. */
  readonly path: string;
  /** Where marks stand: bad link, dropped frames. */
  readonly mark: Point;
}

const n = (value: number): string => String(Math.round(value * 10) / 10);
const at = ({ x, y }: Point): string => `${n(x)} ${n(y)}`;

/** Down (or up) and then sideways, with a round corner. */
export function bentPath(from: Point, to: Point, radius = 10): string {
  const r = Math.min(radius, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  const down = Math.sign(to.y - from.y);
  const side = Math.sign(to.x - from.x);
  if (r < 0.5) return `M${at(from)}L${at(to)}`;
  return `M${at(from)}L${n(from.x)} ${n(to.y - down * r)}Q${n(from.x)} ${n(to.y)} ${n(from.x + side * r)} ${n(to.y)}L${at(to)}`;
}

/** Leaves along `leave`, arrives against `arrive` (unit vectors), in one swing. */
export function swungPath(from: Point, leave: Point, to: Point, arrive: Point): { path: string; middle: Point } {
  const far = Math.max(36, Math.hypot(to.x - from.x, to.y - from.y) * 0.42);
  const a = { x: from.x + leave.x * far, y: from.y + leave.y * far };
  const b = { x: to.x + arrive.x * far, y: to.y + arrive.y * far };
  const middle = { x: (from.x + 3 * a.x + 3 * b.x + to.x) / 8, y: (from.y + 3 * a.y + 3 * b.y + to.y) / 8 };
  return { path: `M${at(from)}C${at(a)} ${at(b)} ${at(to)}`, middle };
}

/**
 * Places as near as possible to the wanted ones, in their order, `gap` apart and between `least` and `most`.
 * When there is not room for that gap, they are spread evenly.
 */
export function spread(wanted: readonly number[], least: number, most: number, gap: number): number[] {
  const room = wanted.length > 1 ? Math.min(gap, (most - least) / (wanted.length - 1)) : gap;
  const order = wanted.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value || a.index - b.index);
  const placed: number[] = [];
  for (const [k, { value }] of order.entries()) {
    const before = placed[k - 1];
    placed.push(Math.max(before === undefined ? least : before + room, Math.min(most, Math.max(least, value))));
  }
  for (let k = placed.length - 1, limit = most; k >= 0; k--, limit -= room) placed[k] = Math.min(placed[k] as number, limit);
  const result = new Array<number>(wanted.length);
  for (const [k, { index }] of order.entries()) result[index] = placed[k] as number;
  return result;
}

/** Where a machine's NICs are on its card: along its top, or its bottom when the switch is below. */
export function jackOf(card: Box, at: number, count: number, side: "top" | "bottom" = "top"): Point {
  const step = Math.min(22, (card.w - 40) / Math.max(1, count));
  return { x: card.x + card.w / 2 + (at - (count - 1) / 2) * step, y: side === "top" ? card.y : card.y + card.h };
}

interface End {
  readonly id: string;
  readonly machine: PlacedMachine;
  readonly mode: PortMode;
  readonly jack: Point;
  /** Where its port would like to be. */
  readonly wanted: number;
  readonly way: "straight" | "gutter" | "swung" | "above";
}

/** Later rows of a column are reached through the gutter at the left of the column. */
const gutterX = (machine: PlacedMachine): number => machine.box.x - 12 - ((machine.row ?? 1) - 1) * SIZE.gutter;

function endsOf(sketch: Sketch, placed: Placed): Map<string, End[]> {
  const byNetwork = new Map<string, End[]>(placed.blocks.map(({ id }) => [id, []]));
  const bars = new Map(placed.blocks.map((block) => [block.id, block]));
  const where = new Map(placed.machines.map((machine) => [machine.id, machine]));
  for (const { id, nics } of sketch.machines) {
    const machine = where.get(id);
    if (!machine) continue;
    for (const [index, nic] of nics.entries()) {
      const block = nic.network ? bars.get(nic.network) : undefined;
      if (!block) continue;
      const atHome = machine.network === block.id && machine.row !== undefined && nic.network === machine.network;
      const first = nics.findIndex((each) => each.network === machine.network) === index;
      const above = machine.box.y + machine.box.h / 2 < block.bar.y;
      const jack = jackOf(machine.box, index, nics.length, above ? "bottom" : "top");
      const way = above ? "above" : atHome && first ? (machine.row === 0 ? "straight" : "gutter") : "swung";
      const wanted = way === "gutter" ? gutterX(machine) : jack.x;
      byNetwork.get(block.id)?.push({ id: nic.id, machine, mode: nic.mode, jack, wanted, way });
    }
  }
  return byNetwork;
}

const DOWN: Point = { x: 0, y: 1 };
const UP: Point = { x: 0, y: -1 };

function cableOf(end: End, port: Point): Pick<Cable, "from" | "to" | "path" | "mark"> {
  const { jack, machine } = end;
  if (end.way === "straight" && Math.abs(port.x - jack.x) < 1)
    return { from: port, to: jack, path: `M${at(port)}L${at(jack)}`, mark: { x: port.x, y: (port.y + jack.y) / 2 } };
  if (end.way === "gutter") {
    const to = { x: machine.box.x, y: machine.box.y + 26 };
    return { from: port, to, path: bentPath(port, to), mark: { x: port.x, y: machine.box.y - SIZE.gap.y / 2 } };
  }
  const above = end.way === "above";
  const { path, middle } = swungPath(port, above ? UP : DOWN, jack, above ? DOWN : UP);
  return { from: port, to: jack, path, mark: middle };
}

function cablesOfLane(block: Block, lane: Lane, ends: readonly End[]): Cable[] {
  return (["below", "above"] as const).flatMap((side) => {
    const here = ends.filter((end) => (end.way === "above") === (side === "above"));
    const inset = 12;
    const xs = spread(
      here.map((end) => end.wanted),
      lane.strip.x + inset,
      lane.strip.x + lane.strip.w - inset,
      SIZE.gutter,
    );
    return here.map((end, k): Cable => {
      const port = { x: xs[k] as number, y: side === "above" ? block.bar.y : block.bar.y + block.bar.h };
      return { id: end.id, kind: "nic", network: block.id, machine: end.machine.id, mode: end.mode, ...cableOf(end, port) };
    });
  });
}

const LEFT: Point = { x: -1, y: 0 };
const RIGHT: Point = { x: 1, y: 0 };

/** Along straight pieces with round corners. */
export function routedPath(points: readonly Point[], radius = 12): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let path = `M${at(first)}`;
  for (const [k, point] of rest.entries()) {
    const before = points[k] as Point;
    const after = rest[k + 1];
    if (!after) return `${path}L${at(point)}`;
    const r = Math.min(
      radius,
      Math.hypot(point.x - before.x, point.y - before.y) / 2,
      Math.hypot(after.x - point.x, after.y - point.y) / 2,
    );
    const toward = (to: Point): Point => {
      const far = Math.hypot(to.x - point.x, to.y - point.y) || 1;
      return { x: point.x + ((to.x - point.x) * r) / far, y: point.y + ((to.y - point.y) * r) / far };
    };
    path += `L${at(toward(before))}Q${at(point)} ${at(toward(after))}`;
  }
  return path;
}

/** Whether both ends of a link are here, and this is the one that it is drawn from. */
function drawsLink(sketch: Sketch, port: SketchPort): boolean {
  if (port.leads !== "network" || !port.other) return false;
  const { network, port: far } = port.other;
  const isThere = sketch.networks.some((other) => other.id === network && other.ports.some(({ id }) => id === far));
  return !isThere || port.id < far;
}

/**
 * Links between networks leave bars at the top of their right end and go where nothing stands: above the shelf, and
 * down beside the blocks.
 */
function linkCables(sketch: Sketch, placed: Placed): Cable[] {
  const blocks = new Map(placed.blocks.map((block) => [block.id, block]));
  const used = new Map<string, number>();
  const slot = ({ id, bar }: Block): Point => {
    const count = used.get(id) ?? 0;
    used.set(id, count + 1);
    return { x: bar.x + bar.w - 26 - (count % 8) * 14, y: bar.y };
  };
  let lane = 0;
  return sketch.networks.flatMap((network) =>
    network.ports.flatMap((port): Cable[] => {
      if (!drawsLink(sketch, port)) return [];
      const [here, there] = [blocks.get(network.id), blocks.get(port.other?.network ?? "")];
      if (!here || !there) return [];
      const [from, to] = [slot(here), slot(there)];
      const aside = 16 + (lane++ % 4) * 7;
      const points = linkWay({ from, to, here, there, aside });
      const mark = { x: ((points[1] as Point).x + (points[2] as Point).x) / 2, y: ((points[1] as Point).y + (points[2] as Point).y) / 2 };
      const rest = { id: port.id, kind: "link", network: network.id, toNetwork: there.id, mode: port.mode } as const;
      return [{ ...rest, from, to, path: routedPath(points), mark }];
    }),
  );
}

interface LinkEnds {
  readonly from: Point;
  readonly to: Point;
  readonly here: Block;
  readonly there: Block;
  readonly aside: number;
}
function linkWay({ from, to, here, there, aside }: LinkEnds): Point[] {
  const isBeside = Math.abs(here.bar.y - there.bar.y) < here.box.h / 2;
  if (isBeside) {
    const y = Math.min(from.y, to.y) - aside;
    return [from, { x: from.x, y }, { x: to.x, y }, to];
  }
  const upper = here.bar.y < there.bar.y ? here : there;
  const x = upper.box.x + upper.box.w + aside;
  return [from, { x: from.x, y: from.y - aside }, { x, y: from.y - aside }, { x, y: to.y - aside }, { x: to.x, y: to.y - aside }, to];
}

function extraCables(placed: Placed): Cable[] {
  const bars = new Map(placed.blocks.map((block) => [block.id, block.bar]));
  return placed.extras.flatMap(({ port, network, box }, k): Cable[] => {
    const bar = bars.get(network);
    if (!bar) return [];
    const from = { x: bar.x + bar.w, y: bar.y + 20 + ((k * 12) % (bar.h - 30)) };
    const to = { x: box.x, y: box.y + box.h / 2 };
    const { path, middle } = swungPath(from, RIGHT, to, LEFT);
    return [{ id: port.id, kind: "extra", network, mode: port.mode, from, to, path, mark: middle }];
  });
}

/**
 * From each gateway to this computer: straight to the left where nothing stands between, otherwise up and left above
 * its shelf, each a little apart.
 */
function uplinkCables(placed: Placed): Cable[] {
  const right = placed.host.x + placed.host.w;
  const inHost = (y: number) => Math.max(placed.host.y + 12, Math.min(placed.host.y + placed.host.h - 12, y));
  const shelves = new Map<number, number>();
  return placed.blocks.flatMap(({ id, gateway: router, bar, kind }): Cable[] => {
    // A bridged network has no gateway: its switch itself is joined to this computer's LAN.
    const gateway = router ?? (kind === "bridged" ? bar : undefined);
    if (!gateway) return [];
    const rest = { id: `up_${id}`, kind: "uplink", network: id, mode: { mode: "access", vlan: 1 } } as const;
    const side = { x: gateway.x, y: gateway.y + gateway.h / 2 };
    const blocked = placed.blocks.some(
      ({ id: other, box }) => other !== id && box.x < side.x && box.x + box.w > right && side.y > box.y && side.y < box.y + box.h,
    );
    if (!blocked && inHost(side.y) === side.y && side.x > right) {
      const to = { x: right, y: side.y };
      return [{ ...rest, from: side, to, path: `M${at(side)}L${at(to)}`, mark: { x: (right + side.x) / 2, y: side.y } }];
    }
    const shelf = Math.round(gateway.y);
    const before = shelves.get(shelf) ?? 0;
    shelves.set(shelf, before + 1);
    const from = { x: gateway.x + 24, y: gateway.y };
    const y = gateway.y - 48 - (before % 4) * 8;
    const to = { x: right, y: inHost(y) };
    if (to.y === y) return [{ ...rest, from, to, path: bentPath(from, to), mark: { x: from.x - 30, y } }];
    const { path, middle } = swungPath(from, UP, to, RIGHT);
    return [{ ...rest, from, to, path, mark: middle }];
  });
}

export function layCables(sketch: Sketch, placed: Placed): Cable[] {
  const ends = endsOf(sketch, placed);
  const nics = placed.blocks.flatMap((block) =>
    block.lanes.flatMap((lane) =>
      cablesOfLane(
        block,
        lane,
        (ends.get(block.id) ?? []).filter((end) => laneKeyOf(end.mode) === lane.key),
      ),
    ),
  );
  return [...nics, ...linkCables(sketch, placed), ...extraCables(placed), ...uplinkCables(placed)];
}
