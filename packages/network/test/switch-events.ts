// What may happen to a switch, at random: frames of every shape, ports that come, go, change and are pulled out, mirrors, cables that
// are plugged into themselves, and time.
import type { PortMode } from "@mimic/model";
import fc from "fast-check";
import { BROADCAST, macOf } from "./frames.ts";
import { CUSTOMER, LONGEST, SERVICE, type SimpleFrame, type SimpleWish } from "./simple-switch.ts";

export const NAMES = ["p0", "p1", "p2", "p3", "p4"];
const VLANS = [10, 20];
const HOSTS = Array.from({ length: 4 }, (_, n) => macOf(n + 1));
/** A group that no snooping holds back (RFC 4541 §2.1.2), and an address that concerns the cable alone. */
const GROUPS = [BROADCAST, BROADCAST, "01:00:5e:00:00:05", "01:80:c2:00:00:0e"];

export type SwitchEvent =
  | { readonly kind: "send"; readonly port: string; readonly frames: readonly Omit<SimpleFrame, "id">[] }
  /** The frames that were sent last there, once more: what was decided about them may be wrong by now. */
  | { readonly kind: "again"; readonly port: string }
  | { readonly kind: "come" | "change"; readonly port: string; readonly wish: SimpleWish }
  | { readonly kind: "go" | "unplug"; readonly port: string }
  /** Behind it frames come back from now on, or no longer: the switch is not told. */
  | { readonly kind: "loop"; readonly port: string; readonly isLooped: boolean }
  | { readonly kind: "plug"; readonly port: string; readonly isLooped: boolean }
  | { readonly kind: "wait"; readonly seconds: number };

const anyVlan = fc.constantFrom(...VLANS);
const mode: fc.Arbitrary<PortMode> = fc.oneof(
  anyVlan.map((vlan): PortMode => ({ mode: "access", vlan })),
  anyVlan.map((vlan): PortMode => ({ mode: "access", vlan })),
  fc
    .record({
      native: fc.option(anyVlan, { nil: undefined, freq: 2 }),
      allowed: fc.oneof(fc.constant("all" as const), fc.subarray(VLANS, { minLength: 1 })),
    })
    .map(({ native, allowed }): PortMode => ({ mode: "trunk", native, allowed })),
  // One of these takes a VLAN from all others that speak of it with customers' tags: not too often.
  anyVlan.map((vlan): PortMode => ({ mode: "qinq", vlan })),
  fc.record({ vlan: anyVlan, group: fc.constantFrom(-1, 0, 1, 2) }).map(
    ({ vlan, group }): PortMode => ({
      mode: "private",
      vlan,
      role: group < 0 ? { kind: "isolated" } : group === 0 ? { kind: "promiscuous" } : { kind: "community", community: group },
    }),
  ),
);

/** Mostly the first. */
const mostly = <T>(usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const wishFor = (port: string): fc.Arbitrary<SimpleWish> =>
  fc.record({
    mode,
    isUp: mostly(true, false),
    ownMac: fc.option(fc.constantFrom(...HOSTS), { nil: undefined, freq: 5 }),
    refusesTags: mostly(false, true),
    macLimit: mostly(4096, 1, 2),
    broadcastPerSecond: mostly(0, 2),
    framesPerSecond: mostly(0, 4),
    mirrorOf: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.subarray(NAMES.filter((name) => name !== port)) },
    ),
  });

const tag = fc.tuple(
  fc.constantFrom(CUSTOMER as number, CUSTOMER as number, CUSTOMER as number, SERVICE as number, 0x9100),
  fc.constantFrom(0, 10, 20, 10, 20, 30, 4095, 0xf000, 0xa00a, 0x1014),
);
/** Frames that begin as the one before are not looked at as long: several of each flow come one after the other, mostly alike. */
const flow = fc
  .record({
    from: fc.oneof({ weight: 12, arbitrary: fc.constantFrom(...HOSTS) }, { weight: 1, arbitrary: fc.constantFrom(...GROUPS) }),
    to: fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...HOSTS) }, { weight: 1, arbitrary: fc.constantFrom(...GROUPS) }),
    tags: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 2, arbitrary: fc.array(tag, { maxLength: 3 }) }),
    sizes: fc.array(mostly(60, 13, 64, 1500, LONGEST, LONGEST + 1), { minLength: 1, maxLength: 3 }),
    // Tags of the last frame, where they are others.
    lastTags: fc.option(fc.array(tag, { maxLength: 3 }), { freq: 2 }),
  })
  .map(({ from, to, tags, sizes, lastTags }) =>
    sizes.map((size, n) => ({ from, to, size, tags: n > 0 && n === sizes.length - 1 ? (lastTags ?? tags) : tags })),
  );
const frames = fc.array(flow, { minLength: 1, maxLength: 5 }).map((all) => all.flat());

const name = fc.constantFrom(...NAMES);
const withWish = (kind: "come" | "change") => name.chain((port) => wishFor(port).map((wish): SwitchEvent => ({ kind, port, wish })));

export const anyEvent: fc.Arbitrary<SwitchEvent> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant("send" as const), port: name, frames }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("again" as const), port: name }) },
  { weight: 2, arbitrary: withWish("come") },
  { weight: 2, arbitrary: withWish("change") },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("go" as const, "unplug" as const), port: name }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom("plug" as const, "loop" as const), port: name, isLooped: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(20, 20, 40) }) },
);

/** All ports, there and plugged in, and what happens then. */
export const anyStory: fc.Arbitrary<readonly SwitchEvent[]> = fc
  .tuple(fc.tuple(...NAMES.map(wishFor)), fc.array(anyEvent, { maxLength: 50, size: "max" }))
  .map(([wishes, events]) => [
    ...wishes.flatMap((wish, n): SwitchEvent[] => [
      { kind: "come", port: NAMES[n] as string, wish },
      { kind: "plug", port: NAMES[n] as string, isLooped: false },
    ]),
    ...events,
  ]);
