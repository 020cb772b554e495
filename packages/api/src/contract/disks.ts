// Long work on the disks of machines.
import { StorageView } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, machine, Nothing, route, Started } from "./common.ts";

const OfDisk = z.strictObject({
  machine,
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
  compactDisk: route(routes.machines.compactDisk, "machines", "Give back room that a disk's file takes for nothing")
    .input(OfDisk.extend({ bytesPerSecond: Speed }))
    .output(Started),
  moveDisk: route(routes.machines.moveDisk, "machines", "Move a disk's own file to another storage, also while the machine runs")
    .input(
      OfDisk.extend({
        to: z.string().min(1).max(100).describe("a storage; “main” is the data directory"),
        flatten: z.boolean().optional().describe("take in all that it stands on, too"),
        bytesPerSecond: Speed,
      }),
    )
    .output(Started),
  flattenDisk: route(routes.machines.flattenDisk, "machines", "Let a disk take in all that it stands on, also while the machine runs")
    .input(OfDisk.extend({ bytesPerSecond: Speed }))
    .output(Started),
};

const TAG = "storages";
export const storageContract = {
  list: route(routes.storages.list, TAG, "Where disks can lie: the data directory, and folders that were named")
    .input(Nothing)
    .output(z.object({ storages: z.array(StorageView) })),
  add: route(routes.storages.add, TAG, "Name a folder for disks (only over the unix socket: it is on this computer)")
    .input(z.strictObject({ name: z.string().max(200), folder: z.string().min(1).max(4096) }))
    .output(StorageView),
  remove: route(routes.storages.remove, TAG, "Take a folder off the list, when no disk lies in it")
    .input(z.strictObject({ storage: z.string().min(1).max(100) }))
    .output(Done),
};
