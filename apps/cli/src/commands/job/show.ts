// `mimic jobs show JOB`.
import type { JobView } from "@mimic/model";
import { JOB } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { printFacts } from "../../facts.ts";
import { printJson } from "../../io.ts";
import { type Cell, relative } from "../../table.ts";
import { stateCell } from "./ls.ts";

export const command: CommandSpec = {
  path: "jobs show",
  group: "What happens",
  summary: "Show all about one job",
  args: [JOB],
  examples: [{ line: "mimic jobs show job_01k…", does: "what it works on, how far it is, how it ended" }],
  run: async ({ io, client }, given) => {
    const job = await client.jobs.show({ job: given.arg("job") });
    if (given.json) printJson(io, job);
    else printFacts(io, factsOf(job, io.nowMs()));
    return 0;
  },
};

function factsOf(job: JobView, nowMs: number): (readonly [string, Cell | string])[] {
  const facts: (readonly [string, Cell | string])[] = [
    ["job", job.id],
    ["what", { text: job.title, tone: "strong" }],
    ["state", stateCell(job)],
    ["now", job.words],
    ["began", relative(job.startedAt, nowMs)],
  ];
  if (job.endedAt) facts.push(["ended", relative(job.endedAt, nowMs)]);
  for (const [name, value] of Object.entries(job.result ?? {})) facts.push([name, value]);
  if (job.problem) facts.push(["failed", { text: job.problem.message, tone: "bad" }], ["", job.problem.hint], ["code", job.problem.code]);
  return facts;
}
