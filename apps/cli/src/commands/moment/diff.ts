// `mimic moments diff NAME FROM [TO]`.
import { formatSize, plain } from "@mimic/base";
import { type DiskDifference, type FileChange, volumeInWords } from "@mimic/model";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { type Io, line, printJson } from "../../io.ts";

const SIGNS = { added: "+", removed: "-", changed: "~", attributes: "m" } as const;

export const command: CommandSpec = {
  path: "moments diff",
  group: "In a moment",
  summary: "What differs between two moments of a machine, file by file",
  about:
    "Without a second moment it compares with the present, while the machine is off. + added, - removed, ~ changed, m rights, owner or time alone. File systems that are read: ext2, ext3, ext4, FAT; of others it says how much was written.",
  args: [
    MACHINE,
    { name: "from", about: "a moment's name or id (mimic moments NAME)", completes: "nothing" },
    { name: "to", about: "another moment; the present when left out", optional: true, completes: "nothing" },
  ],
  examples: [
    { line: "mimic moments diff web before-upgrade after-upgrade", does: "which files the upgrade changed" },
    { line: "mimic moments diff web before-upgrade", does: "what changed since, while it is off" },
  ],
  run: async ({ io, client }, given) => {
    const to = given.maybe("to");
    const found = await client.moments.compare({
      machine: given.arg("name"),
      moment: given.arg("from"),
      ...(to !== undefined && { with: to }),
    });
    if (given.json) printJson(io, found);
    else for (const [index, disk] of found.disks.entries()) printDisk(io, index, disk);
    return 0;
  },
};

function printDisk(io: Io, index: number, { change, volumes, writtenBytes }: DiskDifference): void {
  const name = `Disk ${index + 1}`;
  if (change !== "changed") line(io, `${name}: ${change === "same" ? "the same" : change}.`);
  else if (volumes.length === 0) line(io, `${name}: up to ${formatSize(writtenBytes)} differ.`);
  for (const volume of volumes) {
    const { files, why } = volume;
    const place = volumeInWords(index, volume);
    const head = `${place.charAt(0).toUpperCase()}${place.slice(1)}`;
    if (files === undefined) {
      line(io, `${head}: up to ${formatSize(volume.writtenBytes)} differ; not by files: ${plain(why ?? "", 300)}.`);
      continue;
    }
    line(
      io,
      `${head}: ${files.added} added, ${files.removed} removed, ${files.changed} changed, ${files.attributes} with other rights or times`,
    );
    for (const one of files.changes) line(io, `  ${SIGNS[one.change]} ${plain(one.path, 4096)}${sizes(one)}`);
    if (files.isCut) line(io, "  … and more than are listed here");
    if (files.unread > 0) line(io, `  ${files.unread} of them were written to and are too large to be looked at byte by byte.`);
    if (files.problems > 0) line(io, `  ${files.problems} damaged parts of it were passed over.`);
  }
}

function sizes({ kind, sizeBefore, sizeAfter }: FileChange): string {
  if (kind !== "file") return kind === "folder" ? "/" : "";
  if (sizeBefore === undefined || sizeAfter === undefined || sizeBefore === sizeAfter)
    return `  ${formatSize(sizeAfter ?? sizeBefore ?? 0)}`;
  return `  ${formatSize(sizeBefore)} → ${formatSize(sizeAfter)}`;
}
