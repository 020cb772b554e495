// A machine that stays, made from a template: when it is to run at once, it goes on from where the template was.
import { isRefusal, type LongWork, type Refusal } from "@mimic/base";
import { type Generation, type JobView, type Name, type NicSpec, newest, type TemplateRecord } from "@mimic/model";
import { type Context, freeName, nowIso } from "../context.ts";
import { identityInWords } from "../disposables/identity.ts";
import type { JobResult } from "../jobs/job-board.ts";
import { adoptNew, newActor, publish } from "../machines/create-machine.ts";
import { decideStart } from "../machines/decide-start.ts";
import { bringUp } from "../machines/power-verbs.ts";
import { writeSeeds } from "../machines/write-seeds.ts";
import { addNic, usualModel } from "../networks/nic-verbs.ts";
import type { CreateWish } from "../workbench.ts";
import { findTemplate, whyDamaged } from "./find-template.ts";
import { instanceRecord, whyNotInstant, withoutCards } from "./instance.ts";
import { onKnownBoard } from "./known-board.ts";
import { raiseOwn } from "./raise-own.ts";
import { type TemplateInstanceWish, whySwitchedOn, wishedRecord } from "./wished-instance.ts";

export function createFromTemplate(context: Context, wish: TemplateInstanceWish): { job: JobView } | Refusal {
  const name = freeName(context, wish.name);
  if (isRefusal(name)) return name;
  const template = findTemplate(context, wish.template);
  if (isRefusal(template)) return template;
  const damaged = whyDamaged(context, template, newest(template));
  if (damaged) return damaged;
  // What can be refused is refused now.
  const early = wishedRecord(context, template, newest(template), name, wish);
  if (isRefusal(early)) return early;
  context.reserved.add(name);
  const title = `Make “${name}” from the template “${template.name}”`;
  const job = context.jobs.run({ kind: "machine.create", title, subjects: [name, template.id] }, async (work) => {
    try {
      const refused = wish.start ? decideStart(name, early.hardware, await context.ports.survey.survey()) : undefined;
      if (refused) return refused;
      const because = wish.start
        ? (whySwitchedOn(wish) ?? (await whyNotInstant(context, template, newest(template), work)))
        : "it is not to be started";
      return because === undefined
        ? await goOn(context, template, name, wish, work)
        : await lay(context, template, name, wish, because, work);
    } finally {
      context.reserved.delete(name);
    }
  });
  return { job };
}

async function goOn(
  context: Context,
  template: TemplateRecord,
  name: Name,
  wish: TemplateInstanceWish,
  work: LongWork,
): Promise<JobResult> {
  const { ports } = context;
  const generation = newest(template);
  const record = { ...instanceRecord(context, template, generation, { name, note: wish.note, goesOn: true }), createdAt: nowIso(context) };
  const { raised, report } = await raiseOwn(context, { template, generation, record }, work);
  try {
    const final = withoutCards(record);
    await raised.publish(final);
    const actor = newActor(context, final);
    context.events.publish({ kind: "machine.created", machineId: record.id, name });
    actor.takeOver(raised.running);
    for (const { network, model } of wantedCards(generation, wish)) await addNic(context, { machine: record.id, network, model });
    await ports.machines.tell(
      record.id,
      record.createdAt,
      `Made from the template “${template.name}”, on from where it was. ${identityInWords(report)}`,
    );
    return { machine: record.id, words: `“${name}” runs: it went on from the template “${template.name}”.` };
  } catch (error) {
    await raised.discard();
    throw error;
  }
}

/** As the template's, when nothing was said; else one on that network, or none. */
function wantedCards({ hardware }: Generation, { network }: CreateWish): readonly Pick<NicSpec, "network" | "model">[] {
  if (network === undefined) return hardware.nics;
  if (network === null) return [];
  return [{ network, model: hardware.nics[0]?.model ?? usualModel(hardware) }];
}

async function lay(
  context: Context,
  template: TemplateRecord,
  name: Name,
  wish: TemplateInstanceWish,
  because: string,
  work: LongWork,
): Promise<JobResult | Refusal> {
  const { ports } = context;
  const generation = newest(template);
  const wished = wishedRecord(context, template, generation, name, wish);
  if (isRefusal(wished)) return wished;
  const { record, words } = await onKnownBoard(context, wished, work);
  await publish(context, record, work, async (draft) => {
    const chains = ports.machines.plan(record, { draft: true }).files.disks;
    for (const disk of record.hardware.disks) {
      // What begins anew at each start is made then.
      if (record.forgets && !disk.keeps) continue;
      const under = chains[disk.id]?.[1];
      const path = draft.diskPath(disk.id, disk.format);
      if (under) await ports.diskTool.createOverlay(path, under, disk.sizeBytes, work);
      else await ports.diskTool.createEmpty(path, disk.format, disk.sizeBytes, work);
    }
    await ports.templates.filesFor(template.id, generation.number, record.id);
    await writeSeeds(context, record, draft);
  });
  const follows = record.forgets ? ", and follows it" : "";
  const actor = adoptNew(context, record, `Made from the template “${template.name}”${follows}.${words}`);
  if (!wish.start) return { machine: record.id, words: `“${name}” is made.${words} Start it: mimic start ${name}` };
  const up = await bringUp(actor, "usable", work);
  return isRefusal(up)
    ? up
    : { ...up, words: `${up["words"] ?? ""} It was switched on, because ${because}.${words}`.trim(), switchedOnBecause: because };
}
