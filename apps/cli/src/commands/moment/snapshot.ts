// `mimic snapshot NAME [MOMENT]`.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "snapshot",
  group: "In a moment",
  summary: "Keep a machine's disks as they are now, to go back to",
  about: "While it runs it goes on without noticing; what its programs had not written yet is not in it. With memory: mimic checkpoint.",
  args: [
    MACHINE,
    { name: "moment", about: "what the moment shall be called; the time when left out", optional: true, completes: "nothing" },
  ],
  options: [
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
    { flags: "--no-wait", about: "do not wait until it is kept" },
  ],
  examples: [
    { line: "mimic snapshot web before-upgrade", does: "a moment of its disks" },
    { line: "mimic restore web before-upgrade", does: "back to it" },
  ],
  run: async (context, given) => {
    const [name, note] = [given.maybe("moment"), given.text("note")];
    const { job } = await context.client.moments.take({
      machine: given.arg("name"),
      kind: "snapshot",
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
    });
    return followOrLeave(context, given, job, (ended) => {
      next(context, `Back to it: mimic restore ${given.arg("name")} ${name ?? ended.result?.["moment"] ?? ""}`);
      return ended.result?.["words"] ?? "Kept.";
    });
  },
};
