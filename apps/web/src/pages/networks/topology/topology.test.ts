import type { MachineView, NetworkView, PortMode } from "@mimic/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bentPath, layCables, spread } from "./cables.ts";
import { type Camera, dropAt, fit, neighbour, showing, toPicture, toWindow, zoomAt } from "./camera.ts";
import { NETWORK_SHOWS, sketchOf, TRAY_SHOWS } from "./from-views.ts";
import { LOOKS, laneKeyOf, lanesOf, lookOf, modeInLane } from "./lanes.ts";
import { place, shelve } from "./places.ts";
import { type Box, centre, isInside, type Point, type Sketch, type SketchNetwork } from "./sketch.ts";

const network = (id: string, more: Partial<SketchNetwork> = {}): SketchNetwork => ({
  id,
  name: id,
  kind: "nat",
  vlans: [{ id: 1, name: "" }],
  hasGateway: true,
  ports: [],
  places: {},
  ...more,
});
const access = (vlan: number): PortMode => ({ mode: "access", vlan });
const machineOn = (n: number, at: string | null, mode: PortMode = access(1)) => ({
  id: `m${n}`,
  name: `m${n}`,
  nics: [{ id: `n${n}`, network: at, mode }],
});

const sketches: fc.Arbitrary<Sketch> = fc
  .record({ networks: fc.integer({ min: 0, max: 5 }), machines: fc.array(fc.tuple(fc.nat(6), fc.nat(3)), { maxLength: 70 }) })
  .map(({ networks, machines }) => ({
    networks: Array.from({ length: networks }, (_, at) =>
      network(`net${at}`, {
        hasGateway: at % 3 !== 2,
        vlans: [
          { id: 1, name: "" },
          { id: 20, name: "guests" },
        ],
      }),
    ),
    machines: machines.map(([at, vlan], n) => machineOn(n, at < networks ? `net${at}` : null, access([1, 10, 20, 30][vlan] as number))),
  }));

const overlap = (a: Box, b: Box): boolean => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** Straight pieces of a path of M, L and Q (its corner counts as its two legs). */
function pieces(path: string): [Point, Point][] {
  const points = [...path.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => ({ x: Number(x), y: Number(y) }));
  return points.slice(1).map((point, at) => [points[at] as Point, point]);
}
const touches = ([a, b]: [Point, Point], box: Box): boolean =>
  overlap({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), w: Math.abs(a.x - b.x) || 0.1, h: Math.abs(a.y - b.y) || 0.1 }, box);

describe("where things stand", () => {
  test("nothing that Mimic places overlaps anything else, and machines stand on the ground of their lane", () => {
    fc.assert(
      fc.property(sketches, (sketch) => {
        const placed = place(sketch);
        const boxes = [
          ...placed.machines.map(({ box }) => box),
          ...placed.blocks.flatMap(({ bar, gateway }) => (gateway ? [bar, gateway] : [bar])),
          placed.host,
          placed.internet,
        ];
        for (const [at, box] of boxes.entries()) for (const other of boxes.slice(at + 1)) expect(overlap(box, other)).toBe(false);
        for (const [at, { box }] of placed.blocks.entries())
          for (const other of placed.blocks.slice(at + 1)) expect(overlap(box, other.box)).toBe(false);
        for (const machine of placed.machines) {
          const block = placed.blocks.find(({ id }) => id === machine.network);
          const grounds = block ? block.lanes.map(({ floor }) => floor) : [placed.tray as Box];
          expect(
            grounds.some(
              (ground) =>
                isInside(machine.box, ground) && isInside({ x: machine.box.x + machine.box.w, y: machine.box.y + machine.box.h }, ground),
            ),
          ).toBe(true);
        }
      }),
    );
  });

  test("no cable of a machine in its place crosses another machine, and each ends at a port of its own", () => {
    fc.assert(
      fc.property(sketches, (sketch) => {
        const placed = place(sketch);
        const cables = layCables(sketch, placed).filter(({ kind }) => kind === "nic");
        expect(cables.length).toBe(sketch.machines.filter(({ nics }) => nics[0]?.network !== null).length);
        expect(new Set(cables.map(({ from }) => `${Math.round(from.x * 10)} ${from.y}`)).size).toBe(cables.length);
        for (const cable of cables) {
          expect(cable.path).not.toMatch(/C|NaN/);
          for (const machine of placed.machines)
            if (machine.id !== cable.machine) for (const piece of pieces(cable.path)) expect(touches(piece, machine.box)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });

  test("what a person moved stands there, and nothing else moves because of it", () => {
    const sketch: Sketch = { networks: [network("a"), network("b")], machines: [1, 2, 3, 4, 5].map((n) => machineOn(n, "a")) };
    const before = place(sketch);
    const after = place({ ...sketch, networks: [network("a", { places: { m3: { x: 500, y: -40 } } }), network("b")] });
    const corner = after.blocks[0]?.box as Box;
    expect(after.machines.find(({ id }) => id === "m3")?.box).toMatchObject({ x: corner.x + 500, y: corner.y - 40 });
    const others = (placed: typeof before) => [placed.blocks, placed.machines.filter(({ id }) => id !== "m3")];
    expect(others(after)).toEqual(others(before));
    const cable = layCables(
      { ...sketch, networks: [network("a", { places: { m3: { x: 500, y: -400 } } }), network("b")] },
      place({ ...sketch, networks: [network("a", { places: { m3: { x: 500, y: -400 } } }), network("b")] }),
    ).find(({ machine }) => machine === "m3");
    expect(cable?.path).toMatch(/^M[-\d. ]+C/);
  });

  test("a moved network takes its machines along", () => {
    const sketch: Sketch = { networks: [network("a")], machines: [machineOn(1, "a")] };
    const before = place(sketch);
    const after = place({ ...sketch, networks: [network("a", { places: { a: { x: 1000, y: 900 } } })] });
    const shift = { x: 1000 - (before.blocks[0]?.box.x ?? 0), y: 900 - (before.blocks[0]?.box.y ?? 0) };
    expect(after.machines[0]?.box.x).toBe((before.machines[0]?.box.x ?? 0) + shift.x);
    expect(after.machines[0]?.box.y).toBe((before.machines[0]?.box.y ?? 0) + shift.y);
  });

  test("a link between two networks is one cable, and a network that is not there has none", () => {
    const link = (id: string, other: string, port: string) => ({
      id,
      name: id,
      mode: { mode: "trunk", allowed: "all" } as PortMode,
      leads: "network" as const,
      other: { network: other, port },
    });
    const sketch: Sketch = {
      networks: [
        network("a", { ports: [link("p1", "b", "p2"), link("p3", "gone", "p9")] }),
        network("b", { ports: [link("p2", "a", "p1")] }),
      ],
      machines: [],
    };
    expect(layCables(sketch, place(sketch)).filter(({ kind }) => kind === "link")).toMatchObject([
      { id: "p1", network: "a", toNetwork: "b" },
    ]);
  });

  test("shelves are about twice as wide as high and keep the order", () => {
    const { at } = shelve(
      Array.from({ length: 12 }, () => ({ w: 300, h: 300 })),
      { x: 0, y: 0 },
    );
    expect(new Set(at.map(({ y }) => y)).size).toBe(3);
    expect(at.map(({ x, y }) => y * 1e5 + x)).toEqual(at.map(({ x, y }) => y * 1e5 + x).toSorted((a, b) => a - b));
  });
});

test("of a thousand machines on one network the picture shows the first, and says how many it leaves out", () => {
  const machines = Array.from({ length: 1000 }, (_, n) => ({
    id: `m${n}`,
    name: `m${n}`,
    hardware: { nics: n < 900 ? [{ id: `n${n}`, network: "a", port: access(1) }] : [] },
  })) as unknown as MachineView[];
  const networks = [{ id: "a", name: "a", kind: "nat", vlans: [], ports: [], layout: {} }] as unknown as NetworkView[];
  const { sketch, notDrawn, notDrawnOf } = sketchOf(networks, machines);
  expect(sketch.machines.length).toBe(NETWORK_SHOWS + TRAY_SHOWS);
  expect(notDrawn).toBe(100 - TRAY_SHOWS);
  expect(notDrawnOf.get("a")).toBe(900 - NETWORK_SHOWS);
});

describe("ports and paths", () => {
  test("ports keep their order, their distance and their lane", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -50, max: 400, noNaN: true }), { maxLength: 40 }), (wanted) => {
        const placed = spread(wanted, 0, 300, 7);
        const sorted = placed.toSorted((a, b) => a - b);
        for (const [at, value] of sorted.entries()) {
          expect(value).toBeGreaterThanOrEqual(-1e-6);
          expect(value).toBeLessThanOrEqual(300 + 1e-6);
          const room = Math.min(7, 300 / Math.max(1, wanted.length - 1));
          if (at > 0) expect(value - (sorted[at - 1] as number)).toBeGreaterThanOrEqual(room - 1e-6);
        }
        const order = wanted.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value || a.index - b.index);
        expect(order.map(({ index }) => placed[index])).toEqual(sorted);
      }),
    );
    expect(spread([10, 200], 0, 300, 7)).toEqual([10, 200]);
  });

  test("a bent cable begins and ends where it should, with one round corner", () => {
    expect(bentPath({ x: 0, y: 0 }, { x: 40, y: 100 })).toBe("M0 0L0 90Q0 100 10 100L40 100");
    expect(bentPath({ x: 5, y: 5 }, { x: 5, y: 80 })).toBe("M5 5L5 80");
  });
});

describe("lanes", () => {
  test("every VLAN has one of eight looks, and VLAN 1 alone is plain", () => {
    for (let vlan = 1; vlan <= 4094; vlan++) {
      expect(lookOf(vlan)).toBeLessThan(LOOKS);
      expect(lookOf(vlan) === 0).toBe(vlan === 1);
    }
    expect(new Set([10, 20, 30, 40, 50].map(lookOf)).size).toBe(5);
  });

  test("lanes come by number, trunks last, and a mode of no known VLAN makes its own", () => {
    const modes: PortMode[] = [
      { mode: "trunk", allowed: "all" },
      access(30),
      { mode: "qinq", vlan: 7 },
      { mode: "private", vlan: 20, role: { kind: "isolated" } },
    ];
    expect(
      lanesOf(
        network("a", {
          vlans: [
            { id: 20, name: "guests" },
            { id: 1, name: "" },
          ],
        }),
        modes,
      ).map(({ key }) => key),
    ).toEqual(["v1", "v20", "v30", "q7", "trunk"]);
    expect(lanesOf(network("a", { vlans: [] }), []).map(({ key }) => key)).toEqual(["v1"]);
  });

  test("a cable dropped on a lane gets a mode that stands in that lane, and keeps a fitting one", () => {
    const isolated: PortMode = { mode: "private", vlan: 20, role: { kind: "isolated" } };
    expect(modeInLane("v20", isolated)).toEqual(isolated);
    for (const key of ["v1", "v20", "q7", "trunk"]) expect(laneKeyOf(modeInLane(key, access(5)))).toBe(key);
  });
});

describe("the camera", () => {
  const camera: Camera = { x: 10, y: -20, scale: 0.5 };
  test("the point under the pointer stays there while the picture grows", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 0, max: 700 }),
        fc.double({ min: 0.2, max: 5, noNaN: true }),
        (x, y, by) => {
          const before = toPicture(camera, { x, y });
          const after = toPicture(zoomAt(camera, { x, y }, by), { x, y });
          expect(after.x).toBeCloseTo(before.x, 6);
          expect(after.y).toBeCloseTo(before.y, 6);
        },
      ),
    );
  });
  test("fitting shows all of it, never larger than life", () => {
    const all = { x: -200, y: -100, w: 3000, h: 900 };
    const seen = fit(all, { w: 1000, h: 600 });
    const corners = [toWindow(seen, all), toWindow(seen, { x: all.x + all.w, y: all.y + all.h })];
    for (const { x, y } of corners) {
      expect(x).toBeGreaterThanOrEqual(0);
      expect(x).toBeLessThanOrEqual(1000);
      expect(y).toBeGreaterThanOrEqual(0);
      expect(y).toBeLessThanOrEqual(600);
    }
    expect(fit({ x: 0, y: 0, w: 10, h: 10 }, { w: 1000, h: 600 }).scale).toBe(1);
  });
  test("showing a thing moves the picture only when it is out of sight", () => {
    const still: Camera = { x: 0, y: 0, scale: 1 };
    expect(showing(still, { x: 100, y: 100, w: 50, h: 50 }, { w: 500, h: 400 })).toEqual(still);
    const moved = showing(still, { x: 900, y: 100, w: 50, h: 50 }, { w: 500, h: 400 });
    expect(moved.x).toBe(900 + 50 + 24 - 500);
    expect(moved.y).toBe(0);
  });
  test("arrows go to the nearest thing in their direction and stay where there is none", () => {
    const things = [
      { id: "right", at: { x: 100, y: 5 } },
      { id: "far right", at: { x: 300, y: 0 } },
      { id: "below", at: { x: 10, y: 90 } },
    ];
    expect(neighbour({ x: 0, y: 0 }, "ArrowRight", things)).toBe("right");
    expect(neighbour({ x: 0, y: 0 }, "ArrowDown", things)).toBe("below");
    expect(neighbour({ x: 0, y: 0 }, "ArrowLeft", things)).toBeUndefined();
  });
  test("a cable is dropped on the lane under it, on the first lane at a bar's title, and beside everything nowhere", () => {
    const sketch: Sketch = {
      networks: [
        network("a", {
          vlans: [
            { id: 1, name: "" },
            { id: 20, name: "" },
          ],
        }),
      ],
      machines: [machineOn(1, "a"), machineOn(2, null)],
    };
    const placed = place(sketch);
    const block = placed.blocks[0];
    expect(dropAt(placed, centre(block?.lanes[1]?.floor as Box))).toEqual({ on: "lane", network: "a", lane: "v20" });
    expect(dropAt(placed, { x: (block?.bar.x ?? 0) + 30, y: (block?.bar.y ?? 0) + 8 })).toEqual({ on: "lane", network: "a", lane: "v1" });
    expect(dropAt(placed, centre(placed.tray as Box))).toEqual({ on: "tray" });
    expect(dropAt(placed, { x: -500, y: -500 })).toBeUndefined();
  });
});
