// What is under way, written down before it begins. The folders themselves say how to finish or undo
// (drafts and quarantine, see recover.ts); the journal is how the person learns what was cut off.
import { type IdMaker, MimicError } from "@mimic/base";
import type { Journal, JournalEntry } from "@mimic/workbench/ports";
import type { Layout } from "../layout.ts";
import type { Files } from "./files.ts";

export function createJournal({ layout, files, ids }: { layout: Layout; files: Files; ids: IdMaker }): Journal {
  const pathOf = (id: string) => `${layout.journal}/${id}.json`;
  return {
    async begin(entry) {
      const id = ids.make("jnl");
      await files.write(pathOf(id), `${JSON.stringify(entry)}\n`);
      return { id, close: () => files.remove(pathOf(id)) };
    },
    async open() {
      const found: { id: string; entry: JournalEntry }[] = [];
      for (const name of await files.names(layout.journal)) {
        const id = name.replace(/\.json$/, "");
        if (!/^jnl_[0-9a-z]{26}$/.test(id)) continue;
        try {
          found.push({ id, entry: JSON.parse((await files.readText(pathOf(id))) ?? "") as JournalEntry });
        } catch (error) {
          if (error instanceof MimicError) throw error;
          // Cut off while it was written: nothing had begun yet.
          await files.remove(pathOf(id));
        }
      }
      return found;
    },
    close: (id) => files.remove(pathOf(id)),
  };
}
