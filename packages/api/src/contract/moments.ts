// Moments of machines, and the routine that keeps them.
import {
  JobView,
  MomentComparison,
  MomentKind,
  MomentRetention,
  MomentRetentionView,
  MomentRoutineView,
  MomentView,
  Rhythms,
} from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { machine, OfMachine, route, Started } from "./common.ts";

const moment = z.string().min(1).max(100).describe("the moment's name or id");
const OfMoment = z.strictObject({ machine, moment });

const TAG = "moments";
export const momentContract = {
  list: route(routes.moments.list, TAG, "The moments of a machine, oldest first; `parent` makes them a tree")
    .input(OfMachine)
    .output(z.object({ moments: z.array(MomentView), routine: MomentRoutineView.optional(), retention: MomentRetentionView })),
  take: route(routes.moments.take, TAG, "Keep a moment: disks (snapshot), or disks, memory and devices (checkpoint); it goes on meanwhile")
    .input(
      z.strictObject({
        machine,
        kind: MomentKind,
        name: z.string().min(1).max(80).optional(),
        note: z.string().max(2000).optional(),
      }),
    )
    .output(Started),
  restore: route(routes.moments.restore, TAG, "Go back to it (the present is kept first), or make a machine of it")
    .input(
      z.strictObject({
        machine,
        moment,
        as: z.string().max(200).optional().describe("make a machine of this name instead"),
        disksOnly: z.boolean().optional().describe("do not go on from its memory"),
      }),
    )
    .output(Started),
  change: route(routes.moments.change, TAG, "Rename it, note something, protect it")
    .input(
      z.strictObject({
        machine,
        moment,
        name: z.string().min(1).max(80).optional(),
        note: z.string().max(2000).optional(),
        isProtected: z.boolean().optional(),
      }),
    )
    .output(MomentView),
  remove: route(
    routes.moments.remove,
    TAG,
    "Delete it, anywhere in the tree; the job, where there is one, gives its room back; notYet says why that comes later",
  )
    .input(OfMoment)
    .output(z.object({ job: JobView.optional(), notYet: z.string().optional() })),
  compare: route(
    routes.moments.compare,
    TAG,
    "What differs from another moment, or from the present of a machine that is off: file by file where the file system is known",
  )
    .input(z.strictObject({ machine, moment, with: moment.optional().describe("another moment; the present when left out") }))
    .output(MomentComparison),
  routine: route(
    routes.moments.routine,
    TAG,
    "How often Mimic keeps a moment by itself and how many stay (no rhythms: no longer), and how long what it keeps before something stays",
  )
    .input(
      z.strictObject({
        machine,
        kind: MomentKind.optional(),
        rhythms: Rhythms.optional().describe("left out: as they are"),
        retention: MomentRetention.optional().describe("of what is kept before going back and before a risky change"),
      }),
    )
    .output(z.object({ routine: MomentRoutineView.optional(), retention: MomentRetentionView })),
  takeTogether: route(routes.moments.takeTogether, TAG, "Keep a moment of several machines at once: all of them or none")
    .input(
      z.strictObject({
        machines: z.array(machine).min(1).max(64),
        kind: MomentKind,
        name: z.string().min(1).max(80).optional(),
        note: z.string().max(2000).optional(),
      }),
    )
    .output(Started),
  restoreTogether: route(
    routes.moments.restoreTogether,
    TAG,
    "Go back to it with all machines that it was kept of; their present is kept first",
  )
    .input(OfMoment)
    .output(Started),
  suspend: route(routes.moments.suspend, TAG, "Put the machine to sleep: its next start goes on from there")
    .input(OfMachine)
    .output(Started),
  picture: route(routes.moments.picture, TAG, "The screen at that moment, as PNG in base64; empty when there is none")
    .input(OfMoment)
    .output(z.object({ png: z.string() })),
};
