// The disk that a piece of long work is for, or why it cannot be done now.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { DiskSpec } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { whyUnsettled } from "../machines/why-unsettled.ts";
import type { DiskChain } from "../ports/index.ts";

export interface FoundDisk {
  readonly actor: MachineActor;
  readonly disk: DiskSpec;
  /** Its own file, then what it stands on. */
  readonly chain: DiskChain;
}

export function findDiskForWork(context: Context, input: { machine: string; disk: string }): FoundDisk | Refusal {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const disk = actor.record.hardware.disks.find(({ id }) => id === input.disk);
  if (disk === undefined)
    return refusal(
      "disk.unknown",
      `“${actor.record.name}” has no disk ${input.disk.slice(0, 40)}.`,
      `See its disks: mimic disk ls ${actor.record.name}`,
    );
  const refused = whyNotNow(context, actor, disk);
  return refused ?? { actor, disk, chain: context.ports.machines.plan(actor.record).files.disks[disk.id] ?? [] };
}

function whyNotNow(context: Context, { record, state, running, heldBy: busy }: MachineActor, disk: DiskSpec): Refusal | undefined {
  const { name } = record;
  if (record.forgets)
    return refusal("disk.of_disposable", `“${name}” is disposable: its disks vanish with it.`, `Keep it first: mimic keep ${name}`);
  const unsettled = whyUnsettled({ record, state });
  if (unsettled) return unsettled;
  if (disk.readOnly)
    return refusal("disk.read_only", `This disk of “${name}” is only read; it has nothing of its own.`, "There is nothing to do.");
  if (running && !running.run.hardware.disks.some(({ id }) => id === disk.id))
    return refusal("disk.not_plugged", `“${name}” runs without this disk until its next start.`, `Restart it first: mimic restart ${name}`);
  const job = context.jobs.workingOn(record.id);
  if (busy !== undefined || (job !== undefined && job !== context.layerWork.job))
    return refusal("machine.busy", `“${name}” is busy${busy ? `: ${busy}` : ""}.`, "Wait until that is done: mimic jobs");
  return undefined;
}

/** Its place in the list, as people count. */
export const numberOf = ({ record }: MachineActor, disk: DiskSpec): number =>
  record.hardware.disks.findIndex(({ id }) => id === disk.id) + 1;

/** A wish that needs this much room where there is less. */
export const tooLittleRoom = (what: string, needs: string, has: string): Refusal =>
  refusal(
    "host.disk_short",
    `${what} takes up to ${needs}, and only ${has} ${has.endsWith("1") ? "is" : "are"} free there.`,
    "Make room (mimic trash empty, mimic image ls), or use another drive: mimic disk move",
  );
