// A template of a machine: its disks become layers that never change; of a running machine memory and devices are kept
// too, without its noticing. What cannot be kept is said, and machines made from it are then switched on instead.
import { isRefusal, type LongWork, messageOf, type Refusal, refusal } from "@mimic/base";
import {
  type Generation,
  type HardwareSpec,
  isPc,
  type JobView,
  type Name,
  newest,
  readName,
  type TemplateRecord,
  whyNotSave,
} from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import { whileRoom } from "../disks/room.ts";
import type { JobResult } from "../jobs/job-board.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { freezeDisks } from "../moments/freeze.ts";
import type { StateDraft } from "../ports/index.ts";
import type { TemplateWish } from "../wishes.ts";
import { changeTemplateRecord } from "./change-template.ts";
import { standsOnDamage } from "./find-template.ts";
import { instanceRecord } from "./instance.ts";
import { savedHere } from "./saved-here.ts";

export function makeTemplate(context: Context, wish: TemplateWish): { job: JobView } | Refusal {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const name = readName(wish.name ?? actor.record.name);
  if (isRefusal(name)) return name;
  const { power } = actor.state;
  if (power === "starting" || power === "stopping")
    return refusal("machine.in_between", `“${actor.record.name}” is ${power}.`, "Wait until it runs or is off, then try again.");
  if (actor.record.forgets)
    return refusal(
      "template.of_disposable",
      `“${actor.record.name}” is disposable: nothing of it shall stay.`,
      `Keep it first: mimic keep ${actor.record.name}`,
    );
  if (standsOnDamage(context, actor.record.hardware))
    return refusal(
      "template.of_damaged",
      `“${actor.record.name}” stands on a file that a verification found changed, so no template is made of it.`,
      "Put the file back from a backup and verify again (mimic template show says which), or make the machine anew.",
    );
  const known = [...context.templates.values()].find((template) => template.name === name);
  const why = actor.running && !wish.disksOnly ? whyNotSave(actor.running.run.hardware, actor.running.run.growth) : undefined;
  if (why)
    return refusal(
      "template.not_savable",
      `Memory and devices of “${actor.record.name}” cannot be kept: ${why}.`,
      `Keep its disks alone: mimic template ${actor.record.name} --disks-only`,
    );
  const title = known ? `Make generation ${newest(known).number + 1} of the template “${name}”` : `Make the template “${name}”`;
  const job = context.jobs.run({ kind: "template.make", title, subjects: [actor.record.id, known?.id ?? name] }, async (work) =>
    makeOf(context, actor, { name, known, note: wish.note, disksOnly: wish.disksOnly === true }, work),
  );
  return { job };
}

interface Making {
  readonly name: Name;
  readonly known: TemplateRecord | undefined;
  readonly note: string | undefined;
  readonly disksOnly: boolean;
  readonly automatic?: TemplateRecord["automatic"];
}

async function makeOf(context: Context, actor: MachineActor, making: Making, work: LongWork): Promise<JobResult> {
  const template = await actor.occupy("a template of it is being made", () => buildTemplate(context, actor, making, work));
  const instant = newest(template).saved !== undefined;
  return {
    template: template.id,
    words: `The template “${template.name}” is made${template.generations.length > 1 ? ` (generation ${newest(template).number})` : ""}: ${instant ? "machines made from it go on where it was" : "machines made from it are switched on"}.`,
  };
}

export async function buildTemplate(context: Context, actor: MachineActor, making: Making, work: LongWork): Promise<TemplateRecord> {
  const id = making.known?.id ?? context.ports.ids.make("tpl");
  const entry = await context.ports.journal.begin({ op: "template.make", templateId: id });
  context.makingTemplates++;
  try {
    return await build(context, actor, { ...making, id }, work);
  } finally {
    context.makingTemplates--;
    await entry.close();
  }
}

async function build(
  context: Context,
  actor: MachineActor,
  making: Making & { readonly id: string },
  work: LongWork,
): Promise<TemplateRecord> {
  const { ports } = context;
  const { known, id } = making;
  const number = known ? newest(known).number + 1 : 1;
  const draft = await ports.templates.draft(id, number);
  try {
    const template = recordOf(context, actor, making, id);
    const { made, saved } = await whileRoom(context, undefined, work, async (more) => {
      const made = await keepMachine(context, actor, making.disksOnly, draft, more);
      const mould: TemplateRecord = { ...template, generations: [{ number, madeAt: nowIso(context), hardware: made.hardware, seals: {} }] };
      return { made, saved: made.isWhole ? await pourMemory(context, mould, draft, more) : undefined };
    });
    await draft.settle();
    const files = await draft.seal(work.signal);
    work.report({ words: "Sealing the disks" });
    const seals: Record<string, string> = { ...known?.generations.at(-1)?.seals };
    for (const layer of made.hardware.disks.flatMap((disk) => disk.layers ?? []))
      seals[layer.id] ??= await ports.layers.seal(layer, work.signal);
    const named = new Set(made.hardware.disks.flatMap((disk) => disk.layers ?? []).map((layer) => layer.id));
    const generation: Generation = {
      number,
      madeAt: nowIso(context),
      hardware: made.hardware,
      saved,
      diskOnlyBecause: saved ? undefined : made.because,
      seals: Object.fromEntries(Object.entries(seals).filter(([layer]) => named.has(layer))),
      files,
    };
    // It may have got another name, have been verified, have lost an old generation, or be gone, meanwhile.
    const record = await changeTemplateRecord(
      context,
      id,
      (now): TemplateRecord => ({
        ...template,
        ...(now && { name: now.name, note: making.note ?? now.note, warm: now.warm, checked: now.checked }),
        generations: [...(now?.generations ?? []), generation],
      }),
      (whole) => draft.publish(whole),
    );
    context.events.publish({ kind: "template.made", templateId: id, name: record.name, generation: number });
    await context.pool.forget(id);
    return record;
  } catch (error) {
    await draft.discard();
    // Its disks may stand on layers by now that nothing else names.
    context.layerWork.unfinished = true;
    throw error;
  }
}

const recordOf = (context: Context, { record }: MachineActor, { name, known, note, automatic }: Making, id: string): TemplateRecord => ({
  id,
  name,
  note: note ?? known?.note ?? "",
  system: record.system ?? known?.system,
  readiness: record.readiness,
  login: record.login,
  generations: known?.generations ?? [{ number: 1, madeAt: nowIso(context), hardware: record.hardware, seals: {} }],
  automatic: automatic ?? known?.automatic,
  warm: known?.warm,
});

interface Kept {
  readonly hardware: HardwareSpec;
  /** Memory and devices lie in the draft, together. */
  readonly isWhole: boolean;
  readonly because: string | undefined;
}

async function keepMachine(context: Context, actor: MachineActor, disksOnly: boolean, draft: StateDraft, work: LongWork): Promise<Kept> {
  const { running } = actor;
  const because = await whyDisksOnly(actor, disksOnly, work);
  if (running === undefined || because !== undefined) {
    work.report({ words: "Freezing the disks" });
    const frozen = await freezeDisks(context, actor, work, async (layers) => void (await running?.layDisks(await layers, work)));
    await draft.keepFiles(actor.record.id);
    return { hardware: { ...actor.record.hardware, disks: [...frozen.disks] }, isWhole: false, because };
  }
  work.report({ words: "Keeping memory and devices" });
  const frozen = await freezeDisks(context, actor, work, async (layers) => {
    await running.save({ statePath: draft.wholePath, live: true, goOn: true, layers }, work);
    await draft.keepFiles(actor.record.id);
  });
  return { hardware: { ...running.run.hardware, disks: [...frozen.disks] }, isWhole: true, because: undefined };
}

/** A copy whose random numbers cannot be made its own must not go on from memory: so the agent has to answer. */
async function whyDisksOnly({ running, record }: MachineActor, disksOnly: boolean, work: LongWork): Promise<string | undefined> {
  // The program that gives a copy its own is machine code of the PC.
  if (!isPc(record.hardware)) return "a copy that goes on from memory could not be given random numbers of its own on this processor";
  if (running === undefined) return "it was made of a machine that was off";
  if (disksOnly) return "only its disks were wanted";
  if (running.agent === undefined)
    return "it has no channel for a guest agent, so its copies could not be given random numbers of their own";
  try {
    await running.agent.waitUntilReady({ signal: AbortSignal.any([work.signal, AbortSignal.timeout(10_000)]) });
    return undefined;
  } catch (error) {
    work.signal.throwIfAborted();
    return `its guest agent does not answer (${messageOf(error).slice(0, 100)}), so its copies could not be given random numbers of their own`;
  }
}

/** Memory and devices, once together, become a memory to share and devices apart. */
async function pourMemory(context: Context, template: TemplateRecord, draft: StateDraft, work: LongWork): Promise<Generation["saved"]> {
  const { ports } = context;
  work.report({ words: "Pouring the memory into a file that all can share" });
  const generation = newest(template);
  const record = instanceRecord(context, template, generation, { name: template.name, goesOn: true });
  const machine = await ports.machines.draft(record.id);
  try {
    const chains = ports.machines.plan(record, { draft: true }).files.disks;
    for (const disk of record.hardware.disks) {
      const [own, under] = chains[disk.id] ?? [];
      if (own && under && !disk.readOnly) await ports.diskTool.createOverlay(own.path, under, disk.sizeBytes, work);
    }
    await draft.lendFiles(record.id);
    const plan = { ...ports.machines.plan(record, { draft: true }), resume: { statePath: draft.wholePath } };
    const { memorySha256 } = await ports.hypervisor.mould(plan, { statePath: draft.statePath, memoryPath: draft.memoryPath }, work);
    return { with: await savedHere(context, generation.hardware, work), memorySha256 };
  } finally {
    await machine.discard();
    await ports.machines.vanish(record.id);
  }
}
