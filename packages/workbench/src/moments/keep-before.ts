// Before a change after which a system may not start any more, or after which something of it is gone, the machine is
// kept as it is: an automatic snapshot, which costs next to nothing while it is off.
import { type LongWork, messageOf } from "@mimic/base";
import type { HardwareChangeReport, HardwareSpec } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { ChangeWish } from "../workbench.ts";
import { keep, mayNotTake } from "./take-moment.ts";

/** What a system finds to be another computer. */
const ANOTHER_COMPUTER = [
  "architecture",
  "board",
  "firmware",
  "secureBoot",
  "tpm",
  "cpuModel",
  "display",
] as const satisfies readonly (keyof HardwareSpec)[];

/** In words what is risky about it; undefined = nothing that could not be changed back. Pure. */
export function whatIsRisky(wish: ChangeWish, has: HardwareSpec, isOff: boolean): string | undefined {
  if (wish.removeDisk !== undefined) return "a disk was taken out";
  // While it runs such changes wait for its next start: its disks then are not those of now.
  if (!isOff) return undefined;
  const { hardware = {}, bus } = wish;
  const changed = ANOTHER_COMPUTER.some((part) => hardware[part] !== undefined && hardware[part] !== has[part]);
  if (changed || (bus !== undefined && has.disks.some((disk) => disk.bus !== bus))) return "its hardware became another computer’s";
  return undefined;
}

/** In the turn of the change. Undefined = there was nothing to keep, or it could not be kept; the change goes on. */
export async function keepBefore(
  context: Context,
  actor: MachineActor,
  wish: ChangeWish,
  work: LongWork,
): Promise<HardwareChangeReport | undefined> {
  const { record, running } = actor;
  const risk = whatIsRisky(wish, record.hardware, running === undefined);
  if (risk === undefined || !actor.hasRun || actor.busy !== undefined || mayNotTake(actor, "snapshot")) return undefined;
  try {
    const wished = { kind: "snapshot", name: `before ${risk}`, automatic: `before ${risk}` } as const;
    const moment = await actor.occupy("a moment of it is being kept", () => keep(context, actor, wished, work), { apart: true });
    // In a turn of its own, so after the change.
    context.routines.look(record.id);
    return { what: "kept as it was", when: "live", why: `Back to it: mimic restore ${record.name} ${moment.id}` };
  } catch (error) {
    context.ports.log.warn("a machine was not kept before it was changed", { machineId: record.id, error: messageOf(error) });
    return { what: "not kept as it was", when: "live", why: messageOf(error) };
  }
}
