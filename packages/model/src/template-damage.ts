// The rules of seals: which files a template is made of, which of them are not what they were, and what that means. Pure.
import { unreachable } from "@mimic/base";
import type { HardwareSpec, LayerRef } from "./hardware.ts";
import { type Generation, newest, type TemplateRecord } from "./template.ts";
import type { CheckedFile, SealedKind, SealOutcome } from "./template-check.ts";

/** A file that a template is made of, and what its bytes were. */
export interface SealedFile {
  readonly kind: SealedKind;
  readonly id: string;
  readonly generations: readonly number[];
  /** SHA-256; undefined = it was not sealed when it was made. */
  readonly sha256: string | undefined;
  readonly layer?: LayerRef;
  /** In the generation's folder. */
  readonly place?: { readonly generation: number; readonly name: string };
}

/** Every image that hardware would not run without. */
export const imagesUnder = (hardware: HardwareSpec): string[] => [
  ...hardware.disks.flatMap((disk) => disk.base ?? []),
  ...hardware.drives.flatMap((drive) => (drive.medium?.from === "image" ? [drive.medium.digest] : [])),
  ...(hardware.directBoot ? [hardware.directBoot.image] : []),
];

export const layersUnder = (hardware: HardwareSpec): LayerRef[] => hardware.disks.flatMap((disk) => disk.layers ?? []);

/**
 * All files of the template, each once. `there`: per generation the names of the files in its folder. Those that were not
 * there when it was sealed are among them, without a digest.
 */
export function sealedFilesOf(template: TemplateRecord, there: ReadonlyMap<number, readonly string[]>): SealedFile[] {
  const found = new Map<string, SealedFile>();
  const add = (file: Omit<SealedFile, "generations">, generation: number): void => {
    const known = found.get(file.id);
    found.set(file.id, { ...file, generations: [...new Set([...(known?.generations ?? []), generation])] });
  };
  for (const generation of template.generations) {
    const { number, saved, hardware, seals } = generation;
    const names = new Set([...(saved ? ["memory", "state"] : []), ...Object.keys(generation.files ?? {}), ...(there.get(number) ?? [])]);
    for (const name of [...names].sort()) {
      const sha256 = name === "memory" ? saved?.memorySha256 : generation.files?.[name];
      add({ kind: kindOf(name), id: `g${number}/${name}`, sha256, place: { generation: number, name } }, number);
    }
    for (const layer of layersUnder(hardware)) add({ kind: "layer", id: layer.id, sha256: seals[layer.id], layer }, number);
    for (const digest of imagesUnder(hardware)) add({ kind: "image", id: digest, sha256: digest }, number);
  }
  return [...found.values()];
}

function kindOf(name: string): SealedKind {
  if (name === "memory") return "memory";
  if (name === "state") return "devices";
  return name.startsWith("nvram/") ? "firmware" : "medium";
}

export const isBroken = ({ outcome }: Pick<CheckedFile, "outcome">): boolean =>
  outcome === "changed" || outcome === "missing" || outcome === "unreadable" || outcome === "added";

/** Machines are switched on without these. */
const isMemory = ({ kind }: Pick<CheckedFile, "kind">): boolean => kind === "memory" || kind === "devices";

export interface Damage {
  /** Nothing goes on from it; disks may be whole. */
  readonly memory: readonly CheckedFile[];
  /** Nothing is made from it. */
  readonly rest: readonly CheckedFile[];
}

/** Layers and images that are not what they were, by the newest look at each, whichever template it was for. */
export function brokenFiles(templates: Iterable<TemplateRecord>): ReadonlyMap<string, CheckedFile> {
  const checks = [...templates].flatMap(({ checked }) => checked ?? []).sort((a, b) => a.at.localeCompare(b.at));
  const latest = new Map(
    checks.flatMap(({ files }) =>
      files.flatMap((file) => (isOwn(file) || !(isBroken(file) || file.outcome === "whole") ? [] : [[file.id, file] as const])),
    ),
  );
  return new Map([...latest].filter(([, file]) => isBroken(file)));
}

const isOwn = ({ kind }: CheckedFile): boolean => kind !== "layer" && kind !== "image";

/** What is known to be broken of this generation. */
export function damageOf(template: TemplateRecord, { number, hardware }: Generation, all: Iterable<TemplateRecord>): Damage {
  const own = (template.checked?.files ?? []).filter((file) => isOwn(file) && isBroken(file) && file.generations.includes(number));
  return {
    memory: own.filter(isMemory),
    rest: [...own.filter((file) => !isMemory(file)), ...brokenUnder(hardware, brokenFiles(all))],
  };
}

/** Those of the broken ones that this hardware stands on. */
export const brokenUnder = (hardware: HardwareSpec, broken: ReadonlyMap<string, CheckedFile>): CheckedFile[] =>
  [...new Set([...layersUnder(hardware).map(({ id }) => id), ...imagesUnder(hardware)])].flatMap((id) => broken.get(id) ?? []);

export function sealedFileInWords({ kind, id, generations }: Pick<SealedFile, "kind" | "id" | "generations">): string {
  const of = `generation ${generations.join(", ")}`;
  const name = id.slice(id.indexOf("/") + 1);
  switch (kind) {
    case "memory":
      return `memory of ${of}`;
    case "devices":
      return `device state of ${of}`;
    case "firmware":
      return `UEFI variables (${name}) of ${of}`;
    case "medium":
      return `medium (${name}) of ${of}`;
    case "layer":
      return `disk layer ${id}`;
    case "image":
      return `image ${id.slice(0, 12)}`;
    default:
      return unreachable(kind);
  }
}

export function outcomeInWords(outcome: SealOutcome): string {
  switch (outcome) {
    case "whole":
      return "as it was";
    case "added":
      return "not there before";
    case "away":
      return "its drive is away";
    case "sealed":
      return "sealed now";
    case "unchecked":
      return "not looked at yet";
    case "unreadable":
      return "cannot be read";
    case "changed":
    case "missing":
      return outcome;
    default:
      return unreachable(outcome);
  }
}

/** Undefined = machines are made from it. */
export function whyNothingFrom({ rest: [first, ...more] }: Damage): string | undefined {
  if (first === undefined) return undefined;
  const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
  return `its ${sealedFileInWords(first)} is not what it was when it was made: ${outcomeInWords(first.outcome)}${others}`;
}

/** Undefined = what they would go on from is not known to be broken. */
export function whyNotFromMemory({ memory: [first] }: Damage): string | undefined {
  return first && `its ${sealedFileInWords(first)} is not what it was when it was made (${outcomeInWords(first.outcome)})`;
}

/** Generations that are whole as far as is known, newest first. */
export const wholeGenerations = (template: TemplateRecord, all: readonly TemplateRecord[]): number[] =>
  template.generations
    .filter((one) => damageOf(template, one, all).rest.length === 0)
    .map(({ number }) => number)
    .reverse();

/** The next thing a person can do when nothing is made from its newest generation. */
export function whatNow(template: TemplateRecord, all: readonly TemplateRecord[]): string {
  const [whole] = wholeGenerations(template, all);
  const last = newest(template).number;
  const older =
    whole === undefined || whole === last
      ? ""
      : ` Generation ${whole} is whole: machines are made from it once newer ones are removed (mimic template rm ${template.name} --generation ${last}).`;
  const again = template.automatic
    ? `It is made anew when its system is wanted: mimic run ${template.system ?? template.name}`
    : `Make it anew of a machine: mimic template MACHINE ${template.name}`;
  return `What each file means: mimic template show ${template.name}.${older} ${again}`;
}

/** What a broken file means, and what to do; undefined when there is nothing to say. */
export function sealAdvice(
  file: CheckedFile,
  {
    template,
    all,
    usedBy,
  }: { readonly template: TemplateRecord; readonly all: readonly TemplateRecord[]; readonly usedBy: readonly string[] },
): string | undefined {
  if (file.outcome === "away") return "Nothing is lost: plug its drive in, and verify again.";
  if (!isBroken(file)) return undefined;
  const which = `generation ${file.generations.join(", ")}`;
  const users =
    usedBy.length === 0 ? "" : ` ${usedBy.join(", ")} stand${usedBy.length === 1 ? "s" : ""} on it: what is read there may be wrong.`;
  const disksWhole = file.generations.every((number) => wholeGenerations(template, all).includes(number));
  const again = template.automatic
    ? `mimic run ${template.system ?? template.name} makes it anew by itself`
    : `mimic template MACHINE ${template.name} makes a newer one`;
  if (isMemory(file))
    return disksWhole
      ? `Nothing goes on from ${which} any more. Its disks are what they were: new machines are switched on from them. ${again}.`
      : `Nothing goes on from ${which} any more, and its disks do not help: see the other files.`;
  if (file.kind === "image")
    return `Nothing is made from ${which} any more.${users} Remove what stands on the image and get it again (mimic image rm, then mimic image pull), or put its file back from a backup.`;
  return `Nothing is made from ${which} any more.${users} Put its file back from a backup and verify again, or leave it: ${again}.`;
}
