// A machine for once: from the pool in a moment, else raised from the template's memory, else switched on. The first
// wish for a system makes the template that all later ones go on from.
import { isRefusal, type LongWork, type Refusal, refusal } from "@mimic/base";
import { findByName, isPc, type JobView, type MachineRecord, type MachineView, type Name, newest, type TemplateRecord } from "@mimic/model";
import { type Context, findMachine, freeName, nowIso } from "../context.ts";
import { swap } from "../disks/move-disk.ts";
import { ensureImage, findSystem } from "../images/acquire.ts";
import type { JobResult } from "../jobs/job-board.ts";
import { compose } from "../machines/compose.ts";
import { fillDraft, newActor, publish } from "../machines/create-machine.ts";
import { decideStart } from "../machines/decide-start.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { bringUp } from "../machines/power-verbs.ts";
import { keepTrial } from "../machines/try-out.ts";
import { machineView } from "../machines/view.ts";
import { vanish } from "../moments/power-hooks.ts";
import { HOME } from "../networks/find.ts";
import { addNic } from "../networks/nic-verbs.ts";
import { standsOnDamage, whyDamaged } from "../templates/find-template.ts";
import { whyNotInstant, withoutCards } from "../templates/instance.ts";
import { buildTemplate } from "../templates/make-template.ts";
import type { RunWish } from "../wishes.ts";
import { refreshIdentity } from "./identity.ts";
import { takeBackHelper } from "./lent-helper.ts";
import { disposableName, raiseDisposable } from "./raise-disposable.ts";
import type { Raised } from "./ready-machines.ts";
import { switchOn } from "./switch-on.ts";

export async function runDisposable(context: Context, wish: RunWish): Promise<{ job: JobView } | Refusal> {
  const name = wish.name === undefined ? disposableName(context) : freeName(context, wish.name);
  if (isRefusal(name)) return name;
  const template = findTemplateFor(context, wish.of);
  const damaged = template && whyDamaged(context, template, newest(template));
  if (damaged) return damaged;
  const system = template ? undefined : findSystem(context, wish.of);
  if (system && isRefusal(system))
    return refusal(
      "disposable.unknown_base",
      `There is neither a template nor a system called “${wish.of.slice(0, 80)}”.`,
      "See what there is: mimic template ls, mimic os ls",
    );
  context.reserved.add(name);
  const job = context.jobs.run(
    { kind: "disposable.run", title: `A disposable machine from “${wish.of}”`, subjects: [name] },
    async (work) => {
      try {
        const base = template ?? (await templateOfSystem(context, wish.of, work));
        if (isRefusal(base)) return base;
        return await bringDisposable(context, base, name, wish, work);
      } finally {
        context.reserved.delete(name);
      }
    },
  );
  return { job };
}

function findTemplateFor(context: Context, wanted: string): TemplateRecord | undefined {
  const own = [...context.templates.values()].filter((template) => template.automatic === undefined);
  const found = findByName(
    own.map((template) => ({ id: template.id, name: template.name as string, template })),
    wanted,
    "template",
  );
  if (!isRefusal(found)) return found.item.template;
  return undefined;
}

async function bringDisposable(
  context: Context,
  template: TemplateRecord,
  name: Name,
  wish: RunWish,
  work: LongWork,
): Promise<JobResult | Refusal> {
  const { ports } = context;
  const generation = newest(template);
  const damaged = whyDamaged(context, template, generation);
  if (damaged) return damaged;
  const refused = decideStart(name, { ...generation.hardware, memoryMiB: 0 }, await ports.survey.survey());
  if (refused) return refused;
  const because = await whyNotInstant(context, template, generation, work);
  const why = wish.name === undefined ? because : (because ?? "a machine with a name begins anew at each start");
  if (why !== undefined) {
    const plugIn = (actor: MachineActor): Promise<Refusal | undefined> => plugInto(context, actor, wish.net);
    return await switchOn(context, template, { name, forgets: wish.name === undefined ? "machine" : "disks", because: why, plugIn }, work);
  }
  const waiting = context.pool.claim(template);
  const raised = waiting ?? (await raiseDisposable(context, template, generation, name, work));
  const actor = await handOut(context, raised, waiting ? undefined : name, waiting !== undefined, work);
  const unplugged = await plugInto(context, actor, wish.net);
  if (unplugged) return unplugged;
  return { machine: actor.record.id, name: actor.record.name, words: `“${actor.record.name}” is there, and vanishes when it stops.` };
}

/** A card of its own in the network that was wished for; when that cannot be, the machine goes again. */
async function plugInto(context: Context, actor: MachineActor, net: string | undefined): Promise<Refusal | undefined> {
  if (net === undefined) return undefined;
  const plugged = await addNic(context, { machine: actor.record.id, network: networkFor(context, net) });
  if (!isRefusal(plugged)) return undefined;
  actor.ask({ kind: "kill" });
  return plugged;
}

/** “nat” is what leads to the Internet, whatever it is called: “home” where that does. A network of that name counts more. */
function networkFor({ networks }: Context, net: string): string {
  const all = networks.all();
  if (net !== "nat" || all.some(({ name }) => name === net)) return net;
  const leadOut = all.filter(({ kind }) => kind === "nat");
  return (leadOut.find(({ name }) => name === HOME) ?? leadOut[0])?.id ?? net;
}

/** Its record goes to the disk while it wakes up; nothing of the person's runs before both are done. */
async function handOut(
  context: Context,
  raised: Raised,
  name: Name | undefined,
  wasWaiting: boolean,
  work: LongWork,
): Promise<MachineActor> {
  const { ports } = context;
  const record: MachineRecord = { ...withoutCards(raised.record), name: name ?? raised.record.name, createdAt: nowIso(context) };
  try {
    const { running } = raised;
    const wake = async (): Promise<void> => {
      const { lent } = raised;
      const { agent } = running;
      if (agent === undefined) return;
      if (wasWaiting) {
        await running.resume(work);
        await refreshIdentity(agent, { lent, nowMs: ports.clock.nowMs() }, { ...work, random: ports.random });
      } else if (lent !== undefined) await takeBackHelper(agent, lent, work);
    };
    await Promise.all([raised.publish(record), wake()]);
    const actor = newActor(context, record);
    context.events.publish({ kind: "machine.created", machineId: record.id, name: record.name });
    actor.takeOver(running);
    return actor;
  } catch (error) {
    await raised.discard();
    throw error;
  }
}

/** The template that `mimic run SYSTEM` goes on from: made once, of a machine that was just switched on. */
async function templateOfSystem(context: Context, wanted: string, work: LongWork): Promise<TemplateRecord | Refusal> {
  const { ports } = context;
  const system = findSystem(context, wanted);
  if (isRefusal(system)) return system;
  const digest = await ensureImage(context, system, work);
  if (isRefusal(digest)) return digest;
  const known = [...context.templates.values()].find((one) => one.automatic?.image === digest && one.system === system.id);
  // Of another processor only the disks are kept, so there is nothing that could become better.
  const isGood = known && whyDamaged(context, known, newest(known)) === undefined;
  if (isGood && (!isPc(newest(known).hardware) || (await whyNotInstant(context, known, newest(known), work)) === undefined)) return known;
  const image = ports.images.get(digest);
  const composed = compose({ wish: { name: system.id }, system, image, newDiskId: () => ports.ids.make("dsk") });
  if (isRefusal(composed)) return composed;
  if (standsOnDamage(context, composed.hardware))
    return refusal(
      "image.damaged",
      `The image of ${system.name} is not what was fetched: a verification found it changed.`,
      `Remove what stands on it and get it again: mimic image rm, then mimic image pull ${system.id}`,
    );
  const making = context.making.get(system.id);
  if (making !== undefined) return await making;
  const made = makeSystemTemplate(context, { system, image, known, composed }, work).finally(() => context.making.delete(system.id));
  context.making.set(system.id, made);
  return await made;
}

async function makeSystemTemplate(
  context: Context,
  from: {
    readonly system: Exclude<ReturnType<typeof findSystem>, Refusal>;
    readonly image: ReturnType<Context["ports"]["images"]["get"]>;
    readonly known: TemplateRecord | undefined;
    readonly composed: Exclude<ReturnType<typeof compose>, Refusal>;
  },
  work: LongWork,
): Promise<TemplateRecord | Refusal> {
  const { system, image, known, composed } = from;
  const name = templateName(context, system.id);
  const record: MachineRecord = {
    id: context.ports.ids.make<"MachineId">("mch"),
    name: disposableName(context),
    createdAt: nowIso(context),
    system: system.id,
    note: `Switched on once, for “mimic run ${system.id}”.`,
    hardware: await context.ports.hypervisor.pin(composed.hardware, work),
    readiness: composed.readiness,
    login: system.login,
  };
  await publish(context, record, work, (draft) => fillDraft(context, draft, record, composed, work));
  const actor = newActor(context, record);
  try {
    if (isPc(record.hardware)) {
      work.report({ words: `Switching “${system.name}” on for the first time; later ones begin where it is then` });
      const up = await bringUp(actor, "usable", work);
      if (isRefusal(up)) return up;
    }
    const making = {
      name,
      known,
      note: `Made by Mimic for “mimic run ${system.id}”.`,
      disksOnly: false,
      automatic: { image: image?.digest ?? "" },
    };
    return await actor.occupy("a template of it is being made", () => buildTemplate(context, actor, making, work));
  } finally {
    actor.ask({ kind: "kill" });
    await actor.until(() => actor.state.power === "stopped" || actor.state.power === "failed", AbortSignal.timeout(30_000));
    await actor.release();
    await vanish(context, actor);
  }
}

function templateName(context: Context, systemId: string): Name {
  const wanted = systemId.replaceAll(/[^a-z0-9-]/g, "-").slice(0, 50);
  const taken = new Set([...context.templates.values()].map((template) => template.name as string));
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`;
    if (!taken.has(name)) return name as Name;
  }
}

export function discardDisposable(context: Context, input: { machine: string }): object | Refusal {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  if (actor.record.forgets === undefined)
    return refusal(
      "disposable.not_one",
      `“${actor.record.name}” is an ordinary machine: it is not thrown away like this.`,
      `End it: mimic kill ${actor.record.name}. Remove it then: mimic rm ${actor.record.name}`,
    );
  const answer = actor.ask({ kind: "kill" });
  return answer.kind === "refused" ? answer : {};
}

/** “Keep this one”: a disposable becomes a machine like any. */
export async function keepDisposable(
  context: Context,
  input: { machine: string; name?: string | undefined },
): Promise<MachineView | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const { record, running } = actor;
  if (record.forgets === undefined)
    return refusal("disposable.kept_already", `“${record.name}” is an ordinary machine: it stays anyway.`, "There is nothing to do.");
  const name = input.name === undefined ? record.name : freeName(context, input.name);
  if (isRefusal(name)) return name;
  const work = { signal: AbortSignal.timeout(600_000), report: () => {} };
  const keep = async (): Promise<void> => {
    await keepTrial(context, record, { signal: AbortSignal.timeout(60_000) });
    // What it wrote is encrypted with a key that ends with it: copied, while it runs, into files without one. One that is
    // off wrote nothing that is left, so it begins with empty ones.
    for (const disk of record.hardware.disks)
      if (!disk.readOnly && !disk.keeps)
        await swap(context, { actor, disk, chain: [] }, { storage: undefined, isEmpty: !running, words: "" }, work);
    await actor.alone(() => actor.change({ ...actor.record, name, forgets: undefined, tries: undefined }, "kept"));
  };
  await actor.occupy("it is being kept", keep, { apart: true });
  return await machineView(context, actor);
}
