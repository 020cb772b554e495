// `mimic jobs wait JOB`: watching never cancels, unlike the verb that began the job.
import { plain } from "@mimic/base";
import { JOB } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { waitJob } from "../../wait-job.ts";

export const command: CommandSpec = {
  path: "jobs wait",
  group: "What happens",
  summary: "Watch a job until it ends",
  about: "Ends with 0 when the job did what it was for, else with 1. Ctrl-C only stops watching.",
  args: [JOB],
  examples: [{ line: "mimic jobs wait job_01k… && mimic start web", does: "go on when it is done" }],
  run: async (context, given) => {
    const job = await context.client.jobs.show({ job: given.arg("job") });
    const ended = await waitJob(context, job, { quiet: given.json, keepGoing: true });
    if (given.json) printJson(context.io, ended);
    else line(context.io, `Done: ${plain(ended.title)}`);
    return 0;
  },
};
