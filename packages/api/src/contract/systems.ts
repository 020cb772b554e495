// The catalogue.
import { SystemView } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Nothing, route } from "./common.ts";

const TAG = "systems";
export const systemContract = {
  list: route(routes.systems.list, TAG, "The catalogue")
    .input(Nothing)
    .output(z.object({ systems: z.array(SystemView) })),
  show: route(routes.systems.show, TAG, "One system")
    .input(z.strictObject({ system: z.string().min(1).max(63) }))
    .output(SystemView),
};
