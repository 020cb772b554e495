// May this machine be started on this computer now? Pure.
import { formatSize, mib, type Refusal, refusal } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { HostRoom } from "../ports/index.ts";

/** What QEMU itself takes beside the guest's memory, and what this computer keeps to stay usable. */
const ENGINE_OVERHEAD = mib(100);
const HOST_RESERVE_SHARE = 0.1;
/** With less room than this a guest's first writes would stop it. */
const DISK_RESERVE = mib(64);

export function decideStart(name: string, hardware: HardwareSpec, room: HostRoom): Refusal | undefined {
  const needed = mib(hardware.memoryMiB) + ENGINE_OVERHEAD;
  const free = Math.max(0, room.memoryFreeBytes - room.memoryBytes * HOST_RESERVE_SHARE);
  if (needed > free) {
    return refusal(
      "host.memory_short",
      `“${name}” needs ${formatSize(needed)} of memory and this computer can give ${formatSize(free)} without running short itself.`,
      `Stop another machine, or give this one less: mimic set ${name} --memory ${lessMemory(free)}`,
    );
  }
  if (room.diskFreeBytes < DISK_RESERVE) {
    return refusal(
      "host.disk_short",
      `Only ${formatSize(room.diskFreeBytes)} is left on the disk that holds your machines, so “${name}” could not write anything.`,
      "Make room first: mimic trash empty, or mimic image ls to see what is large.",
    );
  }
  return undefined;
}

function lessMemory(freeBytes: number): string {
  const fit = Math.floor((freeBytes - ENGINE_OVERHEAD) / mib(64)) * 64;
  return fit >= 64 ? `${fit}M` : "64M";
}
