// What is tried first at power-on: kernel given directly, else the drives in the order that was asked for.
import { type HardwareSpec, isPc } from "@mimic/model";
import { type ArgvContext, type ArgvPart, fdOf, part } from "./part.ts";

type Bootable =
  | { readonly kind: "disk"; readonly index: number }
  | { readonly kind: "network"; readonly index: number }
  | { readonly kind: "cd" | "floppy"; readonly slot: string };

/** Position of a drive in the boot order, counted from 1; undefined = never booted from. */
export function bootIndexOf(hardware: HardwareSpec, what: Bootable): number | undefined {
  let index = 1;
  for (const kind of hardware.bootOrder) {
    if (kind === "disk") {
      if (what.kind === "disk") return index + what.index;
      index += hardware.disks.length;
      continue;
    }
    if (kind === "network") {
      if (what.kind === "network") return index + what.index;
      index += hardware.nics.length;
      continue;
    }
    const drives = hardware.drives.filter((d) => d.kind === kind);
    if (what.kind === kind) return index + drives.findIndex((d) => d.slot === what.slot);
    index += drives.length;
  }
  return undefined;
}

export function bootParts(context: ArgvContext): ArgvPart[] {
  const { directBoot } = context.hardware;
  // Other boards' firmware has no such words.
  const parts = isPc(context.hardware)
    ? [part("Only the drives of the boot order are tried, without a menu.", ["-boot", "menu=off,strict=on"])]
    : [];
  if (!directBoot) return parts;
  // QEMU opens these two itself and knows no descriptor sets there; /proc/self/fd leads to the inherited file.
  parts.push(
    part("The kernel is loaded by QEMU itself: no boot loader, no wait.", ["-kernel", `/proc/self/fd/${fdOf(context, "kernel")}`]),
  );
  if (context.fds.has("initrd"))
    parts.push(part("The kernel's first file system.", ["-initrd", `/proc/self/fd/${fdOf(context, "initrd")}`]));
  if (directBoot.commandLine !== "") parts.push(part("Words for the kernel.", ["-append", directBoot.commandLine]));
  return parts;
}
