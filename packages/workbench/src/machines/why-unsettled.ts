// What no work on a machine's disks or memory can begin in: it sleeps, or is on its way up or down.
import { type Refusal, refusal } from "@mimic/base";
import type { MachineActor } from "./machine-actor.ts";

export function whyUnsettled({ record, state }: Pick<MachineActor, "record" | "state">): Refusal | undefined {
  const { name } = record;
  if (record.asleep)
    return refusal(
      "machine.asleep",
      `“${name}” sleeps: its memory and its disks belong together.`,
      `Wake it up first: mimic start ${name}`,
    );
  if (state.power === "starting" || state.power === "stopping")
    return refusal("machine.in_between", `“${name}” is ${state.power}.`, "Wait until it runs or is off, then try again.");
  return undefined;
}
