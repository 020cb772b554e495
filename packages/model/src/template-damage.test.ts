import { describe, expect, test } from "vitest";
import { HardwareSpec } from "./hardware.ts";
import { whyNotWake } from "./moment-rules.ts";
import type { Name } from "./name.ts";
import { TemplateRecord } from "./template.ts";
import type { CheckedFile } from "./template-check.ts";
import { damageOf, sealAdvice, sealedFilesOf, whatNow, whyNotFromMemory, whyNothingFrom } from "./template-damage.ts";

const LAYERS = { one: `lay_${"1".repeat(26)}`, two: `lay_${"2".repeat(26)}` };
const SHA = "a".repeat(64);

function hardware(...layers: readonly string[]): HardwareSpec {
  const disk = { id: `dsk_${"1".repeat(26)}`, bus: "virtio", sizeBytes: 1024, readOnly: false };
  return HardwareSpec.parse({ disks: [{ ...disk, layers: layers.map((id) => ({ id, format: "qcow2" })) }] });
}
const AT = "2026-01-01T00:00:00.000Z";
const generation = (number: number, ...layers: readonly string[]) => ({
  number,
  madeAt: AT,
  hardware: hardware(...layers),
  saved: { with: { qemuVersion: "7.2.0", accelerator: "tcg" }, memorySha256: SHA },
  seals: Object.fromEntries(layers.map((id) => [id, SHA])),
  files: { state: SHA },
});
const template = (name: string, files?: readonly CheckedFile[], at = AT) =>
  TemplateRecord.parse({
    id: `tpl_${name.padEnd(26, "0")}`,
    name,
    readiness: { sign: { kind: "agent" } },
    generations: [generation(1, LAYERS.one), generation(2, LAYERS.two, LAYERS.one)],
    ...(files && { checked: { at, files } }),
  });
const file = (kind: CheckedFile["kind"], id: string, generations: number[], outcome: CheckedFile["outcome"] = "changed"): CheckedFile => ({
  kind,
  id,
  generations,
  outcome,
});
const [one, two] = [(t: TemplateRecord) => t.generations[0] as never, (t: TemplateRecord) => t.generations[1] as never];

describe("what a template is made of", () => {
  test("is each file once, with the generations that need it and the digest that it had", () => {
    const files = sealedFilesOf(template("web"), new Map([[2, ["memory", "state", "media/cd1.img"]]]));
    expect(files.map(({ kind, id, generations, sha256 }) => [kind, id, generations, sha256 === SHA])).toEqual([
      ["memory", "g1/memory", [1], true],
      ["devices", "g1/state", [1], true],
      ["layer", LAYERS.one, [1, 2], true],
      ["medium", "g2/media/cd1.img", [2], false],
      ["memory", "g2/memory", [2], true],
      ["devices", "g2/state", [2], true],
      ["layer", LAYERS.two, [2], true],
    ]);
  });
});

describe("what a broken file means", () => {
  test("nothing, where all is whole or away or was not looked at", () => {
    const web = template("web", [file("layer", LAYERS.one, [1], "whole"), file("layer", LAYERS.two, [2], "away")]);
    expect(damageOf(web, two(web), [web])).toEqual({ memory: [], rest: [] });
  });
  test("of memory: nothing goes on from that generation, others and its disks are untouched", () => {
    const web = template("web", [file("memory", "g2/memory", [2])]);
    expect(whyNotFromMemory(damageOf(web, two(web), [web]))).toContain("memory of generation 2");
    expect(whyNothingFrom(damageOf(web, two(web), [web]))).toBeUndefined();
    expect(whyNotFromMemory(damageOf(web, one(web), [web]))).toBeUndefined();
    expect(sealAdvice(web.checked?.files[0] as CheckedFile, { template: web, all: [web], usedBy: [] })).toContain("switched on from them");
  });
  test("of a layer: nothing is made from whatever stands on it, and an older generation that is whole is named", () => {
    const web = template("web", [file("layer", LAYERS.two, [2])]);
    expect(whyNothingFrom(damageOf(web, two(web), [web]))).toContain(`disk layer ${LAYERS.two}`);
    expect(whyNothingFrom(damageOf(web, one(web), [web]))).toBeUndefined();
    expect(whatNow(web, [web])).toContain("mimic template rm web --generation 2");
    const low = template("web", [file("layer", LAYERS.one, [1, 2])]);
    expect(whatNow(low, [low])).not.toContain("--generation");
    const advice = sealAdvice(low.checked?.files[0] as CheckedFile, { template: low, all: [low], usedBy: ["alpha" as Name] });
    expect(advice).toContain("alpha stands on it");
  });
  test("what the newest look at a shared file found counts, whichever template it was for", () => {
    const later = "2026-02-01T00:00:00.000Z";
    const web = template("web");
    const broken = template("other", [file("layer", LAYERS.one, [1])]);
    const whole = template("third", [file("layer", LAYERS.one, [1], "whole")], later);
    const why = (...all: TemplateRecord[]) => whyNothingFrom(damageOf(web, one(web), all));
    expect([why(web, broken) === undefined, why(web, broken, whole)]).toEqual([false, undefined]);
  });
});

describe("what was saved wakes up only on the very same computer", () => {
  const here = { qemuVersion: "7.2.0", accelerator: "tcg", processor: "", machineType: "pc-q35-7.2", cpuModel: "max" } as const;
  test("the same board and processor do, also when they were not written down", () => {
    expect([whyNotWake(here, here), whyNotWake({ ...here, machineType: undefined, cpuModel: undefined }, here)]).toEqual([
      undefined,
      undefined,
    ]);
  });
  test("another one is named in words", () => {
    expect(whyNotWake({ ...here, machineType: "pc-q35-9.9" }, here)).toContain("“pc-q35-9.9”, and would get “pc-q35-7.2”");
    expect(whyNotWake({ ...here, cpuModel: "EPYC" }, here)).toContain("“EPYC”, and would get “max”");
  });
});
