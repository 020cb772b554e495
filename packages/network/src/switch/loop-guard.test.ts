// Circles of every make: rings of switches, parallel cables, guests that bridge. After the probes have walked, each host must hear
// each broadcast exactly once: no circle is left, and nothing is cut off.
import type { PortMode } from "@mimic/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BROADCAST, frame, macOf, TestLan } from "../../test/frames.ts";
import { outletOf } from "./outlet.ts";
import type { FramePort } from "./ports.ts";
import { framesOf, runOf } from "./ports.ts";
import type { SwitchPort } from "./switch-port.ts";

/** Frames under way in a world of switches and of foreign bridges that repeat everything. */
class World {
  readonly lans: TestLan[] = [];
  readonly #queue: (() => void)[] = [];
  readonly hosts: { readonly lan: TestLan; readonly port: SwitchPort }[] = [];
  carried = 0;

  constructor(switches: number, loopGuard = true) {
    for (let n = 0; n < switches; n++) {
      const lan = new TestLan({ id: `net_${n}`, loopGuard });
      this.lans.push(lan);
      this.hosts.push({ lan, port: lan.add(`host${n}`) });
    }
  }

  #port(n: number, take: (run: Uint8Array) => void, mode?: PortMode): { lan: TestLan; port: SwitchPort } {
    const lan = this.lans[n] as TestLan;
    const port = lan.add(`p${[...lan.lan.ports].length}`, { guards: { macLimit: 4096 }, ...(mode && { mode }) });
    const sink: FramePort = { deliver: (run) => take(run.slice()), flush: () => {} };
    lan.lan.attach(port, outletOf(sink));
    return { lan, port };
  }

  cable(a: number, b: number, mode?: PortMode): void {
    const ends: { lan: TestLan; port: SwitchPort }[] = [];
    const to = (n: number) => (run: Uint8Array) => this.#later(() => ends[n]?.lan.lan.receive(ends[n].port, run, 0, run.length, undefined));
    ends.push(this.#port(a, to(1), mode));
    ends.push(this.#port(b, to(0), mode));
  }

  /** A guest with a NIC in each of these networks that repeats whatever it hears. */
  bridge(of: readonly number[], mode?: PortMode): void {
    const ends: { lan: TestLan; port: SwitchPort }[] = [];
    for (const [n, lan] of of.entries()) {
      ends.push(
        this.#port(
          lan,
          (run) => {
            for (const [other, end] of ends.entries())
              if (other !== n) this.#later(() => end.lan.lan.receive(end.port, run, 0, run.length, undefined));
          },
          mode,
        ),
      );
    }
  }

  #later(what: () => void): void {
    this.#queue.push(what);
  }

  /** Lets frames move, at most so many hops: a storm has no end. */
  run(hops: number): boolean {
    for (let n = 0; n < hops; n++) {
      const next = this.#queue.shift();
      if (next === undefined) return true;
      this.carried++;
      next();
    }
    return false;
  }

  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 500) {
      for (const lan of this.lans) lan.pass(500);
      this.run(3000);
    }
    // What a storm left on its way is gone when it dies down.
    this.#queue.length = 0;
  }

  /** How often each host hears a broadcast of this one's. */
  heard(from: number): number[] {
    for (const { lan } of this.hosts) lan.takeAll();
    const host = this.hosts[from] as World["hosts"][number];
    host.lan.send(host.port, frame({ from: macOf(from + 1), to: BROADCAST }));
    expect(this.run(5000)).toBe(true);
    return this.hosts.map(({ lan, port }) => lan.take(port).filter((one) => one[12] === 0x88 && one[13] === 0xb5).length);
  }
}

/** Which hosts are joined to which, by cables and bridges. */
function groups(switches: number, links: readonly (readonly number[])[]): number[] {
  const group = Array.from({ length: switches }, (_, n) => n);
  for (let again = true; again; ) {
    again = false;
    for (const link of links) {
      const least = Math.min(...link.map((n) => group[n] as number));
      for (const n of link) {
        if (group[n] === least) continue;
        group[n] = least;
        again = true;
      }
    }
  }
  return group;
}

describe("a circle", () => {
  test("without the guard carries a broadcast round for ever (the control)", () => {
    const world = new World(2, false);
    world.cable(0, 1);
    world.cable(0, 1);
    const host = world.hosts[0] as World["hosts"][number];
    host.lan.send(host.port, frame({ from: macOf(1), to: BROADCAST }));
    expect(world.run(10_000)).toBe(false);
  });

  test("of a guest that bridges its two NICs is cut, said in words, and opened again when the guest stops", () => {
    const world = new World(1);
    world.bridge([0, 0]);
    world.pass(3000);
    expect(world.heard(0)).toEqual([0]);
    expect(world.lans[0]?.news).toEqual(["What leaves by “p2” comes back by “p1”: “p2” is shut in VLAN 1 while that is so."]);
    const lan = world.lans[0] as TestLan;
    lan.lan.detach(lan.lan.port("p1") as SwitchPort);
    world.pass(6000);
    expect(lan.news).toContain("The loop is gone: “p2” is open again in VLAN 1.");
  });

  test("through one port, behind which frames come back, shuts that port", () => {
    const world = new World(1);
    const lan = world.lans[0] as TestLan;
    const port = lan.add("mirrorlike");
    const echo: Uint8Array[] = [];
    lan.lan.attach(port, outletOf({ deliver: (run) => echo.push(run.slice()), flush: () => {} }));
    for (const run of echo.splice(0)) lan.lan.receive(port, run, 0, run.length, undefined);
    expect([...port.shutVlans]).toEqual([1]);
  });

  test("behind one port keeps that port shut for as long as it is there, not only now and then", () => {
    const lan = new TestLan({ loopGuard: true });
    const [host, looped] = [lan.add("host", { mac: macOf(1), guards: { mac: true } }), lan.add("looped")];
    lan.plug(looped, () => true);
    for (let halfSeconds = 0; halfSeconds < 60; halfSeconds++) {
      lan.pass(500);
      lan.send(host, frame({ from: macOf(1), to: BROADCAST }));
      expect(lan.take(host)).toEqual([]);
    }
    expect(lan.news).toHaveLength(1);
    // The control: without the loop it opens again.
    lan.plug(looped);
    lan.pass(5000);
    expect(lan.news.at(-1)).toContain("open again");
  });

  test("takes nobody's frames: who was last heard at the port that is shut is asked for everywhere", () => {
    const lan = new TestLan({ loopGuard: true });
    const host = lan.add("host", { mac: macOf(1), guards: { mac: true } });
    const [way, other] = [lan.add("way"), lan.add("other")];
    let isLooped = false;
    lan.plug(way, () => isLooped);
    lan.send(way, frame({ from: macOf(9), to: BROADCAST }));
    isLooped = true;
    lan.pass(2000);
    expect([...way.shutVlans]).toEqual([1]);
    lan.takeAll();
    lan.send(host, frame({ from: macOf(1), to: macOf(9) }));
    expect(lan.take(other).filter((one) => one[13] === 0xb5)).toHaveLength(1);
  });

  test("is looked for on a trunk too when nobody says anything there: tagged probes do not wait for other frames", () => {
    const lan = new TestLan({ loopGuard: true });
    const trunk = lan.add("trunk", { mode: { mode: "trunk", allowed: [10] } });
    lan.take(trunk);
    for (let second = 0; second < 3; second++) {
      lan.pass(1000);
      expect(lan.take(trunk).map((one) => [one[12], one[15], one[16], one[17]])).toEqual([[0x81, 10, 0x88, 0xb6]]);
    }
  });

  test("in a VLAN that no port names is found with its first frame, and only that VLAN is shut", () => {
    const lan = new TestLan({ loopGuard: true });
    const mode: PortMode = { mode: "trunk", allowed: "all" };
    const [host, trunk] = [lan.add("host", { mode, mac: macOf(1), guards: { mac: true } }), lan.add("trunk", { mode })];
    lan.plug(trunk, (one) => one[15] === 30);
    const said = (vlan: number): number => {
      lan.takeAll();
      lan.send(host, frame({ from: macOf(1), to: BROADCAST, tags: [[0x8100, vlan]] }));
      return lan.take(trunk).filter((one) => one[17] === 0xb5).length;
    };
    expect([said(30), said(30), said(10), said(10), said(30)]).toEqual([1, 0, 1, 1, 0]);
  });

  test("is looked for in each VLAN by itself: cables for different VLANs form none, and trunks are shut only where they do", () => {
    const world = new World(2);
    world.cable(0, 1, { mode: "access", vlan: 10 });
    world.cable(0, 1, { mode: "access", vlan: 20 });
    world.pass(3000);
    expect(world.lans.flatMap(({ news }) => news)).toEqual([]);
    world.cable(0, 1, { mode: "trunk", allowed: [20, 30] });
    world.pass(3000);
    const shut = world.lans.flatMap(({ lan }) => [...lan.ports].flatMap((port) => [...port.shutVlans]));
    expect(shut).toEqual([20]);
  });

  test("of a customer through two QinQ ports is cut too, and his own tagged probes travel on", () => {
    const world = new World(1);
    const lan = world.lans[0] as TestLan;
    world.bridge([0, 0], { mode: "qinq", vlan: 100 });
    world.pass(3000);
    expect([...lan.lan.ports].flatMap((port) => [...port.shutVlans])).toEqual([100]);
    const [one, two] = ["one", "two"].map((id) => lan.add(id, { mode: { mode: "qinq", vlan: 200 } })) as [SwitchPort, SwitchPort];
    lan.takeAll();
    const probe = frame({ from: macOf(1), to: "03:4d:69:6d:69:63", tags: [[0x8100, 20]], type: 0x88b6 });
    lan.send(one, probe);
    expect(lan.take(two)).toContainEqual(probe);
  });

  test("cannot be pretended: a probe that was never sent shuts nothing, nor does one from a guarded port", () => {
    const world = new World(1);
    const lan = world.lans[0] as TestLan;
    const port = lan.add("liar");
    const seen: Uint8Array[] = [];
    lan.lan.attach(port, outletOf({ deliver: (run) => seen.push(...[...framesOf(run)].map((one) => one.slice())), flush: () => {} }));
    const probe = seen[0] as Uint8Array;
    const forged = probe.slice();
    for (let at = 18; at < 26; at++) forged[at] = 0;
    const guarded = lan.add("guarded", { mac: macOf(9), guards: { mac: true } });
    const fromHost = probe.slice();
    fromHost.set([0x52, 0x54, 0, 0, 0, 9], 6);
    lan.lan.receive(port, runOf([forged]), 0, forged.length + 4, undefined);
    lan.lan.receive(guarded, runOf([fromHost]), 0, fromHost.length + 4, undefined);
    expect([port.shutVlans.size, guarded.shutVlans.size]).toEqual([0, 0]);
    // The control: the true one does.
    lan.lan.receive(port, runOf([probe]), 0, probe.length + 4, undefined);
    expect(port.shutVlans.size).toBe(1);
  });
});

test("for any way of cabling switches and bridging guests, every host hears every broadcast exactly once", () => {
  const link = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.nat(4), fc.nat(4)) },
    { weight: 1, arbitrary: fc.array(fc.nat(4), { minLength: 2, maxLength: 3 }) },
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(link, { maxLength: 7 }), (switches, wished) => {
      const links = wished.map((ends) => ends.map((n) => n % switches));
      const world = new World(switches);
      for (const [n, ends] of links.entries()) {
        if (ends.length === 2 && n % 3 !== 0) world.cable(ends[0] as number, ends[1] as number);
        else world.bridge(ends);
      }
      world.pass(9000);
      const joined = groups(switches, links);
      for (let from = 0; from < switches; from++) {
        expect(world.heard(from)).toEqual(joined.map((group, n) => (n !== from && group === joined[from] ? 1 : 0)));
      }
    }),
    { numRuns: 100 },
  );
});
