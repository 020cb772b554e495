// The computers of a processor that QEMU can stand in for, each with what is known to work on it.
import { plain } from "@mimic/base";
import { ARCHITECTURES, type Architecture, type Board, foreignBoard, readArchitecture } from "@mimic/model";
import { UsageError } from "./say.ts";

/** What `--arch` takes: Mimic's names, and Debian's and Go's. */
export function readProcessor(text: string): Architecture {
  const architecture = readArchitecture(text);
  if (architecture !== undefined) return architecture;
  throw new UsageError("cli.usage", `Mimic knows no processor “${plain(text, 40)}”.`, {
    hint: "For example: --arch arm64 or --arch riscv64",
  });
}

/** Nothing for PCs. `only`: the board that a recipe names; absent = all, the usual one first. */
export function boardLines(architecture: Architecture, only?: Board): string[] {
  const { words, boards } = ARCHITECTURES[architecture];
  return boards.flatMap((board) => {
    const facts = foreignBoard({ architecture, board });
    if (facts === undefined || (only !== undefined && only !== board)) return [];
    return [`${words}, ${facts.words} (--board ${board}): ${facts.known}`];
  });
}
