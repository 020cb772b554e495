// Failures of QEMU itself, with what to do about each. Codes: qemu.*
import { MimicError, plainBlock } from "@mimic/base";
import type { NicSpec } from "@mimic/model";

export const qemuMissing = (): MimicError =>
  new MimicError("qemu.missing", "QEMU, the program that runs machines, is not installed.", {
    hint: "Install it: on Debian and Ubuntu “apt install qemu-system-x86 qemu-utils ovmf bubblewrap”, on Fedora “dnf install qemu-system-x86 qemu-img edk2-ovmf bubblewrap”, on Arch “pacman -S qemu-system-x86 qemu-img edk2-ovmf bubblewrap”.",
  });

export const processorMissing = (words: string, program: string): MimicError =>
  new MimicError("qemu.missing_processor", `QEMU for another processor (${words}) is not installed.`, {
    hint: `Install ${program}: on Debian and Ubuntu it is in qemu-system-arm, qemu-system-ppc, qemu-system-mips, qemu-system-sparc or qemu-system-misc.`,
  });

export const qemuTooOld = (version: string): MimicError =>
  new MimicError("qemu.too_old", `QEMU ${version} is too old; Mimic needs 7.2 or newer.`, {
    hint: "Upgrade QEMU (Debian 12, Ubuntu 23.04 and everything later bring a new enough one).",
  });

export const qemuBroken = (detail: string): MimicError =>
  new MimicError("qemu.broken", "QEMU is installed but does not answer questions about itself.", {
    hint: "Reinstall QEMU; the words it said are in the details.",
    detail: plainBlock(detail, 2000),
  });

/** QEMU ended before its guest ran. Its own words are the best explanation there is. */
export function qemuExitedEarly(name: string, how: string, lastWords: string): MimicError {
  const words = plainBlock(lastWords, 2000).trim();
  if (/Failed to get "(write|shared|consistent read)" lock|Failed to lock/.test(words))
    return new MimicError("qemu.disk_in_use", `A disk of ${name} is in use by another QEMU.`, {
      hint: "End the other program that has the disk open, then start again.",
      detail: words,
    });
  if (/cannot allocate memory|Cannot allocate memory|unable to allocate/i.test(words))
    return new MimicError("qemu.no_memory", `This computer has not enough free memory for ${name}.`, {
      hint: "Stop another machine, or give this one less memory.",
      detail: words,
    });
  return new MimicError(
    "qemu.exited_early",
    `QEMU for ${name} ended before the machine ran (${how})${words === "" ? "." : `: ${lastLine(words)}`}`,
    {
      hint: "Run “mimic doctor”: it checks QEMU, firmware and the cage.",
      detail: words,
    },
  );
}

const lastLine = (text: string): string =>
  text
    .split("\n")
    .at(-1)
    ?.replace(/^[\d-]+T[\d:.]+Z qemu-system-\w+: /, "") ?? "";

export const fileUnusable = (path: string, why: string): MimicError =>
  new MimicError("qemu.file_unusable", `A file that this machine needs cannot be used: ${why}.`, {
    hint: "See whether the file is still there and yours.",
    detail: path,
  });

export const noFirmware = (what: string): MimicError =>
  new MimicError("qemu.no_firmware", `There is no ${what} firmware on this computer.`, {
    hint: "Install it (Debian: ovmf, Fedora: edk2-ovmf), or let the machine start by BIOS.",
  });

export const noTpm = (): MimicError =>
  new MimicError("qemu.no_tpm", "The machine has a security chip (TPM), and swtpm, which plays it, is not installed.", {
    hint: "Install swtpm, or take the TPM out of the machine's hardware.",
  });

export const qemuUnguarded = (): MimicError =>
  new MimicError("qemu.unguarded", "QEMU started without its system-call filter, so it was ended before the guest ran.", {
    hint: "Install a QEMU that was built with seccomp (every distribution's is).",
  });

export const noPlace = (nic: Pick<NicSpec, "model" | "place">, board: string): MimicError =>
  new MimicError("qemu.no_nic_place", `A ${board} board has no place ${nic.place + 1} for a “${nic.model}” network card.`, {
    hint:
      nic.model === "ne2k_isa"
        ? "NE2000 cards on ISA fit into old PCs (--board i440fx) only; choose another model."
        : "Take a card out, or choose the other board.",
  });

export const nicStays = (name: string): MimicError =>
  new MimicError("nic.cannot_unplug", `The system of ${name} does not let go of the network card.`, {
    hint: "Its system may still be starting, or knows no hot-plug. Try again, or take the card out while the machine is off.",
  });

export const noTap = (name: string, detail: string): MimicError =>
  new MimicError("qemu.no_tap", `The network interface ${name}, which joins machines to this computer's LAN, could not be made.`, {
    hint: "“mimic net lan” says what is missing.",
    detail: plainBlock(detail, 500),
  });
