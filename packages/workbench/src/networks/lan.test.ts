// What a bridged network may be joined to, for computers of all kinds.
import { isRefusal } from "@mimic/base";
import { describe, expect, test } from "vitest";
import type { HostLink, LanLook } from "../ports/index.ts";
import { decideLan, lanView } from "./lan.ts";

const link = (name: string, kind: HostLink["kind"], more: Partial<HostLink> = {}): HostLink => ({
  name,
  kind,
  mtu: 1500,
  members: [],
  ...more,
});
const card = link("enp3s0", "ethernet", { bridge: "br0" });
const br0 = link("br0", "bridge", { members: ["enp3s0"], mtu: 9000 });
const docker0 = link("docker0", "bridge", { members: ["veth1"] });
const wifi = link("wlp2s0", "wireless");
const lacks = { why: "No right.", hint: "Get it." };

const decided = (look: LanLook, wanted?: string) => {
  const found = decideLan(look, wanted);
  return isRefusal(found) ? { code: found.code, why: found.why, hint: found.hint } : found.name;
};

describe("what a bridged network is joined to", () => {
  test("the bridge that the computer's own card is plugged into, when none is named", () => {
    expect(decided({ links: [docker0, card, br0, wifi] })).toBe("br0");
  });

  test("the one that is named, also when it leads nowhere", () => {
    expect(decided({ links: [docker0, card, br0] }, "docker0")).toBe("docker0");
  });

  test("without the right nothing, whatever is there", () => {
    expect(decided({ links: [card, br0], lacks }, "br0")).toEqual({ code: "network.cannot_bridge", ...lacks });
  });

  test("one has to be named when it is not plain which leads outside", () => {
    const second = link("enp4s0", "ethernet", { bridge: "br1" });
    const br1 = link("br1", "bridge", { members: ["enp4s0"] });
    expect(decided({ links: [card, br0, second, br1] })).toMatchObject({ code: "network.choose_bridge", hint: "Name it: --to br0" });
    expect(decided({ links: [docker0] })).toMatchObject({ code: "network.choose_bridge" });
  });

  test.each([
    ["a card that is in no bridge", [link("enp3s0", "ethernet")], /“enp3s0” can carry machines only as part of one/],
    ["Wi-Fi alone", [wifi], /on Wi-Fi only \(“wlp2s0”\).*drops the frames/],
    ["nothing at all", [], /no network card/],
  ] as const)("says what is missing on a computer with %s", (_, links, words) => {
    const refused = decided({ links });
    expect(refused).toMatchObject({ code: "network.nothing_to_bridge", hint: expect.stringContaining("--kind nat") });
    expect((refused as { why: string }).why).toMatch(words);
    expect(lanView({ links })).toMatchObject({ mayBridge: false, because: (refused as { why: string }).why });
  });

  test.each([
    ["enp3s0", /plugged into the bridge “br0”/, "Take that: --to br0"],
    ["wlp2s0", /is Wi-Fi/, "--kind nat"],
    ["enp9s0", /no bridge, and Mimic does not rebuild/, "docs/networks.md"],
    ["veth1", /made it for itself/, "mimic net lan"],
    ["nope", /no interface called “nope”/, "mimic net lan"],
  ])("“%s” is refused with its own reason and what helps", (name, why, hint) => {
    const links = [card, br0, wifi, link("enp9s0", "ethernet"), link("veth1", "other")];
    const refused = decided({ links }, name) as { code: string; why: string; hint: string };
    expect(refused.code).toBe("network.cannot_bridge_to");
    expect(refused.why).toMatch(why);
    expect(refused.hint).toContain(hint);
  });

  test("those who choose see bridges and cards, with the usual one, and not what programs made for themselves", () => {
    const view = lanView({ links: [card, br0, wifi, link("veth1", "other")] });
    expect(view).toMatchObject({ mayBridge: true, usual: "br0" });
    expect(view.choices.map(({ name, isSuitable }) => [name, isSuitable])).toEqual([
      ["enp3s0", false],
      ["br0", true],
      ["wlp2s0", false],
    ]);
  });
});
