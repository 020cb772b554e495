// Long work on the disks of machines.
import { JobView, StorageView } from "@mimic/model";
import { oc } from "@orpc/contract";
import { z } from "zod";
import { type Route, routes } from "./routes.ts";

const route = (r: Route, summary: string, tag = "machines") => oc.route({ method: r.method, path: r.path, tags: [tag], summary });
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
  compactDisk: route(routes.machines.compactDisk, "Give back room that a disk's file takes for nothing")
    .input(OfDisk.extend({ bytesPerSecond: Speed }))
    .output(Started),
  moveDisk: route(routes.machines.moveDisk, "Move a disk's own file to another storage, also while the machine runs")
    .input(
      OfDisk.extend({
        to: z.string().min(1).max(100).describe("a storage; “main” is the data directory"),
        flatten: z.boolean().optional().describe("take in all that it stands on, too"),
        bytesPerSecond: Speed,
      }),
    )
    .output(Started),
  flattenDisk: route(routes.machines.flattenDisk, "Let a disk take in all that it stands on, also while the machine runs")
    .input(OfDisk.extend({ bytesPerSecond: Speed }))
    .output(Started),
};

const st = "storages";
export const storageContract = {
  list: route(routes.storages.list, "Where disks can lie: the data directory, and folders that were named", st)
    .input(z.strictObject({}))
    .output(z.object({ storages: z.array(StorageView) })),
  add: route(routes.storages.add, "Name a folder for disks (only over the unix socket: it is on this computer)", st)
    .input(z.strictObject({ name: z.string().max(200), folder: z.string().min(1).max(4096) }))
    .output(StorageView),
  remove: route(routes.storages.remove, "Take a folder off the list, when no disk lies in it", st)
    .input(z.strictObject({ storage: z.string().min(1).max(100) }))
    .output(z.object({})),
};
