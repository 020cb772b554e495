// `mimic os show SYSTEM`.
import { formatSize } from "@mimic/base";
import { ARCHITECTURES, type SystemView } from "@mimic/model";
import { SYSTEM } from "../../arguments.ts";
import { boardLines } from "../../boards.ts";
import type { CommandSpec } from "../../command.ts";
import { printFacts } from "../../facts.ts";
import { printJson } from "../../io.ts";
import { next } from "../../outcome.ts";
import { memoryInWords } from "../../table.ts";

export const command: CommandSpec = {
  path: "os show",
  group: "Images and systems",
  summary: "Show all about one system of the catalogue",
  args: [SYSTEM],
  examples: [{ line: "mimic os show tiny-linux", does: "what it is for, what it needs, how it is got, its licence" }],
  run: async (context, given) => {
    const { io, client } = context;
    const system = await client.systems.show({ system: given.arg("system") });
    if (given.json) {
      printJson(io, system);
      return 0;
    }
    printFacts(io, [
      ["system", { text: system.id, tone: "strong" }],
      ["name", system.name],
      ["for", system.summary],
      ...boardLines(system.architecture, system.hardware.board ?? ARCHITECTURES[system.architecture].boards[0]).map(
        (words) => ["runs on", words] as const,
      ),
      ["needs", `${memoryInWords(system.minimum.memoryMiB)} memory, ${formatSize(system.minimum.diskBytes)} disk, ${system.architecture}`],
      ["got by", wayInWords(system.source)],
      ["image", system.imageDigest ? `here (${system.imageDigest.slice(0, 12)})` : "not here yet"],
      ...(system.login ? [["log in as", system.login.user] as const] : []),
      ["licence", system.licence],
      ["homepage", system.homepage],
    ]);
    if (system.source.way !== "bring") next(context, `Make a machine: mimic new NAME --os ${system.id}`);
    return 0;
  },
};

function wayInWords(source: SystemView["source"]): string {
  switch (source.way) {
    case "download":
      return `download${source.sizeBytes ? ` of ${formatSize(source.sizeBytes)}` : ""}, checked by ${source.proof.by === "digest" ? "a pinned digest" : source.proof.signature ? "its publisher's signature" : "its publisher's checksums"}`;
    case "assemble":
      return "put together here from Debian packages";
    case "install":
      return "an unattended Debian install";
    case "bring":
      return `your own file: ${source.hint}`;
    default:
      return source satisfies never;
  }
}
