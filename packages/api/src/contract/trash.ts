// What was removed and can come back.
import { MachineView, TrashView } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, Nothing, route } from "./common.ts";

const OfEntry = z.strictObject({ entry: z.string().min(1).max(100).describe("id, or the machine's name") });

const TAG = "trash";
export const trashContract = {
  list: route(routes.trash.list, TAG, "What was removed and can come back")
    .input(Nothing)
    .output(z.object({ trash: z.array(TrashView) })),
  restore: route(routes.trash.restore, TAG, "Bring a machine back").input(OfEntry).output(MachineView),
  remove: route(routes.trash.remove, TAG, "Forget one for ever").input(OfEntry).output(Done),
  empty: route(routes.trash.empty, TAG, "Forget all for ever")
    .input(Nothing)
    .output(z.object({ forgotten: z.number() })),
};
