// A template's record is written by several: a new name, a new generation, a generation less, a verification. Each takes its
// turn and begins with what the one before it left, so that none writes over what another has just said.
import type { TemplateRecord } from "@mimic/model";
import type { Context } from "../context.ts";

/**
 * `change` decides from the record as it is when its turn comes (undefined = the template is gone, or not there yet); undefined
 * from it changes nothing. `write` = the record alone. Answers what was written.
 */
export async function changeTemplateRecord(
  context: Context,
  id: string,
  change: (now: TemplateRecord | undefined) => TemplateRecord | undefined,
  write: (record: TemplateRecord) => Promise<void> = (record) => context.ports.templates.save(record),
): Promise<TemplateRecord | undefined> {
  const turn = context.templateTurn.then(async () => {
    const record = change(context.templates.get(id));
    if (record === undefined) return undefined;
    await write(record);
    context.templates.set(id, record);
    return record;
  });
  context.templateTurn = turn.catch(() => {});
  return await turn;
}
