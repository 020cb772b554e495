// `mimic image verify IMAGE`.
import { quoted } from "@mimic/base";
import { IMAGE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followJob } from "../../outcome.ts";

export const command: CommandSpec = {
  path: "image verify",
  group: "Images and systems",
  summary: "Read every byte of an image again and compare",
  args: [IMAGE],
  examples: [{ line: "mimic image verify debian-12", does: "is it still what was fetched?" }],
  run: async (context, given) => {
    const { job } = await context.client.images.verify({ image: given.arg("image") });
    return followJob(context, given, job, () => `${quoted(given.arg("image"))} is whole: every byte is as it was.`);
  },
};
