// `mimic jobs`.
import type { JobView } from "@mimic/model";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { shareOf } from "../../progress.ts";
import { type Cell, relative, type Tone } from "../../table.ts";

export const command: CommandSpec = {
  path: "jobs ls",
  group: "What happens",
  summary: "List long work: what runs, and what ended lately",
  examples: [{ line: "mimic jobs", does: "each with how far it is or how it ended" }],
  run: async ({ io, client }, given) => {
    const listed = await client.jobs.list({});
    if (given.json) printJson(io, listed);
    else if (listed.jobs.length === 0) line(io, "No work is under way, and none ended lately.");
    else
      printTable(
        io,
        ["JOB", "WHAT", "STATE", "BEGAN", "NOW"],
        listed.jobs.map((job) => [
          { text: job.id, tone: "faint" },
          { text: job.title, tone: "strong" },
          stateCell(job),
          { text: relative(job.startedAt, io.nowMs()) },
          { text: job.problem?.message ?? job.words },
        ]),
      );
    return 0;
  },
};

const TONE: Readonly<Record<JobView["state"], Tone>> = { running: "busy", done: "good", failed: "bad", cancelled: "faint" };

export function stateCell(job: JobView): Cell {
  const share = job.state === "running" ? shareOf(job) : undefined;
  return { text: share === undefined ? job.state : `${job.state} ${Math.floor(share * 100)} %`, tone: TONE[job.state] };
}
