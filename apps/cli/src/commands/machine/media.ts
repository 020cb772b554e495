// `mimic media NAME [SLOT] [IMAGE | --eject]`: what is in the CD and floppy drives.
import { quoted } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { IMAGE, MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";
import { sayMachine } from "../../outcome.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "media",
  group: "Machines",
  summary: "Put an image into a CD or floppy drive, or take it out",
  about: "With only a name it shows the drives. A running machine notices at once.",
  args: [MACHINE, { name: "drive", about: "cd0, cd1, floppy0", optional: true, completes: "drive" }, { ...IMAGE, optional: true }],
  options: [{ flags: "--eject", about: "take out what is in it" }],
  examples: [
    { line: "mimic media hello", does: "its drives and what is in them" },
    { line: "mimic media hello cd0 debian-netinst", does: "put an image into the first CD drive" },
    { line: "mimic media hello cd0 --eject", does: "take it out again" },
  ],
  run: async (context, given) => {
    const { io, client } = context;
    const machine = given.arg("name");
    const slot = given.maybe("drive");
    const image = given.maybe("image");
    if (slot === undefined) {
      const view = await client.machines.show({ machine });
      if (given.json) printJson(io, view.hardware.drives);
      else showDrives(context, view);
      return 0;
    }
    if ((image === undefined) === !given.flag("eject"))
      throw new UsageError("cli.usage", `Say which image shall go into ${slot.slice(0, 20)}, or --eject.`, {
        hint: `For example: mimic media ${machine} ${slot} --eject`,
      });
    const view = await client.machines.changeMedium({ machine, slot, image: image ?? null });
    await sayMachine(
      context,
      given,
      view,
      image === undefined
        ? `Drive ${slot} of ${quoted(view.name)} is empty.`
        : `${quoted(image)} is in drive ${slot} of ${quoted(view.name)}.`,
    );
    return 0;
  },
};

function showDrives({ io }: Parameters<CommandSpec["run"]>[0], { hardware, name }: MachineView): void {
  if (hardware.drives.length === 0) {
    line(io, `${quoted(name)} has no drives. Add one: mimic set ${name} --add-drive cd`);
    return;
  }
  const inside = (drive: MachineView["hardware"]["drives"][number]): string =>
    drive.medium === null ? "empty" : drive.medium.from === "own" ? "its own seed" : `image ${drive.medium.digest.slice(0, 12)}`;
  printTable(
    io,
    ["DRIVE", "KIND", "IN IT"],
    hardware.drives.map((drive) => [{ text: drive.slot, tone: "strong" }, { text: drive.kind }, { text: inside(drive) }]),
  );
}
