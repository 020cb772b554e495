// `mimic type NAME TEXT…`.
import { quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec, Context } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { UsageError } from "../../say.ts";

const LONGEST = 10_000;

export const command: CommandSpec = {
  path: "type",
  group: "Inside a machine",
  summary: "Type text on a machine's keyboard",
  about: "As on a US keyboard. Words are joined by spaces; - reads the text from standard input.",
  args: [MACHINE, { name: "text", about: "what to type; - for standard input", many: true, completes: "nothing" }],
  options: [{ flags: "--enter", about: "press Enter at the end" }],
  examples: [
    { line: "mimic type hello 'ls -l' --enter", does: "as if typed at its own keyboard" },
    { line: "mimic type hello - < notes.txt", does: "a whole file, key by key" },
  ],
  run: async (context, given) => {
    const words = given.all("text");
    const typed = words.length === 1 && words[0] === "-" ? await readInput(context) : words.join(" ");
    const text = given.flag("enter") ? `${typed}\n` : typed;
    if (text === "" || text.length > LONGEST)
      throw new UsageError("cli.usage", text === "" ? "There is nothing to type." : `That is more than ${LONGEST} characters.`, {
        hint: "Bring files in with: mimic cp",
      });
    const answer = await context.client.machines.type({ machine: given.arg("name"), text });
    if (given.json) printJson(context.io, answer);
    else line(context.io, `Typed ${text.length} ${text.length === 1 ? "character" : "characters"} into ${quoted(given.arg("name"))}.`);
    return 0;
  },
};

async function readInput({ io }: Context): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of io.input.chunks()) {
    parts.push(chunk);
    size += chunk.length;
    if (size > 4 * LONGEST) break;
  }
  return Buffer.concat(parts).toString("utf8");
}
