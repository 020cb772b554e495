// What `mimic snapshot` and `mimic checkpoint` share: they take a moment, of one kind or the other.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";

export const takesMoment = (kind: "snapshot" | "checkpoint", words: Pick<CommandSpec, "summary" | "about" | "examples">): CommandSpec => ({
  path: kind,
  group: "In a moment",
  ...words,
  args: [
    MACHINE,
    { name: "moment", about: "what the moment shall be called; the time when left out", optional: true, completes: "nothing" },
  ],
  options: [
    { flags: "--note <text>", about: "a note to yourself", completes: "nothing" },
    { flags: "--no-wait", about: "do not wait until it is kept" },
  ],
  run: async (context, given) => {
    const [name, note] = [given.maybe("moment"), given.text("note")];
    const { job } = await context.client.moments.take({
      machine: given.arg("name"),
      kind,
      ...(name !== undefined && { name }),
      ...(note !== undefined && { note }),
    });
    return followOrLeave(context, given, job, (ended) => {
      next(context, `Back to it: mimic restore ${given.arg("name")} ${name ?? ended.result?.["moment"] ?? ""}`);
      return ended.result?.["words"] ?? "Kept.";
    });
  },
});
