// Looking at templates, naming them, taking them away.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import {
  damageOf,
  type Generation,
  hardwareInWords,
  newest,
  readName,
  type TemplateRecord,
  type TemplateView,
  whyNothingFrom,
} from "@mimic/model";
import type { Context } from "../context.ts";
import { layersOf, sweepLayers } from "../moments/layers.ts";
import { changeTemplateRecord } from "./change-template.ts";
import { findTemplate, unknownTemplate } from "./find-template.ts";
import { whyNotInstant } from "./instance.ts";

const soon = () => ({ signal: AbortSignal.timeout(20_000) });

export async function templateView(context: Context, template: TemplateRecord): Promise<TemplateView> {
  const { ports } = context;
  const last = newest(template);
  const because = await whyNotInstant(context, template, last, soon());
  const layers = new Map(template.generations.flatMap((one) => layersOf(one.hardware).map((layer) => [layer.id, layer] as const)));
  const users = usersOf(context, template);
  const history = await Promise.all(
    [...template.generations].reverse().map(async (one) => {
      const why = one === last ? because : await whyNotInstant(context, template, one, soon());
      return {
        number: one.number,
        madeAt: one.madeAt,
        hardwareInWords: hardwareInWords(one.hardware),
        isInstant: why === undefined,
        because: why,
        damage: damageIn(context, template, one),
        usedBy: users.filter(({ record }) => record.origin?.generation === one.number).map(({ record }) => record.name),
      };
    }),
  );
  const cost = await context.pool.cost(template);
  const sizes = await Promise.all([ports.templates.usage(template.id), ...[...layers.values()].map((layer) => ports.layers.usage(layer))]);
  return {
    id: template.id,
    name: template.name,
    note: template.note,
    system: template.system,
    systemName: ports.sources.systems().find((system) => system.id === template.system)?.name,
    automatic: template.automatic !== undefined,
    madeAt: last.madeAt,
    generation: last.number,
    generations: template.generations.length,
    history,
    hardwareInWords: hardwareInWords(last.hardware),
    isInstant: because === undefined,
    because,
    damage: damageIn(context, template, last),
    checkedAt: template.checked?.at,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    usedBy: users.map((actor) => actor.record.name),
    warm: context.pool.waiting(template.id),
    warmWanted: template.warm,
    memberBytes: cost.bytes,
    isMemberMeasured: cost.isMeasured,
  };
}

const damageIn = ({ templates }: Context, template: TemplateRecord, generation: Generation): string | undefined =>
  whyNothingFrom(damageOf(template, generation, [...templates.values()]));

const usersOf = (context: Context, template: TemplateRecord) =>
  [...context.actors.values()].filter((actor) => actor.record.origin?.template === template.id);

export async function listTemplates(context: Context): Promise<{ templates: TemplateView[] }> {
  const all = [...context.templates.values()].sort((a, b) => a.name.localeCompare(b.name));
  return { templates: await Promise.all(all.map((template) => templateView(context, template))) };
}

export async function showTemplate(context: Context, input: { template: string }): Promise<TemplateView | Refusal> {
  const template = findTemplate(context, input.template);
  return isRefusal(template) ? template : await templateView(context, template);
}

export async function changeTemplate(
  context: Context,
  input: { template: string; name?: string | undefined; note?: string | undefined; warm?: number | null | undefined },
): Promise<TemplateView | Refusal> {
  const template = findTemplate(context, input.template);
  if (isRefusal(template)) return template;
  const name = readName(input.name ?? template.name);
  if (isRefusal(name)) return name;
  const changed = await changeTemplateRecord(context, template.id, (now): TemplateRecord | Refusal => {
    if (now === undefined) return unknownTemplate(template.name);
    if (input.name !== undefined && name !== now.name && [...context.templates.values()].some((other) => other.name === name))
      return refusal("template.name_taken", `There is a template called “${name}” already.`, "Choose another name.");
    return {
      ...now,
      name: input.name === undefined ? now.name : name,
      note: input.note ?? now.note,
      warm: input.warm === undefined ? now.warm : (input.warm ?? undefined),
    };
  });
  if (isRefusal(changed)) return changed;
  context.events.publish({ kind: "template.changed", templateId: changed.id });
  context.pool.fill();
  return await templateView(context, changed);
}

/** Machines made from it stay: they stand on layers of their own right, and on memory that they hold themselves. */
export async function removeTemplate(context: Context, input: { template: string }): Promise<object | Refusal> {
  const template = findTemplate(context, input.template);
  if (isRefusal(template)) return template;
  await context.templateTurn;
  context.templates.delete(template.id);
  await context.pool.forget(template.id);
  for (const { number, saved } of template.generations)
    if (saved) await context.ports.hypervisor.cool(context.ports.templates.memoryPath(template.id, number));
  await context.ports.templates.remove(template.id);
  context.events.publish({ kind: "template.removed", templateId: template.id, name: template.name });
  await sweepLayers(context);
  return {};
}

export async function removeGeneration(context: Context, input: { template: string; generation: number }): Promise<TemplateView | Refusal> {
  const template = findTemplate(context, input.template);
  if (isRefusal(template)) return template;
  // The record first: a folder that no record names is not there.
  const changed = await changeTemplateRecord(context, template.id, (now) => withoutGeneration(now, template.name, input.generation));
  if (isRefusal(changed)) return changed;
  await context.ports.hypervisor.cool(context.ports.templates.memoryPath(template.id, input.generation));
  await context.ports.templates.removeGeneration(template.id, input.generation);
  await context.pool.forget(template.id);
  await sweepLayers(context);
  context.pool.fill();
  context.events.publish({ kind: "template.changed", templateId: changed.id });
  return await templateView(context, changed);
}

function withoutGeneration(template: TemplateRecord | undefined, name: string, wanted: number): TemplateRecord | Refusal {
  if (template === undefined) return unknownTemplate(name);
  const generation = template.generations.find(({ number }) => number === wanted);
  if (generation === undefined || template.generations.length === 1)
    return refusal(
      "template.no_generation",
      generation === undefined
        ? `“${template.name}” has no generation ${wanted}.`
        : `Generation ${wanted} is the only one of “${template.name}”.`,
      generation === undefined
        ? `See them: mimic template show ${template.name}`
        : `Remove the template: mimic template rm ${template.name}`,
    );
  return { ...template, generations: template.generations.filter((one) => one !== generation) };
}
