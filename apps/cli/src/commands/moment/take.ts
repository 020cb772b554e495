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
    {
      flags: "--with <machine>",
      about: "and of this machine at the same moment: all or none; may be given again",
      many: true,
      completes: "machine",
    },
    { flags: "--no-wait", about: "do not wait until it is kept" },
  ],
  run: async (context, given) => {
    const [name, note] = [given.maybe("moment"), given.text("note")];
    const [machine, others] = [given.arg("name"), given.texts("with")];
    const wish = { kind, ...(name !== undefined && { name }), ...(note !== undefined && { note }) };
    const { moments } = context.client;
    const { job } = await (others.length > 0
      ? moments.takeTogether({ machines: [machine, ...others], ...wish })
      : moments.take({ machine, ...wish }));
    return followOrLeave(context, given, job, (ended) => {
      const together = others.length > 0 ? " --together" : "";
      next(context, `Back to it: mimic restore ${machine} ${name ?? ended.result?.["moment"] ?? ""}${together}`);
      return ended.result?.["words"] ?? "Kept.";
    });
  },
});
