// `mimic trash empty`: all of it, for ever.
import { YES } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "trash empty",
  group: "Machines",
  summary: "Forget all machines of the trash for ever",
  options: [YES],
  examples: [{ line: "mimic trash empty --yes", does: "makes room; nothing brings them back" }],
  run: async (context, given) => {
    const { io, client } = context;
    const { trash } = await client.trash.list({});
    if (trash.length > 0)
      await confirm(context, given, `${machines(trash.length)} in the trash and all on their disks will be gone for ever.`);
    const answer = trash.length > 0 ? await client.trash.empty({}) : { forgotten: 0 };
    if (given.json) printJson(io, answer);
    else
      line(io, answer.forgotten === 0 ? "The trash is empty already." : `The trash is empty: ${machines(answer.forgotten)} gone for ever.`);
    return 0;
  },
};

const machines = (count: number): string => (count === 1 ? "One machine" : `${count} machines`);
