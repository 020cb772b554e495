// Making a machine: the image first, then a draft folder, then one rename makes it real.
import { isRefusal, type LongWork, type Refusal, refusal } from "@mimic/base";
import {
  ERAS,
  type HardwareSpec,
  type ImageRecord,
  type JobView,
  type MachineRecord,
  type Name,
  type NicSpec,
  type System,
} from "@mimic/model";
import { type Context, freeName, nowIso } from "../context.ts";
import { roomIn } from "../disks/room.ts";
import { ensureImage, findImage, findSystem } from "../images/acquire.ts";
import { powerHooks } from "../moments/power-hooks.ts";
import { newNic } from "../networks/nic-verbs.ts";
import { plugIn } from "../networks/plug-in.ts";
import type { MachineDraft } from "../ports/index.ts";
import type { CreateWish } from "../workbench.ts";
import { type Composed, compose } from "./compose.ts";
import { decideStart } from "./decide-start.ts";
import { MachineActor } from "./machine-actor.ts";
import { bringUp } from "./power-verbs.ts";
import { writeSeeds } from "./write-seeds.ts";

export function createMachine(context: Context, wish: CreateWish): { job: JobView } | Refusal {
  const name = freeName(context, wish.name);
  if (isRefusal(name)) return name;
  if (wish.follow || wish.homeBytes !== undefined)
    return refusal(
      "template.none_to_follow",
      "Only a machine that is made from a template can follow one.",
      "Name it: --template TEMPLATE",
    );
  const system = wish.system === undefined ? undefined : findSystem(context, wish.system);
  if (system && isRefusal(system)) return system;
  const image = wish.image === undefined ? undefined : findImage(context, wish.image);
  if (image && isRefusal(image)) return image;
  // What can be refused is refused now, before anything is fetched.
  const early = compose({ wish, system, image, newDiskId: () => context.ports.ids.make("dsk") });
  if (isRefusal(early)) return early;
  const cards = firstNics(context, name, early.hardware, wish);
  if (isRefusal(cards)) return cards;

  const id = context.ports.ids.make<"MachineId">("mch");
  context.reserved.add(name);
  const job = context.jobs.run({ kind: "machine.create", title: `Make “${name}”`, subjects: [id, name] }, async (work) => {
    try {
      const made = await make(context, { id, name, wish, system, image }, work);
      if (isRefusal(made)) return made;
      if (!wish.start) return { machine: id, words: `“${name}” is made. Start it: mimic start ${name}` };
      const refused = decideStart(name, made.record.hardware, await context.ports.survey.survey());
      return refused ?? (await bringUp(made, "usable", work));
    } finally {
      context.reserved.delete(name);
    }
  });
  return { job };
}

/** One card on the network that was named, or on “home”; none when none was wished. */
function firstNics(context: Context, name: Name, hardware: HardwareSpec, { network, era }: CreateWish): NicSpec[] | Refusal {
  if (network === null) return [];
  const nic = newNic(context, { name, hardware }, [], { network, model: era && ERAS[era].nic });
  return isRefusal(nic) ? nic : [nic];
}

interface Making {
  readonly id: string;
  readonly name: Name;
  readonly wish: CreateWish;
  readonly system: System | undefined;
  readonly image: ImageRecord | undefined;
}

async function make(context: Context, { id, name, wish, system, image: given }: Making, work: LongWork): Promise<MachineActor | Refusal> {
  const { ports } = context;
  let image = given;
  if (!image && system && system.source.way !== "bring") {
    const digest = await ensureImage(context, system, work);
    if (isRefusal(digest)) return digest;
    image = ports.images.get(digest);
  }
  const composed = compose({ wish, system, image, newDiskId: () => ports.ids.make("dsk") });
  if (isRefusal(composed)) return composed;
  const cards = firstNics(context, name, composed.hardware, wish);
  if (isRefusal(cards)) return cards;
  work.report({ words: `Making “${name}”` });
  const record: MachineRecord = {
    id,
    name,
    createdAt: nowIso(context),
    system: system?.id,
    note: wish.note ?? "",
    hardware: await ports.hypervisor.pin({ ...composed.hardware, nics: cards }, work),
    readiness: composed.readiness,
    login: system?.login,
  };
  await publish(context, record, work, (draft) => fillDraft(context, draft, record, composed, work));
  return adoptNew(context, record, system ? `Made from ${system.name}.` : "Made.");
}

/** Draft → machine, undone when anything fails or is cancelled. */
export async function publish(
  context: Context,
  record: MachineRecord,
  work: LongWork,
  fill: (draft: MachineDraft) => Promise<void>,
): Promise<void> {
  const { machines, journal } = context.ports;
  const entry = await journal.begin({ op: "machine.create", machineId: record.id });
  const draft = await machines.draft(record.id);
  try {
    await fill(draft);
    work.signal.throwIfAborted();
    await draft.publish(record);
  } catch (error) {
    await draft.discard();
    await entry.close();
    throw error;
  }
  await entry.close();
}

export function adoptNew(context: Context, record: MachineRecord, words: string): MachineActor {
  const actor = newActor(context, record);
  context.events.publish({ kind: "machine.created", machineId: record.id, name: record.name });
  void context.ports.machines.tell(record.id, record.createdAt, words);
  return actor;
}

export function newActor(context: Context, record: MachineRecord, last?: ConstructorParameters<typeof MachineActor>[2]): MachineActor {
  const { hypervisor, machines: store, clock, log } = context.ports;
  const actor: MachineActor = new MachineActor(
    {
      hypervisor,
      store,
      clock,
      log,
      events: context.events,
      diskFreeBytes: async () =>
        Math.min(
          ...(await Promise.all([undefined, ...actor.record.hardware.disks.map((disk) => disk.storage)].map((id) => roomIn(context, id)))),
        ),
      triedBy: (id) => [...context.actors.values()].find((one) => one.record.tries === id)?.record.name,
      plugIn: (actor, nics) => plugIn(context, actor, nics),
      ...powerHooks(context),
    },
    record,
    last,
  );
  context.actors.set(record.id, actor);
  return actor;
}

export async function fillDraft(
  context: Context,
  draft: MachineDraft,
  record: MachineRecord,
  composed: Composed,
  work: LongWork,
): Promise<void> {
  const { diskTool, images } = context.ports;
  for (const { spec, from } of composed.disks) {
    const path = draft.diskPath(spec.id, spec.format);
    if (!from) await diskTool.createEmpty(path, spec.format, spec.sizeBytes, work);
    else if (spec.base) await diskTool.createOverlay(path, { path: images.path(from.digest), format: from.format }, spec.sizeBytes, work);
    else {
      await diskTool.copy([{ path: images.path(from.digest), format: from.format }], { path, format: spec.format }, work);
      if (spec.sizeBytes > from.virtualBytes) await diskTool.grow(path, spec.format, spec.sizeBytes, work);
    }
  }
  await writeSeeds(context, record, draft);
}
