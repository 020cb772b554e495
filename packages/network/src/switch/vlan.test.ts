import { describe, expect, test } from "vitest";
import { BROADCAST, frame, macOf, TestLan } from "../../test/frames.ts";

const A = macOf(1);
const B = macOf(2);
const access = (vlan: number) => ({ mode: "access", vlan }) as const;
const C = 0x8100;
const S = 0x88a8;

/** Every way in which a guest in VLAN 10 could try to speak in VLAN 20. */
const SHAPES: readonly (readonly [string, readonly (readonly [number, number])[]])[] = [
  ["a tag", [[C, 20]]],
  ["a tag with a priority", [[C, 0xe000 | 20]]],
  ["a tag with the drop-eligible bit", [[C, 0x1000 | 20]]],
  ["its own VLAN's tag", [[C, 10]]],
  ["a priority tag", [[C, 0xa000]]],
  [
    "its own tag and another one",
    [
      [C, 10],
      [C, 20],
    ],
  ],
  [
    "a priority tag and another one",
    [
      [C, 0],
      [C, 20],
    ],
  ],
  ["a service tag", [[S, 20]]],
  [
    "a service tag of its own and a tag",
    [
      [S, 10],
      [C, 20],
    ],
  ],
  [
    "two service tags",
    [
      [S, 10],
      [S, 20],
    ],
  ],
  ["an old service tag", [[0x9100, 20]]],
  [
    "another old service tag and a tag",
    [
      [0x9200, 10],
      [C, 20],
    ],
  ],
  [
    "the reserved VLAN and a tag",
    [
      [C, 4095],
      [C, 20],
    ],
  ],
  [
    "three tags",
    [
      [C, 10],
      [C, 10],
      [C, 20],
    ],
  ],
];

const lanWithTwo = (tags: boolean) => {
  const lan = new TestLan();
  return {
    lan,
    a: lan.add("a", { mode: access(10), guards: { tags } }),
    twenty: lan.add("twenty", { mode: access(20), guards: { tags } }),
    trunk: lan.add("trunk", { mode: { mode: "trunk", native: 10, allowed: "all" } }),
  };
};

describe("VLAN hopping", () => {
  test.each(SHAPES)("with %s reaches nobody through a guarded port without tags", (_words, tags) => {
    const { lan, a, twenty, trunk } = lanWithTwo(true);
    lan.send(a, frame({ from: A, to: BROADCAST, tags }));
    expect([lan.take(twenty), lan.take(trunk)]).toEqual([[], []]);
    expect(lan.lan.counters()[0]?.drops).toEqual({ tagNotAllowed: 1 });
    // The control: without tags it passes.
    lan.send(a, frame({ from: A, to: BROADCAST }));
    expect([lan.take(twenty).length, lan.take(trunk).length]).toEqual([0, 1]);
  });

  test.each(SHAPES)("with %s never reaches VLAN 20, even where the guard is off", (_words, tags) => {
    const { lan, a, twenty, trunk } = lanWithTwo(false);
    lan.send(a, frame({ from: A, to: BROADCAST, tags }));
    expect(lan.take(twenty)).toEqual([]);
    // What leaves by the trunk's native VLAN shows no tag that the next switch would believe.
    for (const one of lan.take(trunk)) expect([one[12], one[13]]).toEqual([0x88, 0xb5]);
  });

  test("from a trunk into a VLAN that it is not allowed is refused, into one that it is, is what a trunk is for", () => {
    const lan = new TestLan();
    const trunk = lan.add("trunk", { mode: { mode: "trunk", allowed: [10] } });
    const [ten, twenty] = [lan.add("ten", { mode: access(10) }), lan.add("twenty", { mode: access(20) })];
    lan.send(
      trunk,
      frame({ from: A, to: BROADCAST, tags: [[C, 20]] }),
      frame({ from: A, to: BROADCAST, tags: [[C, 10]] }),
      frame({ from: A, to: BROADCAST }),
    );
    expect([lan.take(ten).length, lan.take(twenty).length]).toEqual([1, 0]);
    expect(lan.lan.counters()[0]?.drops).toEqual({ vlanNotAllowed: 1, untaggedNotAllowed: 1 });
  });
});

describe("tags", () => {
  test("are put on and taken off between access and trunk, and nothing else changes", () => {
    const lan = new TestLan();
    const [a, trunk] = [lan.add("a", { mode: access(10) }), lan.add("trunk", { mode: { mode: "trunk", allowed: "all" } })];
    const plain = frame({ from: A, to: B, payload: [1, 2, 3] });
    const tagged = frame({ from: A, to: B, tags: [[C, 10]], payload: [1, 2, 3], size: 64 });
    lan.send(a, plain);
    expect(lan.take(trunk)).toEqual([tagged]);
    lan.send(trunk, frame({ from: B, to: A, tags: [[C, 0x6000 | 10]], payload: [4] }));
    expect(lan.take(a)).toEqual([frame({ from: B, to: A, payload: [4], size: 56 })]);
  });

  test("keep their priority from trunk to trunk, and a priority tag becomes one of the native VLAN", () => {
    const lan = new TestLan();
    const one = lan.add("one", { mode: { mode: "trunk", native: 7, allowed: "all" } });
    const two = lan.add("two", { mode: { mode: "trunk", allowed: "all" } });
    const prioritised = frame({ from: A, to: B, tags: [[C, 0xa000 | 9]] });
    lan.send(one, prioritised, frame({ from: A, to: B, tags: [[C, 0xe000]] }));
    expect(lan.take(two)).toEqual([prioritised, frame({ from: A, to: B, tags: [[C, 0xe000 | 7]] })]);
  });

  test("of a customer travel through a QinQ network untouched, under a service tag on the trunk", () => {
    const lan = new TestLan();
    const [left, right] = [lan.add("left", { mode: { mode: "qinq", vlan: 100 } }), lan.add("right", { mode: { mode: "qinq", vlan: 100 } })];
    const core = lan.add("core", { mode: { mode: "trunk", allowed: "all" } });
    const plainPort = lan.add("plain", { mode: access(100) });
    const customer = frame({ from: A, to: BROADCAST, tags: [[C, 20]], payload: [9] });
    lan.send(left, customer);
    expect(lan.take(right)).toEqual([customer]);
    expect(lan.take(core)).toEqual([
      frame({
        from: A,
        to: BROADCAST,
        tags: [
          [S, 100],
          [C, 20],
        ],
        payload: [9],
        size: 64,
      }),
    ]);
    // At a port without tags the customer's tag would be believed.
    expect(lan.take(plainPort)).toEqual([]);
    lan.send(
      core,
      frame({
        from: B,
        to: A,
        tags: [
          [S, 100],
          [C, 20],
        ],
        payload: [8],
      }),
      frame({ from: B, to: A, tags: [[C, 100]] }),
    );
    expect(lan.take(left)).toEqual([frame({ from: B, to: A, tags: [[C, 20]], payload: [8], size: 56 })]);
  });
});

describe("a private VLAN (RFC 5517)", () => {
  test("lets isolated ports reach promiscuous ones only, and communities themselves", () => {
    const lan = new TestLan();
    const host = (id: string, role: object) => lan.add(id, { mode: { mode: "private", vlan: 1, role } as never });
    const ports = {
      isolated1: host("isolated1", { kind: "isolated" }),
      isolated2: host("isolated2", { kind: "isolated" }),
      red1: host("red1", { kind: "community", community: 5 }),
      red2: host("red2", { kind: "community", community: 5 }),
      blue: host("blue", { kind: "community", community: 6 }),
      router: host("router", { kind: "promiscuous" }),
    };
    const reached = (from: keyof typeof ports): string[] => {
      lan.send(ports[from], frame({ from: macOf(ports[from].index + 1), to: BROADCAST }));
      return [...lan.takeAll()].filter(([, frames]) => frames.length > 0).map(([id]) => id);
    };
    expect(reached("isolated1")).toEqual(["router"]);
    expect(reached("red1")).toEqual(["red2", "router"]);
    expect(reached("blue")).toEqual(["router"]);
    expect(reached("router")).toEqual(["isolated1", "isolated2", "red1", "red2", "blue"]);
    // Unicast to a known address is no way round.
    lan.send(ports.isolated1, frame({ from: macOf(1), to: macOf(ports.red1.index + 1) }));
    expect(lan.take(ports.red1)).toEqual([]);
    expect(lan.lan.counters()[0]?.drops).toEqual({ privateVlan: 1 });
  });
});

describe("a mirror", () => {
  test("gets what passes a port, both ways, and may send nothing", () => {
    const lan = new TestLan();
    const [a, b, mirror] = [lan.add("a"), lan.add("b"), lan.add("mirror", { isMirror: true })];
    lan.add("other");
    using _ = lan.lan.mirror(mirror, "a");
    const [there, back] = [frame({ from: A, to: B, payload: [1] }), frame({ from: B, to: A, payload: [2] })];
    lan.send(a, there);
    lan.send(b, back);
    lan.send(b, frame({ from: B, to: macOf(9) }));
    expect(lan.take(mirror).map((one) => one[14])).toEqual([1, 2, 0]);
    lan.send(mirror, frame({ from: macOf(7), to: A }));
    expect(lan.take(a).length).toBe(2);
    expect(lan.lan.counters()[2]?.drops).toEqual({ mirrorMaySendNothing: 1 });
  });
});
