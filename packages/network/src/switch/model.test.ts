// The switch against a deliberately simple model: maps, strings and loops, no cache, no runs, no typed arrays. Any sequence of
// frames, plugs and changes of ports must give the same frames at the same ports in the same order.
import type { PortMode } from "@mimic/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { frame, macOf, TestLan } from "../../test/frames.ts";
import type { SwitchPort } from "./switch-port.ts";

const VLANS = [10, 20, 30];
const HOSTS = 6;
const PORTS = 5;

const mode: fc.Arbitrary<PortMode> = fc.oneof(
  fc.constantFrom(...VLANS).map((vlan): PortMode => ({ mode: "access", vlan })),
  fc
    .record({
      native: fc.option(fc.constantFrom(...VLANS), { nil: undefined }),
      allowed: fc.oneof(fc.constant("all" as const), fc.subarray(VLANS, { minLength: 1 })),
    })
    .map(({ native, allowed }): PortMode => ({ mode: "trunk", native, allowed })),
  fc.record({ vlan: fc.constantFrom(...VLANS), group: fc.constantFrom(-1, 0, 1, 2) }).map(
    ({ vlan, group }): PortMode => ({
      mode: "private",
      vlan,
      role: group < 0 ? { kind: "isolated" } : group === 0 ? { kind: "promiscuous" } : { kind: "community", community: group },
    }),
  ),
);

const tag = fc.tuple(fc.constantFrom(0x8100, 0x8100, 0x8100, 0x88a8, 0x9100), fc.constantFrom(0, 10, 20, 30, 40, 4095, 0xe000, 0xa00a));
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("send" as const),
      port: fc.nat(PORTS - 1),
      frames: fc.array(
        fc.record({
          from: fc.nat(HOSTS - 1),
          to: fc.nat(HOSTS),
          tags: fc.array(tag, { maxLength: 2 }),
          // Frames that begin as the one before are not looked at as long.
          times: fc.integer({ min: 1, max: 3 }),
        }),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("change" as const), port: fc.nat(PORTS - 1), mode }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("replug" as const), port: fc.nat(PORTS - 1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.nat(40) }) },
);

interface ModelFrame {
  readonly to: string;
  readonly from: string;
  readonly tags: readonly (readonly [number, number])[];
  readonly id: number;
}

class ModelSwitch {
  modes: PortMode[];
  now = 0;
  readonly learned = new Map<string, { port: number; at: number }>();
  constructor(modes: readonly PortMode[]) {
    this.modes = [...modes];
  }

  forget(port: number): void {
    for (const [key, entry] of this.learned) if (entry.port === port) this.learned.delete(key);
  }

  members(port: number): readonly number[] {
    const m = this.modes[port] as PortMode;
    if (m.mode !== "trunk") return [m.vlan];
    const allowed = m.allowed === "all" ? Array.from({ length: 4094 }, (_, i) => i + 1) : m.allowed;
    return m.native === undefined ? allowed : [...allowed, m.native];
  }

  /** The frame's VLAN and its tags behind the one that said so; undefined = refused. */
  place(port: number, { tags }: ModelFrame): { vlan: number; rest: ModelFrame["tags"]; priority: number } | undefined {
    const m = this.modes[port] as PortMode;
    const untagged = m.mode === "trunk" ? m.native : m.vlan;
    const [outer, ...rest] = tags;
    if (outer === undefined) return untagged === undefined ? undefined : { vlan: untagged, rest: [], priority: 0 };
    if (outer[0] !== 0x8100) return undefined;
    const vlan = outer[1] & 0xfff;
    const priority = outer[1] & 0xf000;
    if (vlan === 0) return untagged === undefined ? undefined : { vlan: untagged, rest, priority };
    return vlan !== 4095 && this.members(port).includes(vlan) ? { vlan, rest, priority } : undefined;
  }

  mayMeet(from: number, to: number): boolean {
    const group = (port: number): number => {
      const m = this.modes[port] as PortMode;
      return m.mode !== "private" || m.role.kind === "promiscuous" ? 0 : m.role.kind === "isolated" ? -1 : m.role.community;
    };
    const [a, b] = [group(from), group(to)];
    return a === 0 || b === 0 || (a === b && a > 0);
  }

  send(port: number, one: ModelFrame): { port: number; tags: ModelFrame["tags"]; id: number; vlan: number }[] {
    const placed = this.place(port, one);
    if (placed === undefined) return [];
    const { vlan, rest, priority } = placed;
    this.learned.set(`${vlan} ${one.from}`, { port, at: this.now });
    const known = one.to === "broadcast" ? undefined : this.learned.get(`${vlan} ${one.to}`);
    const targets = known ? [known.port] : this.modes.map((_, i) => i).filter((i) => this.members(i).includes(vlan));
    return targets.flatMap((target) => {
      if (target === port || !this.mayMeet(port, target)) return [];
      const m = this.modes[target] as PortMode;
      if (m.mode === "trunk" && m.native !== vlan)
        return [{ port: target, tags: [[0x8100, priority | vlan] as const, ...rest], id: one.id, vlan }];
      return rest.length > 0 ? [] : [{ port: target, tags: [], id: one.id, vlan }];
    });
  }

  wait(seconds: number): void {
    this.now += seconds;
  }
}

const describeGot = (one: Uint8Array): string => {
  let at = 12;
  const tags: string[] = [];
  for (; one[at] === 0x81 || (one[at] === 0x88 && one[at + 1] === 0xa8) || one[at] === 0x91; at += 4)
    tags.push(`${one[at]}.${one[at + 1]}.${one[at + 2]}.${one[at + 3]}`);
  return `${(one[at + 2] as number) * 256 + (one[at + 3] as number)} [${tags.join(" ")}]`;
};
const describeExpected = ({ id, tags }: { id: number; tags: ModelFrame["tags"] }): string =>
  `${id} [${tags.map(([type, tci]) => `${type >> 8}.${type & 255}.${tci >> 8}.${tci & 255}`).join(" ")}]`;

test("for any sequence of events the switch does what the simple model does, and no frame leaves its VLAN", () => {
  fc.assert(
    fc.property(fc.array(mode, { minLength: PORTS, maxLength: PORTS }), fc.array(step, { maxLength: 30 }), (modes, steps) => {
      // Addresses age in the model when they age in the switch: never within one run.
      const lan = new TestLan({ macAgeSeconds: 86_400 });
      const ports: SwitchPort[] = modes.map((one, n) => lan.add(`p${n}`, { mode: one }));
      const model = new ModelSwitch(modes);
      let id = 0;
      for (const one of steps) {
        const port = "port" in one ? (ports[one.port] as SwitchPort) : undefined;
        if (one.kind === "wait") lan.pass(one.seconds * 1000);
        else if (one.kind === "replug") {
          lan.lan.detach(port as SwitchPort);
          lan.plug(port as SwitchPort);
          model.forget(one.port);
        } else if (one.kind === "change") {
          const isSame = JSON.stringify(model.modes[one.port]) === JSON.stringify(one.mode);
          lan.lan.changePort(port as SwitchPort, { ...(port as SwitchPort).wish, mode: one.mode });
          model.modes[one.port] = one.mode;
          if (!isSame) model.forget(one.port);
        } else {
          const all = one.frames.flatMap((each) => Array.from({ length: each.times }, () => each));
          const wished = all.map(({ from, to, tags }) => ({
            from: macOf(from),
            to: to === HOSTS ? "broadcast" : macOf(to),
            tags,
            id: id++,
          }));
          const expected = wished.flatMap((wish) => model.send(one.port, wish));
          for (const { port: target, vlan } of expected) expect(model.members(target)).toContain(vlan);
          lan.send(
            port as SwitchPort,
            ...wished.map(({ from, to, tags, id: n }) =>
              frame({ from, to: to === "broadcast" ? "ff:ff:ff:ff:ff:ff" : to, tags, payload: [n >> 8, n & 255] }),
            ),
          );
          for (const [n, target] of ports.entries()) {
            expect(lan.take(target).map(describeGot)).toEqual(expected.filter((e) => e.port === n).map(describeExpected));
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});
