// `mimic moments routine NAME [--hourly 24 --daily 7 …] [--before 10 --before-days 7]`.
import { plain } from "@mimic/base";
import { MOST_DAYS, MOST_KEPT, type MomentRetention, type Rhythm, retentionInWords, routineInWords } from "@mimic/model";
import { MACHINE, readChoice, readCount, readTime } from "../../arguments.ts";
import type { CommandSpec, Given } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { UsageError } from "../../say.ts";

const NAMED = [
  { option: "hourly", everyMinutes: 60 },
  { option: "daily", everyMinutes: 24 * 60 },
  { option: "weekly", everyMinutes: 7 * 24 * 60 },
] as const;

export const command: CommandSpec = {
  path: "moments routine",
  group: "In a moment",
  summary: "Let Mimic keep moments of a machine by itself, and clear old ones away",
  about:
    "Without options it says what the routine is. Before going back and before a risky change Mimic keeps moments too, routine or not: --before and --before-days say how many of those stay. What you keep, name, note or protect yourself is never cleared away. Hours, days and weeks (from Monday) are those of UTC.",
  args: [MACHINE],
  options: [
    { flags: "--hourly <count>", about: "one in each hour, and so many stay", completes: ["24", "12", "48"] },
    { flags: "--daily <count>", about: "one of each day, and so many stay", completes: ["7", "14", "30"] },
    { flags: "--weekly <count>", about: "one of each week, and so many stay", completes: ["4", "8", "52"] },
    { flags: "--every <time>", about: "one in each such time (10m, 2h), with --last", completes: ["10m", "30m", "2h"] },
    { flags: "--last <count>", about: "how many of --every stay", completes: ["6", "12"] },
    {
      flags: "--kind <kind>",
      about: "snapshot (disks), or checkpoint (with memory, while it runs)",
      completes: ["snapshot", "checkpoint"],
    },
    { flags: "--off", about: "keep none any more; those that are there stay" },
    { flags: "--before <count>", about: "so many stay of what is kept before something, however old", completes: ["10", "5", "20"] },
    { flags: "--before-days <days>", about: "and so do those that are not older (0: none)", completes: ["7", "0", "30"] },
  ],
  examples: [
    { line: "mimic moments routine web --hourly 24 --daily 7", does: "the last 24 hours, and one of each of the last 7 days" },
    { line: "mimic moments routine web --off", does: "no routine any more" },
    { line: "mimic moments routine web --before 3 --before-days 1", does: "less of what is kept before going back" },
  ],
  run: async ({ io, client }, given) => {
    const machine = given.arg("name");
    const rhythms = readRhythms(given);
    const kind = given.text("kind");
    if (rhythms.length > 0 && given.flag("off"))
      throw new UsageError("cli.usage", "--off takes the routine away, and the other options make one.", {
        hint: "Give one or the other.",
      });
    const before = await client.moments.list({ machine });
    const retention = readRetention(given, before.retention);
    const isAsked = rhythms.length === 0 && kind === undefined && retention === undefined && !given.flag("off");
    const now = isAsked
      ? { routine: before.routine, retention: before.retention }
      : await client.moments.routine({
          machine,
          ...(given.flag("off") ? { rhythms: [] } : rhythms.length > 0 && { rhythms: [...rhythms] }),
          ...(kind !== undefined && { kind: readChoice("--kind", kind, ["snapshot", "checkpoint"]) }),
          ...(retention && { retention }),
        });
    if (given.json) printJson(io, now);
    else {
      const none = `No routine. Begin one: mimic moments routine ${machine} --hourly 24 --daily 7`;
      line(io, now.routine ? plain(routineInWords(now.routine, io.nowMs()), 1000) : none);
      line(io, plain(retentionInWords(now.retention), 1000));
    }
    return 0;
  },
};

/** Undefined = nothing was said of it; what was left out stays as it is. */
function readRetention(given: Given, { keep, days }: MomentRetention): MomentRetention | undefined {
  const [count, age] = [given.text("before"), given.text("beforeDays")];
  if (count === undefined && age === undefined) return undefined;
  return {
    keep: count === undefined ? keep : readCount("--before", count, [1, MOST_KEPT]),
    days: age === undefined ? days : readCount("--before-days", age, [0, MOST_DAYS]),
  };
}

function readRhythms(given: Given): readonly Rhythm[] {
  const named = NAMED.flatMap(({ option, everyMinutes }): Rhythm[] => {
    const text = given.text(option);
    return text === undefined ? [] : [{ everyMinutes, keep: readCount(`--${option}`, text, [1, MOST_KEPT]) }];
  });
  const [every, last] = [given.text("every"), given.text("last")];
  if ((every === undefined) !== (last === undefined))
    throw new UsageError("cli.usage", "--every and --last belong together.", { hint: "For example: --every 10m --last 6" });
  if (every === undefined || last === undefined) return named;
  const everyMinutes = readTime("--every", every) / 60_000;
  if (!Number.isInteger(everyMinutes) || everyMinutes < 1)
    throw new UsageError("cli.usage", "--every takes whole minutes or hours.", { hint: "For example: --every 10m --last 6" });
  return [...named, { everyMinutes, keep: readCount("--last", last, [1, MOST_KEPT]) }];
}
