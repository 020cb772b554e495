// `mimic screenshot NAME [FILE | -]`.
import { writeFile } from "node:fs/promises";
import { rawRoutes } from "@mimic/api/routes";
import { MimicError, quoted } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { rawRequest, readAll } from "../../raw-http.ts";
import { UsageError } from "../../say.ts";

const LARGEST_PICTURE = 256 * 1024 * 1024;

export const command: CommandSpec = {
  path: "screenshot",
  group: "Inside a machine",
  summary: "Save a picture of a machine's screen",
  args: [
    MACHINE,
    {
      name: "file",
      about: "where to (a PNG); - for standard output; a name with the time when left out",
      optional: true,
      completes: "file",
    },
  ],
  examples: [
    { line: "mimic screenshot hello", does: "hello-20260401-101500.png in this folder" },
    { line: "mimic screenshot hello - | feh -", does: "straight into another program" },
  ],
  run: async ({ io, door, client }, given) => {
    const file = given.maybe("file");
    if (file === "-" && io.out.isTerminal)
      throw new UsageError("cli.usage", "A picture is no text for a terminal.", {
        hint: `Give a file: mimic screenshot ${given.arg("name")} screen.png`,
      });
    const machine = await client.machines.show({ machine: given.arg("name") });
    const picture = await readAll(await rawRequest(door, { route: rawRoutes.screenshot, machine: machine.id }), LARGEST_PICTURE);
    if (file === "-") {
      await io.out.writeBytes(picture);
      return 0;
    }
    const path = file ?? `${machine.name}-${stamp(new Date(io.nowMs()))}.png`;
    await writeFile(path, picture, { flag: file === undefined ? "wx" : "w" }).catch((cause: Error) => {
      throw new MimicError("cli.cannot_write", `${quoted(path)} cannot be written: ${cause.message}.`, {
        hint: "Give another place for it.",
        cause,
      });
    });
    if (given.json) printJson(io, { file: path, bytes: picture.length });
    else line(io, `The screen of ${quoted(machine.name)} is in ${path}`);
    return 0;
  },
};

/** 20260401-101500, in this person's time. */
function stamp(at: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}-${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}
