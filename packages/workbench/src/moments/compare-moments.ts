// What differs between two moments of a machine, or between one and its present. Nothing is changed by looking; only
// merging of layers waits, and a machine whose present is looked at is not started meanwhile.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { DiskDifference, HardwareSpec, MomentComparison } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { DiskFile } from "../ports/index.ts";
import { mergeAgain } from "./merge-layers.ts";
import { findMoment } from "./moment-board.ts";

const PATIENCE_MS = 280_000;

interface Side {
  readonly moment?: string;
  readonly name: string;
  readonly at: string;
  readonly hardware: HardwareSpec;
  readonly chains: Readonly<Record<string, readonly DiskFile[]>>;
}

/** `to` undefined = the present. */
export async function compareMoments(
  context: Context,
  input: { readonly machine: string; readonly moment: string; readonly with?: string | undefined },
): Promise<MomentComparison | Refusal> {
  const found = await findMoment(context, input);
  if (isRefusal(found)) return found;
  const { actor } = found;
  const from = sideOf(context, actor, found.moment);
  if (input.with !== undefined) {
    const other = await findMoment(context, { machine: input.machine, moment: input.with });
    return isRefusal(other) ? other : await compare(context, from, sideOf(context, actor, other.moment));
  }
  const { name } = actor.record;
  if (actor.running !== undefined || actor.state.power === "starting")
    return refusal(
      "moment.present_runs",
      `“${name}” runs: its disks change while they would be looked at.`,
      `Keep a moment of it and compare with that: mimic snapshot ${name}`,
    );
  return await actor.occupy("it is compared with a moment of it", () => compare(context, from, presentOf(context, actor)));
}

/** What lies under the file that a machine of the moment would write to. */
function sideOf(
  context: Context,
  { record }: MachineActor,
  moment: { id: string; name: string; takenAt: string; hardware: HardwareSpec },
): Side {
  const all = context.ports.machines.plan({ ...record, hardware: moment.hardware }).files.disks;
  const chains = Object.fromEntries(
    moment.hardware.disks.map((disk) => [disk.id, disk.readOnly ? (all[disk.id] ?? []) : (all[disk.id] ?? []).slice(1)]),
  );
  return { moment: moment.id, name: moment.name, at: moment.takenAt, hardware: moment.hardware, chains };
}

function presentOf(context: Context, { record }: MachineActor): Side {
  const chains = context.ports.machines.plan(record).files.disks;
  return { name: "the present", at: nowIso(context), hardware: record.hardware, chains };
}

async function compare(context: Context, from: Side, to: Side): Promise<MomentComparison> {
  // No layer is taken in by another while it is read.
  const held = await context.layerWork.hold();
  try {
    const disks: DiskDifference[] = [];
    for (const { id } of from.hardware.disks) disks.push(to.chains[id] ? await compareDisk(context, id, from, to) : only(id, "removed"));
    for (const { id } of to.hardware.disks) if (!from.chains[id]) disks.push(only(id, "added"));
    return { from: shown(from), to: shown(to), disks };
  } finally {
    held[Symbol.dispose]();
    void mergeAgain(context);
  }
}

const shown = ({ moment, name, at }: Side) => ({ ...(moment !== undefined && { moment }), name, at });
const only = (disk: string, change: "added" | "removed"): DiskDifference => ({ disk, change, writtenBytes: 0, volumes: [] });

async function compareDisk(context: Context, disk: string, from: Side, to: Side): Promise<DiskDifference> {
  const timeOf = ({ chains, hardware }: Side, shared: number) => {
    const chain = chains[disk] ?? [];
    return { chain, own: chain.length - shared, sizeBytes: hardware.disks.find(({ id }) => id === disk)?.sizeBytes ?? 0 };
  };
  const shared = sharedLayers(from.chains[disk] ?? [], to.chains[disk] ?? []);
  const [before, after] = [timeOf(from, shared), timeOf(to, shared)];
  if (before.own === 0 && after.own === 0) return { disk, change: "same", writtenBytes: 0, volumes: [] };
  const answer = await context.ports.diskTool.compare(before, after, { signal: AbortSignal.timeout(PATIENCE_MS) });
  return { disk, change: answer.writtenBytes === 0 ? "same" : "changed", ...answer };
}

/** How many layers, from the bottom, both stand on. Pure. */
export function sharedLayers(from: readonly DiskFile[], to: readonly DiskFile[]): number {
  let count = 0;
  while (count < Math.min(from.length, to.length) && from.at(-1 - count)?.path === to.at(-1 - count)?.path) count++;
  return count;
}
