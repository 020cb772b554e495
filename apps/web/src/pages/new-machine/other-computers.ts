// Computers that are no PCs, for the form of a new machine: one for each board, with what is known to work on it. Pure.
import { formatSize } from "@mimic/base";
import { ARCHITECTURES, type Architecture, type Board, ERAS, type Era, foreignBoard, usualHardware } from "@mimic/model";
import type { Parts } from "./choice.ts";

export interface OtherComputer {
  readonly value: string;
  readonly label: string;
  readonly architecture: Architecture;
  readonly board: Board;
  readonly known: string;
}

/** The usual board of a processor goes by the processor's name. */
export const OTHER_COMPUTERS: readonly OtherComputer[] = (Object.keys(ARCHITECTURES) as Architecture[]).flatMap((architecture) => {
  const { words, boards } = ARCHITECTURES[architecture];
  return boards.flatMap((board) => {
    const facts = foreignBoard({ architecture, board });
    if (facts === undefined) return [];
    const value = board === boards[0] ? architecture : `${architecture}/${board}`;
    return [{ value, label: `${words}: ${facts.words}`, architecture, board, known: facts.known }];
  });
});

/** The parts of a PC of today, or of what was chosen instead. The disk of an image is as large as the image. */
export function usualParts(today: Parts, { era, computer }: ChosenComputer, { isImageDisk, leastMiB }: FromWhat): Parts {
  const { memoryMiB, cpus } = era ? ERAS[era].hardware : computer ? usualHardware(computer.architecture) : {};
  return {
    cpus: cpus ?? today.cpus,
    memory: memoryMiB === undefined ? today.memory : formatSize(Math.max(memoryMiB, leastMiB) * 1024 ** 2),
    disk: era && today.disk && !isImageDisk ? formatSize(ERAS[era].diskBytes) : today.disk,
  };
}

interface FromWhat {
  readonly isImageDisk: boolean;
  /** What the system needs. */
  readonly leastMiB: number;
}

/** The person's own sizes stay; the others are the new computer's. */
export const withUsual = (parts: Parts, before: Parts, after: Parts): Parts => ({
  cpus: parts.cpus === before.cpus ? after.cpus : parts.cpus,
  memory: parts.memory === before.memory ? after.memory : parts.memory,
  disk: parts.disk === before.disk ? after.disk : parts.disk,
});

/** How a terminal says which computer it shall be; nothing for a PC of today. */
export function computerArguments({ era, computer, kernelWords }: ChosenComputer): string[] {
  return [
    ...(era === undefined ? [] : ["--era", era]),
    ...(computer === undefined ? [] : ["--arch", computer.architecture]),
    ...(computer === undefined || computer.value === computer.architecture ? [] : ["--board", computer.board]),
    ...(kernelWords ? ["--kernel-words", kernelWords] : []),
  ];
}

interface ChosenComputer {
  readonly era?: Era | undefined;
  readonly computer?: OtherComputer | undefined;
  readonly kernelWords?: string | undefined;
}
