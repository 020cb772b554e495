// The files of a template and what a verification found, for people.
import { formatSize, plain } from "@mimic/base";
import type { TemplateVerification } from "@mimic/model";
import { type Io, line, printTable } from "./io.ts";

export function sayFiles(io: Io, { files }: TemplateVerification): void {
  printTable(
    io,
    ["FILE", "SIZE", "IS"],
    files.map((file) => [
      { text: plain(file.words, 120), tone: "strong" },
      { text: file.sizeBytes === undefined ? "" : formatSize(file.sizeBytes) },
      { text: file.outcomeInWords + (file.why === undefined ? "" : ` (${plain(file.why, 200)})`) },
    ]),
  );
}

/** Those that there is something to say of: what it means, and what to do. */
export function sayBroken(io: Io, { files }: TemplateVerification): void {
  for (const file of files) {
    if (file.advice === undefined) continue;
    line(io, `\n${plain(file.words, 120)}: ${file.outcomeInWords}\n  ${plain(file.path, 1000)}\n  ${plain(file.advice, 1000)}`);
  }
}
