// Why nothing can be kept of a machine now, and nothing gone back to; undefined = it can.
import { type MachineView, whyNotSave } from "@mimic/model";

export function whyNotKeep(machine: MachineView): string | undefined {
  if (machine.forgets) return "It is disposable: nothing of it shall stay. Keep it first.";
  if (machine.asleep) return "It sleeps: wake it up first.";
  if (machine.power === "starting" || machine.power === "stopping") return "Wait until it runs or is off.";
  return undefined;
}

const isOn = ({ power }: MachineView): boolean => power === "running" || power === "paused";

/** Why its memory cannot be kept with its disks; undefined = it can. */
export const whyNotKeepWhole = (machine: MachineView): string | undefined =>
  whyNotKeep(machine) ?? (isOn(machine) ? whyNotSave(machine.hardware) : "It is off: it has no memory to keep.");

/** Why its memory cannot be put onto the disk now; undefined = it can. */
export function whyNotSleep(machine: MachineView): string | undefined {
  const why = whyNotKeep(machine) ?? (isOn(machine) ? undefined : "It is off.");
  return why ?? capital(whyNotSave(machine.runs?.hardware ?? machine.hardware, machine.runs?.growth));
}

const capital = (words: string | undefined): string | undefined => words && `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
