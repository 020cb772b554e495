// `mimic logs NAME`: what happened to a machine, what its engine said, what came over its serial line.
import { plain } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { harmlessText } from "../../harmless-text.ts";
import { line, printJson, printTable } from "../../io.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "logs",
  group: "What happens",
  summary: "Tell what happened to a machine",
  about: "Its story in plain words; --engine shows the last words of its QEMU, --serial the end of its serial console.",
  args: [MACHINE],
  options: [
    { flags: "--engine", about: "what its QEMU said" },
    { flags: "--serial", about: "the end of its serial console, as plain text" },
  ],
  examples: [
    { line: "mimic logs hello", does: "its story: made, started, usable, stopped" },
    { line: "mimic logs hello --serial | tail -40", does: "the last boot messages" },
  ],
  run: async ({ io, client }, given) => {
    const machine = given.arg("name");
    if (given.flag("engine") || given.flag("serial")) {
      const log = await client.machines.log({ machine, which: given.flag("serial") ? "serial" : "qemu" });
      if (given.json) printJson(io, log);
      else if (log.text) io.out.write(`${harmlessText(log.text).trimEnd()}\n`);
      return 0;
    }
    const told = await client.machines.story({ machine });
    if (given.json) printJson(io, told);
    else if (told.story.length === 0) line(io, "Nothing has happened to it yet.");
    else
      printTable(
        io,
        ["WHEN", "WHAT"],
        told.story.map(({ at, words }) => [{ text: relative(at, io.nowMs()), tone: "faint" }, { text: plain(words, 1000) }]),
      );
    return 0;
  },
};
