// Long work on the disks of machines.
import { JobView } from "@mimic/model";
import { oc } from "@orpc/contract";
import { z } from "zod";
import { type Route, routes } from "./routes.ts";

const route = (r: Route, summary: string) => oc.route({ method: r.method, path: r.path, tags: ["machines"], summary });
const Started = z.object({ job: JobView });
const OfDisk = z.strictObject({
  machine: z.string().min(1).max(100).describe("name, id, or an unambiguous beginning of the name"),
  disk: z.string().min(1).max(60).describe("the disk's id"),
});
const Speed = z
  .int()
  .min(1024 ** 2)
  .max(2 ** 40)
  .optional()
  .describe("at most so many bytes a second; left out = as fast as it goes");

/** Stand among the routes of machines. */
export const diskContract = {
  flattenDisk: route(routes.machines.flattenDisk, "Let a disk take in all that it stands on, also while the machine runs")
    .input(OfDisk.extend({ bytesPerSecond: Speed }))
    .output(Started),
};
