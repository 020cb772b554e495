// How the verbs that change machines tell what is now true.
import { plain, quoted } from "@mimic/base";
import type { JobView, MachineView } from "@mimic/model";
import type { Context, Given } from "./command.ts";
import { aside, line, printJson } from "./io.ts";
import { waitJob } from "./wait-job.ts";

/** Waits for the job; `--json` prints it as it ended, else `words` says what is now true. */
export async function followJob(
  context: Context,
  given: Given,
  job: JobView,
  words: (job: JobView) => Promise<string> | string,
): Promise<number> {
  const ended = await waitJob(context, job, { quiet: given.json });
  if (given.json) printJson(context.io, ended);
  else line(context.io, await words(ended));
  return 0;
}

/** As `followJob`; `--no-wait` prints the job as it began. */
export async function followOrLeave(
  context: Context,
  given: Given,
  job: JobView,
  words: (job: JobView) => Promise<string> | string,
): Promise<number> {
  if (!given.off("wait")) return followJob(context, given, job, words);
  if (given.json) printJson(context.io, job);
  else {
    line(context.io, `Begun: ${plain(job.title)}.`);
    next(context, `Watch it: mimic jobs wait ${job.id}`);
  }
  return 0;
}

/** For each of the names, one after the other; the first that fails ends it. */
export async function eachMachine(given: Given, act: (name: string) => Promise<unknown>): Promise<number> {
  for (const name of given.all("name")) await act(name);
  return 0;
}

/** A verb that answers with the machine as it now is. */
export async function sayMachine(context: Context, given: Given, machine: MachineView, words: string): Promise<void> {
  if (given.json) printJson(context.io, machine);
  else line(context.io, words);
}

/** What one could do now: beside the result, and only for people. */
export function next(context: Context, text: string): void {
  if (context.io.out.isTerminal) aside(context.io, `  ${text}`, "faint");
}

/** “hello” is usable: the guest agent answered. */
export function readyWords(machine: MachineView): string {
  if (machine.power !== "running") return `${quoted(machine.name)} is ${machine.power}: ${machine.because}.`;
  return machine.usableBy ? `${quoted(machine.name)} is usable: ${machine.usableBy}.` : `${quoted(machine.name)} runs.`;
}
