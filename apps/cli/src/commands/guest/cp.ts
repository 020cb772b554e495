// `mimic cp FROM TO`: files go through the guest's agent; folders as a tar through a command in the guest.
import { formatSize } from "@mimic/base";
import type { CommandSpec } from "../../command.ts";
import { copyFromGuest } from "../../copy-from-guest.ts";
import { readPlace } from "../../copy-place.ts";
import { copyToGuest } from "../../copy-to-guest.ts";
import { line, printJson } from "../../io.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "cp",
  group: "Inside a machine",
  summary: "Copy files and folders into a machine, or out of it",
  about:
    "A place in a machine is written NAME:/path. A folder is copied with all that is in it.\nCopied into a folder that is there, things keep their name.",
  args: [
    { name: "from", about: "a file or folder, here or NAME:/path", completes: "remote" },
    { name: "to", about: "where to, here or NAME:/path", completes: "remote" },
  ],
  examples: [
    { line: "mimic cp notes.txt hello:/root/", does: "a file into “hello”" },
    { line: "mimic cp hello:/etc ./etc-of-hello", does: "a whole folder out of it" },
  ],
  run: async (context, given) => {
    const from = readPlace(given.arg("from"));
    const to = readPlace(given.arg("to"));
    if (from.on === to.on)
      throw new UsageError("cli.usage", from.on === "host" ? "Neither place is in a machine." : "Both places are in machines.", {
        hint: `A place in a machine is written NAME:/path: mimic cp ${given.arg("from").slice(0, 60)} hello:/tmp/`,
      });
    const quiet = given.json;
    const copied =
      from.on === "guest" && to.on === "host"
        ? await copyFromGuest(context, from, to.path, quiet)
        : from.on === "host" && to.on === "guest"
          ? await copyToGuest(context, from.path, to, quiet)
          : undefined;
    if (!copied) return 2;
    if (given.json) printJson(context.io, copied);
    else {
      const left =
        copied.left > 0 ? ` Left out: ${copied.left} that ${copied.left === 1 ? "is" : "are"} no file, folder or link within.` : "";
      line(
        context.io,
        `Copied ${copied.files === 1 ? "one file" : `${copied.files} files`} (${formatSize(copied.bytes)}) to ${copied.to}.${left}`,
      );
    }
    return 0;
  },
};
