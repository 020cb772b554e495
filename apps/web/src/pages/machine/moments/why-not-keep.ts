// Why nothing can be kept of a machine now, and nothing gone back to; undefined = it can.
import type { MachineView } from "@mimic/model";

export function whyNotKeep(machine: MachineView): string | undefined {
  if (machine.forgets) return "It is disposable: nothing of it shall stay. Keep it first.";
  if (machine.asleep) return "It sleeps: wake it up first.";
  if (machine.power === "starting" || machine.power === "stopping") return "Wait until it runs or is off.";
  return undefined;
}
