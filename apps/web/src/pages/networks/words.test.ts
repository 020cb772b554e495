import { type FirewallRule, isGood, LINK_PROFILES, type PortMode, profileOf, qualityInWords } from "@mimic/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { subnetOf } from "./changes.ts";
import { modeArguments, ruleCommand } from "./commands.ts";
import { draftOf, modeOf, readVlanList } from "./dialogs/mode.tsx";
import { DIALS, turnDial } from "./dialogs/quality.tsx";
import { type RuleDraft, readPorts, ruleOf } from "./dialogs/rule.tsx";
import { freeVlan } from "./dialogs/vlan.tsx";
import { gatherDrops } from "./panel/drops.tsx";
import { hexLines } from "./traffic/packet-detail.tsx";
import { addressesInWords, badLinkInWords, bothWaysInWords, modeInWords, ruleInWords } from "./words.ts";

const vlan = fc.integer({ min: 1, max: 4094 });
const modes: fc.Arbitrary<PortMode> = fc.oneof(
  vlan.map((id): PortMode => ({ mode: "access", vlan: id })),
  vlan.map((id): PortMode => ({ mode: "qinq", vlan: id })),
  fc.tuple(fc.uniqueArray(vlan, { minLength: 1, maxLength: 9 }), fc.option(vlan, { nil: undefined })).map(
    ([allowed, native]): PortMode => ({
      mode: "trunk",
      allowed: allowed.toSorted((a, b) => a - b),
      ...(native === undefined ? {} : { native }),
    }),
  ),
  fc
    .tuple(vlan, fc.constantFrom("isolated" as const, "promiscuous" as const))
    .map(([id, kind]): PortMode => ({ mode: "private", vlan: id, role: { kind } })),
  fc.tuple(vlan, vlan).map(([id, community]): PortMode => ({ mode: "private", vlan: id, role: { kind: "community", community } })),
);

describe("the mode of a port", () => {
  test("goes into the form and comes out of it unchanged", () => {
    fc.assert(fc.property(modes, (mode) => void expect(modeOf(draftOf(mode))).toEqual(mode)));
  });
  test("is said in words and as arguments", () => {
    expect(modeInWords({ mode: "trunk", allowed: [10, 20], native: 1 })).toBe("trunk: VLANs 10, 20; untagged is 1");
    expect(modeInWords({ mode: "trunk", allowed: "all" })).toBe("trunk: every VLAN, tagged only");
    expect(modeArguments({ mode: "private", vlan: 20, role: { kind: "community", community: 3 } })).toEqual([
      "--access",
      "20",
      "--private",
      "community:3",
    ]);
    expect(modeArguments({ mode: "trunk", allowed: [10, 20], native: 1 })).toEqual(["--trunk", "10,20", "--native", "1"]);
  });
  test("lists of VLANs are read as people write them, and nothing else is", () => {
    expect(readVlanList("10, 20-22 30")).toEqual([10, 20, 21, 22, 30]);
    for (const text of ["", "0", "4095", "5-3", "a", "1,,x"]) expect(readVlanList(text)).toBeUndefined();
    expect(freeVlan([10, 20])).toBe(30);
  });
});

describe("the quality of a link", () => {
  test("every known one is known again, and only the perfect one is good", () => {
    for (const [name, { quality }] of Object.entries(LINK_PROFILES)) {
      // A cable that is out is no quality.
      if (name === "unplugged") continue;
      expect(profileOf(quality)).toBe(name);
      expect(isGood(quality)).toBe(name === "perfect");
    }
    expect(badLinkInWords(LINK_PROFILES.satellite.quality)).toBe("A satellite far away");
    expect(qualityInWords({ delayMs: 8, jitterMs: 15, loss: 0.04, bitsPerSecond: 6e6 })).toBe("8 ms late ± 15, 4 % lost, at most 6 Mbit/s");
    expect(bothWaysInWords({ up: {}, down: { loss: 0.5 } })).toBe("to it 50 % lost; from it as good as it gets");
  });
  test("a dial turned to where it stands changes nothing that can be seen, and to 0 takes its part away", () => {
    for (const dial of DIALS) {
      expect(turnDial({ delayMs: 5, loss: 0.1 }, dial, 0)[dial.key]).toBeUndefined();
      for (let at = 1; at <= 100; at++) {
        const value = dial.value(at);
        if (value !== undefined && value > 0) expect(Math.abs(dial.at(value) - at)).toBeLessThanOrEqual(2);
      }
    }
  });
});

describe("rules", () => {
  const names = { machine: () => "hello", network: () => "lab" };
  const draft: RuleDraft = {
    action: "accept",
    from: "everybody",
    fromRange: "",
    to: "name",
    where: "*.example.org",
    protocol: "tcp",
    ports: "443",
  };
  test("what the form says is the sentence, the command and the rule", () => {
    const rule = ruleOf({ ...draft, from: "machine:mch_1" }) as Omit<FirewallRule, "id">;
    expect(rule).toEqual({
      action: "accept",
      target: { to: "name", name: "*.example.org" },
      protocol: "tcp",
      note: "",
      from: { from: "machine", machine: "mch_1" },
      ports: [443, 443],
    });
    expect(ruleInWords({ ...rule, id: "" }, names)).toBe("Let through TCP port 443 from “hello” to *.example.org");
    expect(ruleCommand({ name: "home" }, rule, names, true)).toBe(
      "mimic net rule home --accept '*.example.org' --from hello --protocol tcp --ports 443 --at 1",
    );
  });
  test("a form with a part missing or wrong is no rule", () => {
    for (const part of [
      { where: "" },
      { where: "-x.org" },
      { ports: "70000" },
      { from: "range", fromRange: "10.1.1.300" },
      { to: "vlan", where: "5000" },
    ] as Partial<RuleDraft>[])
      expect(ruleOf({ ...draft, ...part })).toBeUndefined();
    expect(readPorts("8000-8100")).toEqual([8000, 8100]);
    expect(readPorts("")).toBe("none");
    fc.assert(fc.property(fc.string(), (text) => void ruleOf({ ...draft, where: text, ports: text, fromRange: text })));
  });
});

test("addresses of a network are one sentence, with or without a gateway", () => {
  const gateway = {
    mac: "02:6d:6d:00:00:01",
    domain: "home.mimic",
    reachesInternet: false,
    feet: [{ vlan: 1, v4: "10.77.0.1/24", pool: "10.77.0.10 – 10.77.0.254" }],
  };
  expect(addressesInWords({ kind: "isolated", gateway })).toBe(
    "The gateway is 10.77.0.1/24, and gives out 10.77.0.10 – 10.77.0.254. Machines are called NAME.home.mimic. Nothing leads out of it.",
  );
  expect(addressesInWords({ kind: "bare" })).toMatch(/^No gateway/);
  expect(subnetOf("10.77.5.1/23")).toBe("10.77.4.0/23");
  expect(subnetOf("fd00::1/64")).toBeUndefined();
});

test("drops are gathered by reason, the newest reason first, with how many there were", () => {
  const drop = (reason: string, at: string) => ({ at, port: "p", portLabel: "p", reason, words: reason, hint: "", frame: "" });
  expect(gatherDrops([drop("a", "1"), drop("b", "2"), drop("a", "3")]).map(({ reason, count, last }) => [reason, count, last.at])).toEqual([
    ["a", 2, "3"],
    ["b", 1, "2"],
  ]);
});

test("bytes are shown sixteen in a line, and what is no letter as a dot", () => {
  const lines = hexLines(Uint8Array.from({ length: 20 }, (_, at) => (at < 16 ? 65 + at : 7)));
  expect(lines.map(({ at, text }) => [at, text])).toEqual([
    [0, "ABCDEFGHIJKLMNOP"],
    [16, "...."],
  ]);
  expect(lines[0]?.hex[0]).toBe("41");
});
