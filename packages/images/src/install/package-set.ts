// Which packages an installed Debian has: the base system, a kernel and a boot loader, what a person at a console
// expects, and what the recipe names. No Recommends.
import type { Candidate } from "./resolve.ts";

/**
 * Set up first, in this order, as Debian's own installer does: the rest needs their accounts, links and programs. The script
 * of dash takes /bin/sh away for a moment, so it is over before anything goes on beside the rest.
 */
const FIRST = ["base-passwd", "base-files", "usr-is-merged", "dash"];

/**
 * Next, so that the guest can make their parts (which takes long) beside all the rest.
 * The cloud kernel is a fifth of the size of the full one and knows every device that Mimic's machines have by default.
 */
const STARTING = ["zstd", "initramfs-tools", "linux-image-cloud-amd64", "grub-pc"];
const SYSTEM = ["apt", "dbus", "init", "libpam-systemd", "systemd-resolved", "systemd-sysv", "udev"];
const FOR_PEOPLE = ["iproute2", "iputils-ping", "kmod", "less", "nano", "procps", "vim-tiny"];

/** For the installing machine itself; not in the installed system. */
export const HELPER_PACKAGES: readonly string[] = ["busybox-static"];

export function wantedPackages(
  index: ReadonlyMap<string, Candidate & { readonly essential: boolean }>,
  recipe: readonly string[],
): string[] {
  const base = [...index.values()].filter((one) => one.essential || one.priority === "required").map((one) => one.name);
  return [...new Set([...FIRST, ...STARTING, ...base.sort(), ...SYSTEM, ...FOR_PEOPLE, ...recipe])];
}
