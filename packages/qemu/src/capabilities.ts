// What one QEMU binary can do, as the probe found it: plain data that argv is built from.
import { MimicError } from "@mimic/base";
import { ARCHITECTURES, type Architecture, type Board, foreignBoard, type HardwareSpec, isPc } from "@mimic/model";
import { z } from "zod";

export const QemuCapabilities = z.object({
  binary: z.string(),
  /** “7.2.22” */
  version: z.string(),
  /** Versioned machine types, e.g. pc-q35-7.2. */
  machines: z.array(z.string()),
  devices: z.array(z.string()),
  cpuModels: z.array(z.string()),
});
export type QemuCapabilities = z.infer<typeof QemuCapabilities>;

export const OLDEST_QEMU = [7, 2] as const;

/** “5.2.0”, as QEMU says it. */
export function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > OLDEST_QEMU[0] || (major === OLDEST_QEMU[0] && minor >= OLDEST_QEMU[1]);
}

/**
 * Whether every write of a running guest is noted while its memory is being saved. Emulated processors before QEMU 9.0 go on
 * writing without a note where they wrote just before QEMU looked (mended by its commit 03bfc2188f, “physmem: Fix migration
 * dirty bitmap coherency with TCG memory access”; system/physmem.c), so that an older page may be saved than the guest had.
 */
export function notesWrites({ qemuVersion, accelerator }: { readonly qemuVersion: string; readonly accelerator: string }): boolean {
  return accelerator !== "tcg" || Number(qemuVersion.split(".")[0]) >= 9;
}

const PREFIX: Readonly<Partial<Record<Board, string>>> = { q35: "pc-q35-", i440fx: "pc-i440fx-" };

/** The newest versioned machine type of a board; throws `qemu.no_board` when this QEMU has none. */
export function newestMachineType(capabilities: QemuCapabilities, hardware: Pick<HardwareSpec, "architecture" | "board">): string {
  const foreign = foreignBoard(hardware)?.machine;
  const plain = foreign && "plain" in foreign ? foreign.plain : undefined;
  const prefix = foreign && "versioned" in foreign ? foreign.versioned : (PREFIX[hardware.board] ?? "");
  const newest = plain === undefined ? newestOf(capabilities.machines, prefix) : capabilities.machines.find((name) => name === plain);
  if (newest !== undefined) return newest;
  throw new MimicError("qemu.no_board", `This QEMU cannot pretend to be a “${hardware.board}” board.`, {
    hint: isPc(hardware)
      ? "Install the full QEMU for PCs (Debian: qemu-system-x86) or choose the other board."
      : "Install a newer QEMU for this processor, or choose another board.",
  });
}

function newestOf(machines: readonly string[], prefix: string): string | undefined {
  return machines
    .filter((name) => prefix !== "" && name.startsWith(prefix) && /^\d+\.\d+$/.test(name.slice(prefix.length)))
    .map((name) => ({ name, key: name.slice(prefix.length).split(".").map(Number) as [number, number] }))
    .sort((a, b) => b.key[0] - a.key[0] || b.key[1] - a.key[1])[0]?.name;
}

/**
 * QEMU keeps old machine types for years, not for ever. Throws `qemu.machine_type_gone` when the type that a
 * machine was pinned to is no longer there, instead of changing the hardware under a guest.
 */
export function machineTypeOf(hardware: HardwareSpec, capabilities: QemuCapabilities): string {
  const pinned = hardware.machineType;
  if (pinned === undefined) return newestMachineType(capabilities, hardware);
  if (!capabilities.machines.includes(pinned))
    throw new MimicError(
      "qemu.machine_type_gone",
      `QEMU ${capabilities.version} no longer knows the board “${pinned}” that this machine was made with.`,
      {
        hint: "Install an older QEMU, or let the machine move to the newest board: its system may notice new hardware.",
      },
    );
  return pinned;
}

export const needDevice = (capabilities: QemuCapabilities, device: string, what: string): void => {
  if (!capabilities.devices.includes(device))
    throw new MimicError("qemu.no_device", `This QEMU has no ${what}.`, {
      hint: "Install the full QEMU for PCs, or choose another kind in the machine's hardware.",
      detail: device,
    });
};

/** QEMU's program for a processor. 32-bit PCs use the 64-bit program: one engine less to install and to trust. */
export const programOf = (architecture: Architecture): string => `qemu-system-${ARCHITECTURES[architecture].program}`;
