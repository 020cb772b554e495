// What a machine's routine is, and changing it.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { type MachineRecord, type MomentRoutineView, rhythmsInWords, routineDueAt } from "@mimic/model";
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

/** No rhythms = no routine any more; the moments that it kept stay. */
export async function changeRoutine(context: Context, wish: RoutineWish): Promise<{ routine?: MomentRoutineView } | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const { name, forgets } = actor.record;
  if (forgets)
    return refusal("moment.of_disposable", `“${name}” is disposable: nothing of it shall stay.`, `Keep it first: mimic keep ${name}`);
  await actor.alone(async () => {
    const { routine: before, ...rest } = actor.record;
    const lastAt = before?.lastAt;
    const routine = { kind: wish.kind ?? before?.kind ?? "snapshot", rhythms: [...wish.rhythms], ...(lastAt && { lastAt }) };
    const record: MachineRecord = wish.rhythms.length === 0 ? rest : { ...rest, routine };
    await context.ports.machines.save(record);
    actor.record = record;
  });
  context.events.publish({ kind: "routine.changed", machineId: actor.record.id });
  const words = wish.rhythms.length === 0 ? "Moments are no longer kept by a routine." : `Routine: ${rhythmsInWords(wish.rhythms)}.`;
  await context.ports.machines.tell(actor.record.id, nowIso(context), words);
  context.routines.changed(actor.record.id);
  const routine = routineView(context, actor);
  return routine ? { routine } : {};
}
