// `mimic image import FILE`: a person's own disk, CD, floppy or kernel.
import { basename, resolve } from "node:path";
import { quoted } from "@mimic/base";
import { readChoice } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { followOrLeave, next } from "../../outcome.ts";
import { UsageError } from "../../say.ts";

const FORMATS = ["qcow2", "raw", "vmdk", "vdi", "vhd", "vhdx", "iso", "img"] as const;

export const command: CommandSpec = {
  path: "image import",
  group: "Images and systems",
  summary: "Bring a file of your own: a disk, a CD, a floppy or a kernel",
  about: "qcow2, raw, vmdk, vdi, vhd, vhdx, iso and img, also packed with gz, xz or zst. Your file stays as it is.",
  args: [{ name: "file", about: "where it is on this computer", completes: "file" }],
  options: [
    { flags: "--name <name>", about: "what it shall be called (from the file's name when left out)", completes: "nothing" },
    { flags: "--format <format>", about: "what it is, when the file does not tell", completes: FORMATS },
    { flags: "--kind <kind>", about: "disk, cd or floppy, when the file does not tell", completes: ["disk", "cd", "floppy"] },
    { flags: "--kernel", about: "a kernel, which a machine starts directly: for boards without firmware" },
    { flags: "--initrd <file>", about: "with --kernel: its first file system", completes: "file" },
    { flags: "--files", about: "a folder or zip: its files become a disk (or, with --kind floppy, a floppy)" },
    { flags: "--no-wait", about: "do not wait until it is here" },
  ],
  examples: [
    { line: "mimic image import ~/Downloads/debian-netinst.iso", does: "a CD, called “debian-netinst”" },
    { line: "mimic image import game.zip --files", does: "an old game becomes a disk that DOS can read" },
    { line: "mimic image import vmlinux --kernel --initrd initrd.gz --name m68k", does: "a Linux for mimic new --arch m68k --image m68k" },
    { line: "mimic image import old.vmdk --name old-server", does: "a disk that another program made" },
  ],
  run: async (context, given) => {
    const path = resolve(given.arg("file"));
    const name = given.text("name") ?? nameOf(path);
    const format = given.flag("files") ? "files" : given.text("format");
    const kind = given.text("kind");
    const initrd = given.text("initrd");
    if (initrd !== undefined && !given.flag("kernel"))
      throw new UsageError("cli.usage", "A first file system goes with a kernel.", {
        hint: "mimic image import KERNEL --kernel --initrd FILE",
      });
    const other =
      (["kind", "format"] as const).find((each) => given.text(each) !== undefined) ?? (given.flag("files") ? "files" : undefined);
    if (given.flag("kernel") && other !== undefined)
      throw new UsageError("cli.usage", `A kernel is taken as it is: --${other} does not go with --kernel.`, {
        hint: "Leave one of the two out: mimic image import --help",
      });
    const { job } = await context.client.images.import({
      path,
      name,
      ...(format !== undefined && { format }),
      ...(kind !== undefined && { kind: readChoice("--kind", kind, ["disk", "cd", "floppy"]) }),
      ...(given.flag("kernel") && { kind: "boot" as const }),
      ...(initrd !== undefined && { initrd: resolve(initrd) }),
    });
    return followOrLeave(context, given, job, () => {
      const words = given.flag("kernel") ? " --arch PROCESSOR --kernel-words 'console=…'" : "";
      next(context, `Make a machine from it: mimic new NAME --image ${name}${words}`);
      return `${quoted(name)} is here.`;
    });
  },
};

/** “Debian 12 (netinst).iso.xz” → “debian-12-netinst”. */
export const nameOf = (path: string): string =>
  basename(path)
    .replace(/\.(gz|xz|zst|zip)$/i, "")
    .replace(/\.(qcow2|raw|vmdk|vdi|vhdx?|iso|img|ima|flp)$/i, "")
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 100) || "image";
