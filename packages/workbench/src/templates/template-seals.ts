// What the last verification of a template found, file by file, with what it means and what to do.
import { isRefusal, type Refusal } from "@mimic/base";
import {
  type CheckedFile,
  type HardwareSpec,
  imagesUnder,
  layersUnder,
  outcomeInWords,
  type SealedFile,
  sealAdvice,
  sealedFileInWords,
  sealedFilesOf,
  type TemplateRecord,
  type TemplateVerification,
} from "@mimic/model";
import type { Context } from "../context.ts";
import { findTemplate } from "./find-template.ts";

export async function templateVerification(context: Context, input: { template: string }): Promise<TemplateVerification | Refusal> {
  const template = findTemplate(context, input.template);
  if (isRefusal(template)) return template;
  const all = [...context.templates.values()];
  const files = sealedFilesOf(template, await namesThere(context, template));
  const found = new Map(template.checked?.files.map((file) => [file.id, file] as const));
  return {
    template: template.name,
    checkedAt: template.checked?.at,
    files: [...files, ...goneSince(template, files)].map((file) => {
      const { kind, id, generations } = file;
      const checked: CheckedFile = { ...(found.get(id) ?? { kind, id, outcome: "unchecked" }), generations: [...generations] };
      const usedBy = usersOf(context, checked);
      return {
        ...checked,
        words: wordsFor(context, checked),
        outcomeInWords: outcomeInWords(checked.outcome),
        path: pathOf(context, template, file),
        usedBy,
        advice: sealAdvice(checked, { template, all, usedBy }),
      };
    }),
  };
}

async function namesThere({ ports }: Context, { id, generations }: TemplateRecord): Promise<Map<number, string[]>> {
  const there = new Map<number, string[]>();
  for (const { number } of generations) there.set(number, Object.keys(await ports.templates.sizes(id, number)));
  return there;
}

/** Something that was there at the last look, and is neither sealed nor there now. */
function goneSince({ checked }: TemplateRecord, files: readonly SealedFile[]): SealedFile[] {
  const known = new Set(files.map(({ id }) => id));
  return (checked?.files ?? [])
    .filter(({ id, kind }) => !known.has(id) && kind !== "layer" && kind !== "image")
    .map(({ kind, id, generations }) => ({
      kind,
      id,
      generations,
      sha256: undefined,
      place: { generation: generations[0] ?? 1, name: id.slice(id.indexOf("/") + 1) },
    }));
}

function pathOf({ ports }: Context, { id }: TemplateRecord, { layer, place, id: fileId }: SealedFile): string {
  if (layer) return ports.layers.path(layer);
  if (place) return ports.templates.path(id, place.generation, place.name);
  const image = ports.images.get(fileId);
  return ports.images.path(fileId, image?.kind === "boot" ? image.parts[0]?.name : undefined);
}

/** Images have names. */
function wordsFor({ ports }: Context, file: CheckedFile): string {
  const image = file.kind === "image" ? ports.images.get(file.id) : undefined;
  return image ? `image “${image.name}”` : sealedFileInWords(file);
}

function usersOf({ actors }: Context, { kind, id }: CheckedFile): string[] {
  const stands = (hardware: HardwareSpec): boolean =>
    kind === "image" ? imagesUnder(hardware).includes(id) : layersUnder(hardware).some((layer) => layer.id === id);
  if (kind !== "image" && kind !== "layer") return [];
  return [...actors.values()].filter(({ record }) => stands(record.hardware)).map(({ record }) => record.name);
}
