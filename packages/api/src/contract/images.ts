// Images.
import { ImageKind, ImageView } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, image, Nothing, route, Started } from "./common.ts";

const TAG = "images";
export const imageContract = {
  list: route(routes.images.list, TAG, "All images")
    .input(Nothing)
    .output(z.object({ images: z.array(ImageView) })),
  show: route(routes.images.show, TAG, "One image").input(z.strictObject({ image })).output(ImageView),
  pull: route(routes.images.pull, TAG, "Get the image of a system of the catalogue")
    .input(z.strictObject({ system: z.string().max(63) }))
    .output(Started),
  import: route(routes.images.import, TAG, "Bring a file of your own (only over the unix socket: the path is on this computer)")
    .input(
      z.strictObject({
        path: z.string().min(1).max(4096),
        name: z.string().min(1).max(120),
        format: z.string().max(20).optional(),
        kind: ImageKind.optional().describe("boot = a kernel, which a machine of its processor starts directly"),
        initrd: z.string().min(1).max(4096).optional().describe("of kind boot: the file that is the kernel's first file system"),
      }),
    )
    .output(Started),
  verify: route(routes.images.verify, TAG, "Read every byte again and compare").input(z.strictObject({ image })).output(Started),
  remove: route(routes.images.remove, TAG, "Delete it; refused while a machine uses it").input(z.strictObject({ image })).output(Done),
};
