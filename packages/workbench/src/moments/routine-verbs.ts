// What a machine's routine is, and changing it.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import {
  type MachineRecord,
  type MomentRetentionView,
  type MomentRoutineView,
  retentionInWords,
  rhythmsInWords,
  routineDueAt,
  USUAL_RETENTION,
} from "@mimic/model";
import { type Context, findMachine, nowIso } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { RoutineWish } from "../wishes.ts";

export function routineView(context: Context, { record }: MachineActor): MomentRoutineView | undefined {
  const { routine, id } = record;
  if (routine === undefined) return undefined;
  const skipped = context.routines.skipped(id);
  return {
    ...routine,
    nextAt: new Date(routineDueAt(routine, context.ports.clock.nowMs())).toISOString(),
    ...(skipped && { skipped }),
  };
}

/** How long what Mimic keeps before something stays. */
export function retentionView({ routines }: Context, { record }: MachineActor): MomentRetentionView {
  const waiting = routines.waiting(record.id);
  return { ...(record.retention ?? USUAL_RETENTION), ...(waiting && { waiting }) };
}

export interface RoutineAnswer {
  readonly routine?: MomentRoutineView;
  readonly retention: MomentRetentionView;
}

/** No rhythms = no routine any more; the moments that it kept stay. What is left out stays as it is. */
export async function changeRoutine(context: Context, wish: RoutineWish): Promise<RoutineAnswer | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const { name, forgets } = actor.record;
  if (forgets)
    return refusal("moment.of_disposable", `“${name}” is disposable: nothing of it shall stay.`, `Keep it first: mimic keep ${name}`);
  await actor.alone(async () => {
    const record = changed(actor.record, wish);
    await context.ports.machines.save(record);
    actor.record = record;
  });
  const { id } = actor.record;
  context.events.publish({ kind: "routine.changed", machineId: id });
  for (const words of inWords(wish)) await context.ports.machines.tell(id, nowIso(context), words);
  context.routines.changed(id);
  const routine = routineView(context, actor);
  return { ...(routine && { routine }), retention: retentionView(context, actor) };
}

function changed({ routine: before, ...rest }: MachineRecord, { kind, rhythms, retention }: RoutineWish): MachineRecord {
  const lastAt = before?.lastAt;
  const wanted = rhythms ?? before?.rhythms ?? [];
  const routine = { kind: kind ?? before?.kind ?? "snapshot", rhythms: [...wanted], ...(lastAt && { lastAt }) };
  return { ...rest, ...(wanted.length > 0 && { routine }), ...(retention && { retention }) };
}

function inWords({ rhythms, retention }: RoutineWish): readonly string[] {
  const routine = rhythms?.length === 0 ? "Moments are no longer kept by a routine." : rhythms && `Routine: ${rhythmsInWords(rhythms)}.`;
  return [...(routine ? [routine] : []), ...(retention ? [retentionInWords(retention)] : [])];
}
