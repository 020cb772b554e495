// `mimic timetable NAME FILE`: changes at their times, from a YAML or JSON file.
import { readFile, stat } from "node:fs/promises";
import type { InputOf } from "@mimic/api/client";
import { plain } from "@mimic/base";
import { readTimetable } from "@mimic/model";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line } from "../../io.ts";
import { followOrLeave } from "../../outcome.ts";
import { UsageError } from "../../say.ts";

const MAX_BYTES = 256 * 1024;

export const command: CommandSpec = {
  path: "timetable",
  group: "Machines",
  summary: "Change a running machine at given times",
  about:
    "The file is a list in YAML or JSON: “- at: 10s” and below it “do: pull cable”. Other steps: plug cable, memory (to: half), cores, limit cores, slow disk (speed: 1M), free disk, add disk, remove disk, grow disk, add usb, remove usb, screen size (to: 1024x768), insert, eject, type, press power, reset, pause, resume, kill. Of each step it is said whether it was done live, waits for the next start, or is impossible.",
  args: [MACHINE, { name: "file", about: "the timetable", completes: "file" }],
  options: [{ flags: "--no-wait", about: "begin it and return at once" }],
  examples: [{ line: "mimic timetable hello bad-day.yaml", does: "cable out, memory halved, a slow disk: each at its second" }],
  run: async (context, given) => {
    const steps = await readSteps(given.arg("file"));
    const { job } = await context.client.machines.timetable({ machine: given.arg("name"), steps });
    return await followOrLeave(context, given, job, (ended) => {
      for (let at = 1; ended.result?.[`step${at}`] !== undefined; at++) line(context.io, plain(ended.result[`step${at}`] ?? "", 600));
      return plain(ended.result?.words ?? "Done.", 200);
    });
  },
};

type Steps = InputOf<"machines", "timetable">["steps"];

async function readSteps(path: string): Promise<Steps> {
  const bad = (why: string) =>
    new UsageError("timetable.unreadable", `“${plain(path, 200)}” cannot be used as a timetable: ${why}.`, {
      hint: "mimic timetable --help shows the form.",
    });
  const facts = await stat(path).catch(() => undefined);
  if (!facts?.isFile()) throw bad("there is no such file");
  if (facts.size > MAX_BYTES) throw bad("it is too large");
  const text = await readFile(path, "utf8");
  const { parseDocument } = await import("yaml");
  // JSON is YAML too. Anchors cannot blow up (few aliases), and no tag makes anything but plain data.
  const document = parseDocument(text, { schema: "core", version: "1.2", customTags: [], merge: false });
  const [error] = document.errors;
  if (error) throw bad(plain(error.message, 200));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 10 });
  } catch {
    throw bad("it repeats itself too often (aliases)");
  }
  const read = readTimetable(value);
  if ("wrong" in read) throw bad(read.wrong);
  // As it was written: the daemon reads times and sizes by the same rules.
  return (Array.isArray(value) ? value : (value as { steps: unknown }).steps) as Steps;
}
