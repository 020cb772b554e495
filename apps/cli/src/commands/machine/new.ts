// `mimic new NAME --os OS`: with nothing more it makes a machine that works.
import { quoted } from "@mimic/base";
import { HARDWARE, readChoice, readSize } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { hardwareWish } from "../../hardware-wish.ts";
import { followOrLeave, next, readyWords } from "../../outcome.ts";
import { UsageError } from "../../say.ts";

const ERAS = ["1985", "1991", "1995", "1999", "2003"] as const;

export const command: CommandSpec = {
  path: "new",
  group: "Machines",
  summary: "Make a machine",
  about:
    "From a system of the catalogue (--os), over an image that is here (--image), or with an empty disk (--empty).\nThe image of a system is fetched first when it is not here yet.",
  args: [{ name: "name", about: "what it shall be called: lower-case letters, digits and hyphens", completes: "nothing" }],
  options: [
    { flags: "--os <system>", about: "a system of the catalogue (mimic os ls)", completes: "system" },
    {
      flags: "--image <image>",
      about: "an image that is here (mimic image ls): a disk to lay a thin layer over, a CD or a floppy to begin from",
      completes: "image",
    },
    {
      flags: "--template <template>",
      about: "a template (mimic template ls): with --start it goes on from where the template was",
      completes: "template",
    },
    {
      flags: "--follow",
      about: "with --template: its system begins at each start with the newest generation; only disks of its own (--more-disk) stay",
    },
    {
      flags: "--home <size>",
      about: "with --template: it follows it, and a disk over /home, /root and /usr/local stays",
      completes: "nothing",
    },
    { flags: "--era <year>", about: "a PC of 1985, 1991, 1995, 1999 or 2003", completes: ERAS },
    { flags: "--empty", about: "nothing but an empty disk" },
    { flags: "--disk <size>", about: "size of its first disk: 20G", completes: "nothing" },
    { flags: "--more-disk <size>", about: "one more empty disk; may be given several times", many: true, completes: "nothing" },
    { flags: "--full-copy", about: "copy the image instead of laying a thin layer over it" },
    {
      flags: "--kernel-words <words>",
      about: "with an image that is a kernel: what it is told, such as console=ttyS0",
      completes: "nothing",
    },
    ...HARDWARE,
    { flags: "--net <network>", about: "where its network card is plugged in; none = no card; “home” when left out", completes: "network" },
    { flags: "--start", about: "start it too, and wait until it is usable" },
    { flags: "--no-wait", about: "do not wait until it is made" },
  ],
  examples: [
    { line: "mimic new web --os debian-12", does: "a Debian machine called “web” with sensible hardware" },
    { line: "mimic new try --os tiny-linux --start", does: "a tiny Linux, made and started: usable in seconds" },
    { line: "mimic new big --os debian-12 --cpus 4 --memory 4G --disk 40G", does: "with more of everything" },
    { line: "mimic new web-2 --template web --start", does: "another one like “web”, usable at once" },
    { line: "mimic new work --template web --home 4G", does: "your files stay; its system is always the newest “web”" },
    { line: "mimic new dos --era 1991 --os freedos", does: "a 486 with a Sound Blaster, and FreeDOS in it" },
    { line: "mimic new old --image my-install-cd --board i440fx --memory 64M", does: "an old PC with your own CD in its drive" },
  ],
  run: async (context, given) => {
    const system = given.text("os");
    const image = given.text("image");
    const template = given.text("template");
    const era = given.text("era");
    const ways = [system, image, template, given.flag("empty") || undefined].filter((way) => way !== undefined);
    // A PC of its time is something by itself: with an empty disk, until a floppy or CD is put in.
    if (ways.length !== 1 && !(ways.length === 0 && era !== undefined))
      throw new UsageError(
        "cli.usage",
        ways.length === 0 ? "A new machine needs to know what to be made from." : "A new machine is made from one thing.",
        {
          hint: `Choose a system (mimic os ls): mimic new ${given.arg("name")} --os tiny-linux\nOr your own image: --image IMAGE. Or an empty disk: --empty`,
        },
      );
    const [diskText, net] = [given.text("disk"), given.text("net")];
    const name = given.arg("name");
    const { job } = await context.client.machines.create({
      name,
      ...(system !== undefined && { system }),
      ...(image !== undefined && { image }),
      ...(template !== undefined && { template }),
      ...(given.flag("follow") && { follow: true }),
      ...(given.text("home") !== undefined && { homeBytes: readSize("--home", given.text("home") ?? "") }),
      hardware: hardwareWish(given),
      ...(era !== undefined && { era: readChoice("--era", era, ERAS) }),
      ...(diskText !== undefined && { diskBytes: readSize("--disk", diskText) }),
      ...(given.texts("moreDisk").length > 0 && {
        moreDisks: given.texts("moreDisk").map((size) => ({ sizeBytes: readSize("--more-disk", size) })),
      }),
      ...(given.flag("fullCopy") && { fullCopy: true }),
      ...(given.text("kernelWords") !== undefined && { kernelWords: given.text("kernelWords") }),
      ...(given.text("note") !== undefined && { note: given.text("note") }),
      ...(net !== undefined && { network: net === "none" ? null : net }),
      ...(given.flag("start") && { start: true }),
    });
    return followOrLeave(context, given, job, async () => {
      const machine = await context.client.machines.show({ machine: name });
      next(context, given.flag("start") ? `Go in: mimic shell ${name}   Its screen: mimic open` : `Start it: mimic start ${name}`);
      return given.flag("start") ? readyWords(machine) : `${quoted(machine.name)} is made: ${machine.hardwareInWords}.`;
    });
  },
};
