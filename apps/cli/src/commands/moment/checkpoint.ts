// `mimic checkpoint NAME [MOMENT]`.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "checkpoint",
  group: "In a moment",
  summary: "Keep a running machine whole: disks, memory and devices, to go on from",
  about: "It goes on meanwhile and stands still for a moment that nobody notices.",
  args: [
    MACHINE,
    { name: "moment", about: "what the moment shall be called; the time when left out", optional: true, completes: "nothing" },
  ],
  options: [
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
    { flags: "--no-wait", about: "do not wait until it is kept" },
  ],
  examples: [
    { line: "mimic checkpoint game level-3", does: "the game as it is now" },
    { line: "mimic restore game level-3", does: "and back to it, in the middle of the level" },
  ],
  run: async (context, given) => {
    const [name, note] = [given.maybe("moment"), given.text("note")];
    const { job } = await context.client.moments.take({
      machine: given.arg("name"),
      kind: "checkpoint",
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
    });
    return followOrLeave(context, given, job, (ended) => {
      next(context, `Back to it: mimic restore ${given.arg("name")} ${name ?? ended.result?.["moment"] ?? ""}`);
      return ended.result?.["words"] ?? "Kept.";
    });
  },
};
