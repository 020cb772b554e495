// `mimic moments NAME`: the tree of moments, each under the one that it came after.
import { formatSize, plain } from "@mimic/base";
import { isKeptBefore, type MomentView, momentTree, retentionInWords, routineInWords } from "@mimic/model";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "moments ls",
  group: "In a moment",
  summary: "List the moments of a machine that can be gone back to",
  about: "“mimic moments NAME” is short for this. The present stands on the one that is marked with ●.",
  args: [MACHINE],
  examples: [{ line: "mimic moments web", does: "its snapshots and checkpoints as a tree, and what each costs" }],
  run: async ({ io, client }, given) => {
    const listed = await client.moments.list({ machine: given.arg("name") });
    if (given.json) printJson(io, listed);
    else if (listed.moments.length === 0)
      line(
        io,
        `No moments yet.\nKeep one: mimic snapshot ${given.arg("name")}   While it runs, with memory: mimic checkpoint ${given.arg("name")}`,
      );
    else
      printTable(
        io,
        ["MOMENT", "KIND", "DISKS", "COSTS", "KEPT", "ID"],
        momentTree(listed.moments).map(({ moment, depth }) => [
          {
            text: `${"  ".repeat(depth)}${moment.isPresent ? "● " : ""}${moment.name}${marksOf(moment)}`,
            tone: "strong",
          },
          { text: moment.kind },
          { text: DISKS[moment.consistency ?? "cut"] },
          { text: formatSize(moment.sizeBytes) },
          { text: relative(moment.takenAt, io.nowMs()) },
          { text: moment.id, tone: "faint" },
        ]),
      );
    const lacks = new Set(listed.moments.flatMap(({ memoryLacks }) => memoryLacks ?? []));
    if (!given.json) for (const lack of lacks) line(io, `\nAfter going back to a checkpoint, ${plain(lack, 300)}.`);
    if (!given.json && listed.routine) line(io, `\nRoutine: ${plain(routineInWords(listed.routine, io.nowMs()), 1000)}`);
    if (!given.json && listed.moments.some((moment) => isKeptBefore(moment)))
      line(io, `\n${plain(retentionInWords(listed.retention), 1000)} Change that: mimic moments routine ${given.arg("name")} --before 20`);
    return 0;
  },
};

const DISKS = { off: "it was off", memory: "with memory", frozen: "held still", cut: "as after a power cut" } as const;

function marksOf({ isProtected, automatic, siblings }: MomentView): string {
  const marks = [
    ...(isProtected ? ["protected"] : []),
    ...(automatic ? ["by Mimic"] : []),
    ...(siblings?.length ? [`with ${siblings.map(({ name }) => name).join(", ")}`] : []),
  ];
  return marks.length > 0 ? ` (${marks.join("; ")})` : "";
}
