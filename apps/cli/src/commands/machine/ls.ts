// `mimic ls`. The plain case never comes here: fast-list.ts answers it.
import { plain } from "@mimic/base";
import type { CommandSpec } from "../../command.ts";
import { aside, line, lookOf, printJson } from "../../io.ts";
import { machineTable, unreadableInWords } from "../../machine-rows.ts";

export const command: CommandSpec = {
  path: "ls",
  group: "Machines",
  summary: "List your machines",
  options: [{ flags: "--names", about: "only the names, one a line" }],
  examples: [
    { line: "mimic ls", does: "all machines, with their state, system, memory, and since when they are so" },
    { line: "mimic ls --json", does: "everything that is known of them, for a program" },
    { line: "mimic ls --names | xargs mimic stop", does: "stop them all" },
  ],
  run: async ({ io, client }, given) => {
    const listed = await client.machines.list({});
    if (given.json) printJson(io, listed);
    else if (given.flag("names")) for (const { name } of listed.machines) line(io, plain(name));
    else io.out.write(`${machineTable(listed.machines, { ...lookOf(io), nowMs: io.nowMs() })}\n`);
    if (!given.json && listed.unreadable && io.err.isTerminal) aside(io, unreadableInWords(listed.unreadable));
    return 0;
  },
};
