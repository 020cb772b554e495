// `mimic jobs cancel JOB`.
import { plain } from "@mimic/base";
import { JOB } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "jobs cancel",
  group: "What happens",
  summary: "Stop a job and undo what it had half made",
  args: [JOB],
  examples: [{ line: "mimic jobs cancel job_01k…", does: "nothing half-made is left behind" }],
  run: async ({ io, client }, given) => {
    const job = await client.jobs.cancel({ job: given.arg("job") });
    if (given.json) printJson(io, job);
    else line(io, job.state === "running" ? `Being cancelled: ${plain(job.title)}.` : `It is ${job.state}: ${plain(job.title)}.`);
    return 0;
  },
};
