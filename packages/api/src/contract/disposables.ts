// Machines for once.
import { MachineView } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, machine, OfMachine, route, Started } from "./common.ts";

const TAG = "disposables";
export const disposableContract = {
  run: route(
    routes.disposables.run,
    TAG,
    "A machine for once: it vanishes when it stops; the job's result names it, and says in switchedOnBecause why it was switched on when it did not go on from memory",
  )
    .input(
      z.strictObject({
        of: z.string().min(1).max(100).describe("a template, or a system of the catalogue"),
        name: z.string().max(200).optional().describe("a name makes it stay, as it was in the beginning"),
        net: z
          .string()
          .min(1)
          .max(100)
          .optional()
          .describe("a network to plug its card into; “nat” = the one that leads to the Internet; without one it has no card"),
        withinMs: z.int().min(0).max(60_000).optional().describe("wait so long for its end before answering"),
      }),
    )
    .output(Started),
  keep: route(routes.disposables.keep, TAG, "Make an ordinary machine of it: it stays when it stops")
    .input(z.strictObject({ machine, name: z.string().max(200).optional() }))
    .output(MachineView),
  discard: route(routes.disposables.discard, TAG, "End a disposable machine and answer at once; it vanishes by itself")
    .input(OfMachine)
    .output(Done),
};
