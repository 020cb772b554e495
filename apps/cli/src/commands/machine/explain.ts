// `mimic explain NAME`: the engine's whole command line, each part with its reason.
import { plain } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { hasColour, printJson } from "../../io.ts";
import { tinted, wrap } from "../../table.ts";

export const command: CommandSpec = {
  path: "explain",
  group: "Machines",
  summary: "Show every argument that a machine's QEMU is started with, and why",
  args: [MACHINE],
  examples: [{ line: "mimic explain hello | less", does: "read how a virtual machine is put together" }],
  run: async ({ io, client }, given) => {
    const explained = await client.machines.explain({ machine: given.arg("name") });
    if (given.json) printJson(io, explained);
    else
      for (const part of explained.parts) {
        io.out.write(`${tinted(part.args.map(shellWord).join(" "), "strong", hasColour(io))}\n`);
        io.out.write(`    ${wrap(plain(part.because, 1000), 4, io.out.columns)}\n`);
      }
    return 0;
  },
};

/** As one would write it in a shell. */
function shellWord(word: string): string {
  const shown = plain(word, 4000);
  return /^[\w@%+=:,./-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
