// `mimic set NAME …`: changes hardware, disks, drives and note; with nothing to change, says what can be.

import type { InputOf } from "@mimic/api/client";
import { plain, quoted } from "@mimic/base";
import { HARDWARE, MACHINE, readChoice, readSize } from "../../arguments.ts";
import { sayChanges } from "../../changes.ts";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { hardwareWish } from "../../hardware-wish.ts";
import { line, printJson, printTable } from "../../io.ts";
import { followJob, sayMachine } from "../../outcome.ts";
import { UsageError } from "../../say.ts";
import type { Tone } from "../../table.ts";

const BUSES = ["virtio", "scsi", "sata", "ide", "nvme", "usb"] as const;

type Change = InputOf<"machines", "change">;

const WHEN: Readonly<Record<string, { readonly text: string; readonly tone: Tone }>> = {
  now: { text: "now", tone: "good" },
  afterRestart: { text: "at the next start", tone: "busy" },
  never: { text: "not", tone: "faint" },
};

export const command: CommandSpec = {
  path: "set",
  group: "Machines",
  summary: "Change a machine's hardware, disks or note",
  about:
    "What a running machine can take now is changed at once, the rest at its next start. Without anything to change it shows every part, and whether it can be changed now, at the next start, or not, and why.",
  args: [MACHINE],
  options: [
    ...HARDWARE,
    { flags: "--add-disk <size>", about: "one more empty disk", completes: "nothing" },
    { flags: "--remove-disk <id>", about: "take a disk out (mimic show); its file is kept in the machine's trash", completes: "nothing" },
    { flags: "--grow-disk <id=size>", about: "make a disk larger", completes: "nothing" },
    { flags: "--bus <bus>", about: "how all its disks are plugged in: virtio, scsi, sata, ide, nvme, usb", completes: BUSES },
    { flags: "--try", about: "first in a machine for once, over the same disks; what it writes goes when it stops" },
    { flags: "--add-drive <kind>", about: "one more drive: cd or floppy", completes: ["cd", "floppy"] },
  ],
  examples: [
    { line: "mimic set hello", does: "what it has, and what can be changed when" },
    { line: "mimic set hello --memory 2G --cpus 2", does: "more memory and a second processor" },
    { line: "mimic set hello --board i440fx --bus ide --try", does: "would it start in a PC of the nineties? Its disk stays as it is" },
    { line: "mimic set hello --note 'for the course'", does: "a note to yourself" },
  ],
  run: async (context, given) => {
    const machine = given.arg("name");
    const change = changeOf(given);
    if (given.flag("try")) return await tryOut(context, given, machine, change);
    if (Object.keys(change).length === 0) return showParts(context, given, machine);
    const changed = await context.client.machines.change({ machine, ...change });
    if (!given.json && changed.changes.length === 0 && change.note === undefined) {
      line(context.io, `Nothing changed: ${quoted(changed.name)} is like that already.`);
      return 0;
    }
    if (changed.runs || changed.changes.some(({ why }) => why !== "The machine is off.")) return sayChanges(context, given, changed);
    await sayMachine(context, given, changed, `${quoted(changed.name)} has ${changed.hardwareInWords}.`);
    return 0;
  },
};

/** Only hardware can be tried: a copy has no use for a name or a note. */
async function tryOut(context: Context, given: Given, machine: string, { hardware, bus }: Omit<Change, "machine">): Promise<number> {
  if (!hardware && !bus)
    throw new UsageError("cli.usage", "Say what shall be other with --try.", {
      hint: `For example: mimic set ${machine} --board i440fx --try`,
    });
  const { job } = await context.client.machines.tryOut({ machine, ...(hardware ? { hardware } : {}), ...(bus ? { bus } : {}) });
  return await followJob(context, given, job, (ended) =>
    plain([ended.result?.notices, ended.result?.words].filter(Boolean).join(" "), 1000),
  );
}

function changeOf(given: Given): Omit<Change, "machine"> {
  const change: Omit<Change, "machine"> = {};
  const hardware = hardwareWish(given);
  if (hardware) change.hardware = hardware;
  const note = given.text("note");
  if (note !== undefined) change.note = note;
  const addDisk = given.text("addDisk");
  if (addDisk !== undefined) change.addDisk = { sizeBytes: readSize("--add-disk", addDisk) };
  const removeDisk = given.text("removeDisk");
  if (removeDisk !== undefined) change.removeDisk = removeDisk;
  const grow = given.text("growDisk");
  if (grow !== undefined) {
    const [id, size] = grow.split("=");
    if (!id || !size)
      throw new UsageError("cli.usage", "--grow-disk takes a disk's id and a size.", {
        hint: "For example: --grow-disk dsk_…=40G (see: mimic show)",
      });
    change.growDisk = { id, sizeBytes: readSize("--grow-disk", size) };
  }
  const bus = given.text("bus");
  if (bus !== undefined) change.bus = readChoice("--bus", bus, BUSES);
  const drive = given.text("addDrive");
  if (drive !== undefined) change.addDrive = { kind: readChoice("--add-drive", drive, ["cd", "floppy"]) };
  return change;
}

async function showParts({ io, client }: Parameters<CommandSpec["run"]>[0], given: Given, machine: string): Promise<number> {
  const parts = await client.machines.hardware({ machine });
  if (given.json) printJson(io, parts);
  else
    printTable(
      io,
      ["PART", "IT HAS", "CHANGE", "WHY"],
      parts.rows.map((row) => [
        { text: row.part, tone: "strong" },
        { text: row.what },
        WHEN[row.change] ?? { text: row.change },
        { text: row.why },
      ]),
    );
  return 0;
}
