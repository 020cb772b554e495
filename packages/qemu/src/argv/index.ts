// Specification and capabilities in, QEMU's whole command line out, each argument with its reason. Pure.
import { isPc } from "@mimic/model";
import { bootParts } from "./boot.ts";
import { agentParts, monitorParts, serialParts } from "./channels.ts";
import { cpuParts } from "./cpu.ts";
import { clockParts, hotplugParts, rngParts, sandboxParts, tpmParts } from "./devices.ts";
import { diskParts, type Layer } from "./disks.ts";
import { displayParts } from "./display.ts";
import { controllerParts, driveParts } from "./drives.ts";
import { firmwareParts } from "./firmware.ts";
import { foreignParts } from "./foreign.ts";
import { inputParts } from "./input.ts";
import { machineParts } from "./machine.ts";
import { memoryParts } from "./memory.ts";
import { nicParts, nicSocketParts } from "./nics.ts";
import type { ArgvContext, ArgvPart } from "./part.ts";
import { soundParts } from "./sound.ts";

/** Throws `qemu.no_board`, `qemu.no_device`, `qemu.machine_type_gone`, `qemu.too_many_drives`. */
export function buildArgv(context: ArgvContext, layersOf: (diskId: string) => readonly Layer[]): readonly ArgvPart[] {
  if (!isPc(context.hardware)) return foreignParts(context, layersOf);
  return [
    ...machineParts(context),
    ...cpuParts(context),
    ...memoryParts(context),
    ...firmwareParts(context),
    ...sandboxParts(context),
    ...monitorParts(context),
    ...hotplugParts(context),
    ...nicSocketParts(context),
    ...soundParts(context),
    ...displayParts(context),
    ...inputParts(context),
    ...serialParts(context),
    ...agentParts(context),
    ...rngParts(context),
    ...controllerParts(context),
    ...diskParts(context, layersOf),
    ...driveParts(context),
    ...nicParts(context),
    ...tpmParts(context),
    ...clockParts(context),
    ...bootParts(context),
  ];
}

export * from "./channels.ts";
export { cpuModelOf } from "./cpu.ts";
export * from "./disks.ts";
export { usbDevice, usbName } from "./input.ts";
export { findGuestName, guestName } from "./machine.ts";
export { type ArgvContext, type ArgvPart, keyValue } from "./part.ts";
