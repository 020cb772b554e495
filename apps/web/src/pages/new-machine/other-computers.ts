// Computers that are no PCs, for the form of a new machine: one for each board, with what is known to work on it. Pure.
import { ARCHITECTURES, type Architecture, type Board, type Era, foreignBoard } from "@mimic/model";

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
