// Memory. Not shared, not in core dumps. Free places for more are prepared only where a guest of today
// can use them: they cost a small guest real memory (Linux sets 64 MiB aside once RAM above 4 GiB may come).
import { GROWABLE_FROM_MIB, MEMORY_SLOTS, maxMemoryMiB } from "@mimic/model";
import { type ArgvContext, type ArgvPart, fdOf, json, keyValue, part } from "./part.ts";

export function memoryParts(context: ArgvContext): ArgvPart[] {
  const { memoryMiB, board } = context.hardware;
  const grows = board === "q35" && memoryMiB >= GROWABLE_FROM_MIB;
  return [
    part(grows ? `${memoryMiB} MiB, with ${MEMORY_SLOTS} free places: memory can be added while it runs.` : `${memoryMiB} MiB.`, [
      "-m",
      keyValue(undefined, {
        size: `${memoryMiB}M`,
        slots: grows ? MEMORY_SLOTS : undefined,
        maxmem: grows ? `${maxMemoryMiB(context.hardware)}M` : undefined,
      }),
    ]),
    context.fds.has("memory") ? fileMemory(context) : ownMemory(memoryMiB),
  ];
}

const ownMemory = (memoryMiB: number): ArgvPart =>
  part(
    "The memory as an object of its own, left out of core dumps.",
    json("-object", { "qom-type": "memory-backend-ram", id: "mem0", size: memoryMiB * 1024 ** 2, dump: false }),
  );

/** Private: what this machine writes is its own from that moment; the template's memory below it is sealed anyway. */
const fileMemory = (context: ArgvContext): ArgvPart =>
  part(
    "The memory begins as the template's: pages are shared until one is written.",
    json("-object", {
      "qom-type": "memory-backend-file",
      id: "mem0",
      size: context.hardware.memoryMiB * 1024 ** 2,
      "mem-path": `/proc/self/fd/${fdOf(context, "memory")}`,
      share: context.sharedMemory === true,
      dump: false,
    }),
  );
