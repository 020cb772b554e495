// Machines that go on from a template: what their records are, and raising one that nobody sees yet.
import type { LongWork, Secret } from "@mimic/base";
import {
  damageOf,
  type Generation,
  type MachineRecord,
  type Name,
  type NicSpec,
  type TemplateRecord,
  whyNotFromMemory,
  whyNothingFrom,
  withoutFile,
} from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import type { Raised } from "../disposables/ready-machines.ts";
import { freshDisks } from "../moments/fresh-disks.ts";
import { freeMac } from "../networks/nic-verbs.ts";
import type { RunningMachine, SavedState } from "../ports/index.ts";
import { whyNotWakeHere } from "./saved-here.ts";

export interface InstanceWish {
  readonly name: Name;
  readonly forgets?: MachineRecord["forgets"];
  readonly note?: string | undefined;
  /** It goes on from memory: its cards are the saved ones, without a cable, until `dropCards`. */
  readonly goesOn?: boolean;
  /** Why not, in words. */
  readonly switchedOnBecause?: string | undefined;
}

/** The record of a machine made from this generation. Its disks are layers of its own over the template's. */
export function instanceRecord(context: Context, template: TemplateRecord, generation: Generation, wish: InstanceWish): MachineRecord {
  return {
    id: context.ports.ids.make<"MachineId">("mch"),
    name: wish.name,
    createdAt: nowIso(context),
    system: template.system,
    note: wish.note ?? "",
    hardware: {
      ...generation.hardware,
      nics: generation.hardware.nics.map((nic) => (wish.goesOn ? { ...nic, network: null } : ownCard(context, nic))),
      disks: generation.hardware.disks.map((disk) => ({ ...withoutFile(disk), format: "qcow2" as const })),
    },
    readiness: template.readiness,
    login: template.login,
    origin: { template: template.id, generation: generation.number, switchedOnBecause: wish.switchedOnBecause?.slice(0, 400) },
    forgets: wish.forgets,
  };
}

/** A card like it, with an address of its own. */
function ownCard(context: Context, nic: NicSpec): NicSpec {
  const id = context.ports.ids.make("nic") as string;
  return { ...nic, id, mac: freeMac(context, id) };
}

/** The cards of the saved machine go: their addresses are another's. New ones are plugged in where they are wanted. */
export async function dropCards(raised: Raised, options: { readonly signal: AbortSignal }): Promise<void> {
  for (const nic of raised.record.hardware.nics) await raised.running.unplugNic(nic.id, options);
}

export const withoutCards = (record: MachineRecord): MachineRecord => ({ ...record, hardware: { ...record.hardware, nics: [] } });

/** Undefined = machines made from it go on where it was. */
export async function whyNotInstant(
  context: Context,
  template: TemplateRecord,
  generation: Generation,
  options: { readonly signal: AbortSignal },
): Promise<string | undefined> {
  const damage = damageOf(template, generation, [...context.templates.values()]);
  const broken = whyNothingFrom(damage) ?? whyNotFromMemory(damage);
  if (broken !== undefined) return broken;
  if (generation.saved === undefined) return generation.diskOnlyBecause ?? "it was made of a machine that was off";
  return await whyNotWakeHere(context, generation.saved.with, generation.hardware, options);
}

export const savedState = (context: Context, template: TemplateRecord, generation: Generation): SavedState => ({
  statePath: context.ports.templates.statePath(template.id, generation.number),
  memoryPath: context.ports.templates.memoryPath(template.id, generation.number),
});

export async function raise(
  context: Context,
  record: MachineRecord,
  from: {
    readonly template?: readonly [TemplateRecord, Generation] | undefined;
    readonly resume?: SavedState | undefined;
    readonly hold?: boolean;
    /** Puts further files into its folder. */
    readonly files?: (machineId: string) => Promise<void>;
  },
  work: LongWork,
): Promise<Raised> {
  const { ports } = context;
  const draft = await ports.machines.draft(record.id);
  let running: RunningMachine | undefined;
  const discard = async (): Promise<void> => {
    await running?.end({ signal: AbortSignal.timeout(10_000) });
    await draft.discard();
    await ports.machines.vanish(record.id);
  };
  try {
    const secrets: Readonly<Record<string, Secret>> = await makeDisks(context, record, draft.diskPath, work);
    if (from.template) await ports.templates.filesFor(from.template[0].id, from.template[1].number, record.id);
    await from.files?.(record.id);
    const plan = ports.machines.plan(record, { draft: true });
    running = await ports.hypervisor.boot(
      {
        ...plan,
        resume: from.resume,
        hold: from.hold,
        secrets,
        // A system that is all in memory is a fresh one after a restart: another machine does that better.
        endsAtRestart: record.forgets === "machine" && from.resume !== undefined && record.hardware.directBoot !== undefined,
      },
      work,
    );
  } catch (error) {
    await discard();
    throw error;
  }
  const raised = running;
  return {
    record,
    running,
    async publish(final) {
      await draft.publish(final);
      await ports.machines.saveRun(final.id, raised.run, undefined, { passing: final.forgets === "machine" });
    },
    discard,
  };
}

async function makeDisks(
  context: Context,
  record: MachineRecord,
  pathOf: (diskId: string, format: string) => string,
  work: LongWork,
): Promise<Readonly<Record<string, Secret>>> {
  if (record.forgets) return await freshDisks(context, record, { ...work, draft: true });
  const chains = context.ports.machines.plan(record, { draft: true }).files.disks;
  for (const disk of record.hardware.disks) {
    const under = chains[disk.id]?.[1];
    const path = pathOf(disk.head ?? disk.id, disk.format);
    if (under === undefined) await context.ports.diskTool.createEmpty(path, disk.format, disk.sizeBytes, work);
    else if (!disk.readOnly) await context.ports.diskTool.createOverlay(path, under, disk.sizeBytes, work);
  }
  return {};
}
