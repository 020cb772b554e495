// QEMU gives old boards up after years. What goes on from memory needs the very one; what is switched on takes the newest of
// its kind, and that is told.
import type { Waiting } from "@mimic/base";
import type { MachineRecord } from "@mimic/model";
import type { Context } from "../context.ts";

/** `words`: empty when it has the board that it was kept with. Throws `qemu.*` where there is no such processor at all. */
export async function onKnownBoard(
  { ports }: Context,
  record: MachineRecord,
  options: Waiting,
): Promise<{ readonly record: MachineRecord; readonly words: string }> {
  const { hardware } = record;
  const pinned = hardware.machineType;
  if (pinned === undefined) return { record, words: "" };
  const { machineType } = await ports.hypervisor.namesHere(hardware, options);
  if (machineType === pinned) return { record, words: "" };
  return {
    record: { ...record, hardware: { ...hardware, machineType } },
    words: ` It has the board “${machineType}”, since this QEMU does not know “${pinned}” any more.`,
  };
}
