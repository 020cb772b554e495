// What is told of a record that cannot be read. Its name is looked for in the text, so that people know which one it is.
import { Name } from "@mimic/model";
import type { UnreadableRecord } from "@mimic/workbench/ports";
import type { Loaded } from "./documents.ts";
import type { Files } from "./files.ts";

/** In a whole document the name of the thing comes before all others; what is cut off or newer may still have it. */
const NAME = /"name":\s*"([^"\\]{1,63})"/;

export async function describeUnread(
  files: Files,
  at: { readonly folder: string; readonly record: string },
  loaded: Loaded<{ readonly id: string }>,
): Promise<UnreadableRecord> {
  const { folder, record } = at;
  const file = record.slice(folder.length + 1);
  if (loaded.kind === "absent") return { folder, why: `it has no ${file}` };
  if (loaded.kind === "found") return { folder, why: `its ${file} belongs to ${loaded.body.id}` };
  const text = (await files.readText(record).catch(() => undefined)) ?? "";
  const name = Name.safeParse(NAME.exec(text.slice(0, 100_000))?.[1]);
  return { folder, why: loaded.why, name: name.data, isNewer: loaded.kind === "newer" };
}
