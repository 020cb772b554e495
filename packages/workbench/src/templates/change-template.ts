// A template's record is written by several: a new name, a new generation, a generation less, a verification. Each takes its
// turn and begins with what the one before it left, so that none writes over what another has just said.
import { isRefusal, type Refusal } from "@mimic/base";
import type { TemplateRecord } from "@mimic/model";
import type { Context } from "../context.ts";

/**
 * `change` decides from the record as it is when its turn comes (undefined = the template is gone, or not there yet); a refusal
 * changes nothing. `write` = the record alone. Answers what `change` did.
 */
export async function changeTemplateRecord<T extends TemplateRecord | Refusal>(
  context: Context,
  id: string,
  change: (now: TemplateRecord | undefined) => T,
  write: (record: TemplateRecord) => Promise<void> = (record) => context.ports.templates.save(record),
): Promise<T> {
  const turn = context.templateTurn.then(async () => {
    const changed = change(context.templates.get(id));
    if (isRefusal(changed)) return changed;
    await write(changed as TemplateRecord);
    context.templates.set(id, changed as TemplateRecord);
    return changed;
  });
  context.templateTurn = turn.catch(() => {});
  return await turn;
}
