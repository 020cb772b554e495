// Without a memory to go on from (or with disks that shall begin anew each time): fresh disks over the template's, and a start.
import { isRefusal, type LongWork, type Refusal } from "@mimic/base";
import { type Name, newest, type TemplateRecord } from "@mimic/model";
import type { Context } from "../context.ts";
import type { JobResult } from "../jobs/job-board.ts";
import { adoptNew, publish } from "../machines/create-machine.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import { bringUp } from "../machines/power-verbs.ts";
import { writeSeeds } from "../machines/write-seeds.ts";
import { freshDisks } from "../moments/fresh-disks.ts";
import { instanceRecord, withoutCards } from "../templates/instance.ts";
import { onKnownBoard } from "../templates/known-board.ts";

interface Wanted {
  readonly name: Name;
  readonly forgets: "machine" | "disks";
  /** Why it does not go on from memory. */
  readonly because: string;
  readonly plugIn: (actor: MachineActor) => Promise<Refusal | undefined>;
}

export async function switchOn(
  context: Context,
  template: TemplateRecord,
  { name, forgets, because, plugIn }: Wanted,
  work: LongWork,
): Promise<JobResult | Refusal> {
  const generation = newest(template);
  work.report({ words: `Switching “${name}” on, because ${because}` });
  const made = withoutCards(instanceRecord(context, template, generation, { name, forgets, switchedOnBecause: because }));
  const { record, words } = await onKnownBoard(context, made, work);
  await publish(context, record, work, async (draft) => {
    await freshDisks(context, record, { ...work, draft: true });
    await context.ports.templates.filesFor(template.id, generation.number, record.id);
    await writeSeeds(context, record, draft);
  });
  const story = `Made from the template “${template.name}”, to be used and forgotten. It was switched on, because ${because}.${words}`;
  const actor = adoptNew(context, record, story);
  const unplugged = await plugIn(actor);
  if (unplugged) return unplugged;
  const up = await bringUp(actor, "usable", work);
  if (isRefusal(up)) return up;
  return {
    machine: record.id,
    name,
    switchedOnBecause: because,
    words: `“${name}” is there. It was switched on, because ${because}.${words}`,
  };
}
