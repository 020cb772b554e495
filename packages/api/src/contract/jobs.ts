// Long work.
import { JobView } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Nothing, route } from "./common.ts";

const OfJob = z.strictObject({ job: z.string().min(1).max(60) });

const TAG = "jobs";
export const jobContract = {
  list: route(routes.jobs.list, TAG, "Long work: what runs and what ended lately")
    .input(Nothing)
    .output(z.object({ jobs: z.array(JobView) })),
  show: route(routes.jobs.show, TAG, "One job").input(OfJob).output(JobView),
  wait: route(routes.jobs.wait, TAG, "One job, when it has ended or the time is over")
    .input(z.strictObject({ job: z.string().min(1).max(60), withinMs: z.coerce.number().int().min(0).max(60_000).default(30_000) }))
    .output(JobView),
  cancel: route(routes.jobs.cancel, TAG, "Stop it and undo what it had half made").input(OfJob).output(JobView),
};
