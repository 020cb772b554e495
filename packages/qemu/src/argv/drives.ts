// Drives whose medium can change: CD and floppy. They are there even when empty, so that a medium can come later.
import type { MediaDrive } from "@mimic/model";
import { mediumKey } from "../files.ts";
import { bootIndexOf } from "./boot.ts";
import { type ArgvContext, type ArgvPart, fdOf, json, part, pciAddress, pciBus, SLOT } from "./part.ts";
import { cdBus, cdDrives, diskPlaces, needsSataCard, needsScsi } from "./places.ts";

/** Controllers that stand on the bus of their own; before the disks, which sit on them. */
export function controllerParts(context: ArgvContext): ArgvPart[] {
  const parts: ArgvPart[] = [];
  if (needsScsi(context.hardware))
    parts.push(
      part(
        "A SCSI controller (virtio) for SCSI disks and CD drives.",
        json("-device", { driver: "virtio-scsi-pci", id: "scsi0", bus: pciBus(context), addr: pciAddress(SLOT.scsi) }),
      ),
    );
  if (needsSataCard(context.hardware))
    parts.push(
      part(
        "A SATA controller, which this board does not have by itself.",
        json("-device", { driver: "ich9-ahci", id: "sata0", bus: pciBus(context), addr: pciAddress(SLOT.extraSata) }),
      ),
    );
  return parts;
}

/** The boot order of floppy drives is a property of their controller. */
function floppyController({ hardware }: ArgvContext, floppies: readonly MediaDrive[], onBoard: boolean): ArgvPart[] {
  const places = floppies.map(
    ({ slot }, n) => [`bootindex${n === 0 ? "A" : "B"}`, bootIndexOf(hardware, { kind: "floppy", slot })] as const,
  );
  if (!onBoard) return [part("A floppy controller.", json("-device", { driver: "isa-fdc", id: "fdc0", ...Object.fromEntries(places) }))];
  return places.flatMap(([name, index]) =>
    index === undefined
      ? []
      : part("The place in the boot order of a drive at the board's own floppy controller.", ["-global", `isa-fdc.${name}=${index}`]),
  );
}

export function driveParts(context: ArgvContext): ArgvPart[] {
  const { hardware } = context;
  const places = diskPlaces(hardware);
  const parts: ArgvPart[] = [];
  for (const [index, cd] of cdDrives(hardware).entries()) {
    const scsi = cdBus(hardware) === "scsi";
    const place = scsi ? { bus: "scsi0.0", channel: 0, "scsi-id": 128 + index, lun: 0 } : places.get(cd.slot);
    parts.push(
      part(
        `CD drive ${cd.slot}${scsi ? " on the SCSI controller, where a system of today looks" : ""}.`,
        mediumArgs(context, cd.slot),
        json("-device", {
          driver: scsi ? "scsi-cd" : "ide-cd",
          id: cd.slot,
          drive: context.fds.has(mediumKey(cd.slot)) ? `${cd.slot}-medium` : undefined,
          ...place,
          bootindex: bootIndexOf(hardware, { kind: "cd", slot: cd.slot }),
        }),
      ),
    );
  }
  const floppies = hardware.drives.filter((d) => d.kind === "floppy").slice(0, 2);
  // The PC of the nineties has a floppy controller on its board, even with -nodefaults; a second one beside it would be in its way.
  const onBoard = hardware.board === "i440fx";
  if (floppies.length > 0) parts.push(...floppyController(context, floppies, onBoard));
  for (const [unit, floppy] of floppies.entries())
    parts.push(
      part(
        `Floppy drive ${floppy.slot}.`,
        mediumArgs(context, floppy.slot),
        json("-device", {
          driver: "floppy",
          id: floppy.slot,
          bus: onBoard ? "floppy-bus.0" : "fdc0.0",
          unit,
          drive: context.fds.has(mediumKey(floppy.slot)) ? `${floppy.slot}-medium` : undefined,
          "drive-type": context.fds.has(mediumKey(floppy.slot)) ? "auto" : "144",
        }),
      ),
    );
  return parts;
}

/** A medium is always raw and read-only: its bytes are never asked what they are. */
export function mediumArgs(context: ArgvContext, slot: string): readonly string[] {
  if (!context.fds.has(mediumKey(slot))) return [];
  const fd = fdOf(context, mediumKey(slot));
  return [
    "-add-fd",
    `fd=${fd},set=${fd}`,
    ...json("-blockdev", {
      driver: "file",
      "node-name": `${slot}-file`,
      filename: `/dev/fdset/${fd}`,
      "read-only": true,
      "auto-read-only": false,
    }),
    ...json("-blockdev", { driver: "raw", "node-name": `${slot}-medium`, file: `${slot}-file`, "read-only": true }),
  ];
}
