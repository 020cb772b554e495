// What a machine becomes when it goes back, made while its present is still being kept: fresh disks over the moment's
// layers and, where it goes on from the moment's memory, the process that will do so, standing ready beside the present one.
import { type LongWork, messageOf } from "@mimic/base";
import type { DiskSpec, HardwareSpec, MachineRecord, MomentRecord } from "@mimic/model";
import type { Context } from "../context.ts";
import { decideStart } from "../machines/decide-start.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { ReadyStart } from "../ports/index.ts";
import { whyNotWakeHere } from "../templates/saved-here.ts";

/** Disposed, it leaves nothing of what was not taken. */
export interface NextPresent extends AsyncDisposable {
  readonly moment: MomentRecord;
  readonly hardware: HardwareSpec;
  /** Rejects when its disks could not be made. */
  readonly made: Promise<Made>;
  /** Its disks are the machine's from now on, whatever becomes of the rest. */
  claimDisks(): void;
  /** What stands ready is the caller's, to be let go or disposed. */
  takeProcess(): Promise<ReadyStart | undefined>;
}

export interface Made {
  /** It goes on from the moment's memory. */
  readonly wakes: boolean;
  /** Why not, where that was to be expected. */
  readonly because: string | undefined;
}

export interface NextWish {
  readonly moment: MomentRecord;
  readonly disksOnly: boolean;
  /** Begin its process too: for a short while the machine takes its memory twice. */
  readonly ahead: boolean;
}

/** Begins at once. */
export function nextPresent(context: Context, actor: MachineActor, wish: NextWish, work: LongWork): NextPresent {
  const { moment, disksOnly, ahead } = wish;
  const { ports } = context;
  const before = actor.record;
  const disks = moment.hardware.disks.map(
    (disk): DiskSpec =>
      disk.readOnly ? disk : { ...disk, format: "qcow2", head: ports.ids.make("lay"), storage: storageOf(before, disk) },
  );
  const hardware: HardwareSpec = { ...moment.hardware, disks };
  const next: MachineRecord = { ...before, hardware };
  const make = async (): Promise<Made> => {
    const because = moment.savedWith && !disksOnly ? await whyNotWakeHere(context, moment.savedWith, moment.hardware, work) : "";
    await makeDisks(context, next, work);
    return { wakes: because === undefined && moment.kind === "checkpoint", because };
  };
  const made = make();
  const process = made.then(({ wakes }) => (wakes && ahead ? standReady(context, next, moment, work) : undefined)).catch(() => undefined);
  let areDisksTaken = false;
  let isProcessTaken = false;
  return {
    moment,
    hardware,
    made,
    claimDisks() {
      areDisksTaken = true;
    },
    async takeProcess() {
      isProcessTaken = true;
      return await process;
    },
    async [Symbol.asyncDispose]() {
      const standing = await process;
      if (!isProcessTaken) await standing?.[Symbol.asyncDispose]();
      if (areDisksTaken) return;
      for (const disk of disks) if (!disk.readOnly) await ports.machines.forgetFile(next, disk);
    },
  };
}

/** A disk stays in the storage that it was moved to. */
const storageOf = ({ hardware }: MachineRecord, disk: DiskSpec): string | undefined =>
  hardware.disks.find(({ id }) => id === disk.id)?.storage;

async function makeDisks({ ports }: Context, next: MachineRecord, work: LongWork): Promise<void> {
  const chains = ports.machines.plan(next).files.disks;
  for (const disk of next.hardware.disks) {
    const [own, under] = chains[disk.id] ?? [];
    if (!own || disk.readOnly) continue;
    if (under) await ports.diskTool.createOverlay(own.path, under, disk.sizeBytes, work);
    else await ports.diskTool.createEmpty(own.path, "qcow2", disk.sizeBytes, work);
  }
}

/** Undefined where that cannot be, or did not work: then it is started when its turn has come, and says itself what is wrong. */
async function standReady(context: Context, next: MachineRecord, moment: MomentRecord, work: LongWork): Promise<ReadyStart | undefined> {
  const { ports } = context;
  if (!canStandBeside(next) || decideStart(next.name, next.hardware, await ports.survey.survey())) return undefined;
  const resume = { statePath: ports.moments.statePath(next.id, moment.id) };
  try {
    return await ports.hypervisor.prepare({ ...ports.machines.plan(next), resume }, { signal: work.signal, report() {} });
  } catch (error) {
    work.signal.throwIfAborted();
    ports.log.warn("a machine's next process did not stand ready", { machineId: next.id, error: messageOf(error) });
    return undefined;
  }
}

/** Firmware's variables and a TPM's secrets are the present's until it ends. */
const canStandBeside = ({ hardware, forgets }: MachineRecord): boolean =>
  forgets === undefined && hardware.firmware === "bios" && !hardware.tpm;
