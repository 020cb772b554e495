// `mimic image pull SYSTEM`.
import { quoted } from "@mimic/base";
import { SYSTEM } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "image pull",
  group: "Images and systems",
  summary: "Get the image of a system of the catalogue",
  about: "It is checked against what its publisher signed or pinned; a download that was cut goes on where it ended.",
  args: [SYSTEM],
  options: [{ flags: "--no-wait", about: "do not wait until it is here" }],
  examples: [{ line: "mimic image pull debian-12", does: "fetch it now, so that making a machine is quick later" }],
  run: async (context, given) => {
    const { job } = await context.client.images.pull({ system: given.arg("system") });
    return followOrLeave(context, given, job, () => `The image of ${quoted(given.arg("system"))} is here.`);
  },
};
