// Templates by name, and why nothing is made from one.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import {
  brokenFiles,
  brokenUnder,
  damageOf,
  findByName,
  type Generation,
  type HardwareSpec,
  type TemplateRecord,
  whatNow,
  whyNothingFrom,
} from "@mimic/model";
import type { Context } from "../context.ts";

export const unknownTemplate = (wanted: string): Refusal =>
  refusal("template.unknown", `There is no template called “${wanted.slice(0, 80)}”.`, "See what there is: mimic template ls");

export function findTemplate(context: Context, wanted: string): TemplateRecord | Refusal {
  const entries = [...context.templates.values()].map((template) => ({ id: template.id, name: template.name as string, template }));
  const found = findByName(entries, wanted, "template");
  return isRefusal(found) ? (entries.length === 0 ? unknownTemplate(wanted) : found) : found.item.template;
}

/** Undefined = machines are made from it. Found by a verification, of this template or of one that shares a file with it. */
export function whyDamaged({ templates }: Context, template: TemplateRecord, generation: Generation): Refusal | undefined {
  const all = [...templates.values()];
  const why = whyNothingFrom(damageOf(template, generation, all));
  if (why === undefined) return undefined;
  return refusal(
    "template.damaged",
    `Nothing is made from generation ${generation.number} of “${template.name}”: ${why}.`,
    whatNow(template, all),
  );
}

/** Whether a machine's disks stand on something that a verification found broken. */
export const standsOnDamage = ({ templates }: Context, hardware: HardwareSpec): boolean =>
  brokenUnder(hardware, brokenFiles(templates.values())).length > 0;
