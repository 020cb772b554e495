// What became of a wish about a machine's parts, in a sentence; and what the one table says before it is wished for.
import { plain } from "@mimic/base";
import { type HardwareChange, type HardwareChangeReport, type HardwareFacts, type MachineView, whenCanChange } from "@mimic/model";
import { useMutation } from "@tanstack/react-query";
import { takeAnswer } from "./actions.ts";
import { api } from "./api.ts";
import { say, showProblem } from "./notices.ts";

export const factsOf = (machine: MachineView): HardwareFacts => ({ wanted: machine.hardware, runs: machine.runs });

/** For beneath a button: “Now. …” or “At its next start. …”; empty for a machine that is off. */
export function whenWords(change: HardwareChange, machine: MachineView): string {
  const { when, why } = whenCanChange(change, factsOf(machine));
  if (when === "never") return why;
  if (!machine.runs) return "";
  return `${when === "now" ? "Now" : "At its next start"}: ${why}`;
}

export const whyNever = (change: HardwareChange, machine: MachineView): string | undefined => {
  const { when, why } = whenCanChange(change, factsOf(machine));
  return when === "never" ? why : undefined;
};

export function changeWords(changes: readonly HardwareChangeReport[], isRunning: boolean): string {
  if (changes.length === 0) return "Kept.";
  return changes
    .map(({ what, when, why }) => {
      const name = plain(what, 120);
      if (when === "later") return `${name}: at its next start. ${plain(why, 400)}`;
      return isRunning ? `${name}: done while it runs. ${plain(why, 400)}` : `${name}: done.`;
    })
    .join(" ");
}

type Wish = Omit<Parameters<typeof api.machines.change>[0], "machine">;

/** Changes a machine and says what happened with each part of the wish. */
export function useChange(machine: MachineView, after?: () => void) {
  return useMutation({
    mutationFn: (wish: Wish) => api.machines.change({ machine: machine.id, ...wish }),
    onSuccess: (changed) => {
      takeAnswer(changed);
      say(changeWords(changed.changes, changed.runs !== undefined));
      after?.();
    },
    onError: (error) => showProblem(error),
  });
}
