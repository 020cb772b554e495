// `mimic disk ls NAME`.
import { formatSize } from "@mimic/base";
import { MACHINE } from "../../arguments.ts";
import { limitWords, whereNow } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson, printTable } from "../../io.ts";

export const command: CommandSpec = {
  path: "disk ls",
  group: "Machines",
  summary: "List a machine's disks",
  args: [MACHINE],
  examples: [{ line: "mimic disk ls hello", does: "its disks, how they are plugged in, and their limits" }],
  run: async ({ io, client }, given) => {
    const view = await client.machines.show({ machine: given.arg("name") });
    const { disks } = view.hardware;
    const going = view.runs?.hardware.disks.filter((disk) => !disks.some(({ id }) => id === disk.id)) ?? [];
    if (given.json) printJson(io, { disks, runs: view.runs?.hardware.disks });
    else if (disks.length + going.length === 0) line(io, `It has no disks. Add one: mimic disk add ${view.name} 10G`);
    else
      printTable(
        io,
        ["NUMBER", "SIZE", "BUS", "LIMIT", "STATE", "ID"],
        [...disks, ...going].map((disk, at) => [
          { text: at < disks.length ? `${at + 1}` : "—", tone: "strong" },
          { text: formatSize(disk.sizeBytes) },
          { text: disk.bus },
          { text: limitWords(disk, formatSize) },
          { text: whereNow(view, disk.id, "disks") },
          { text: disk.id, tone: "faint" },
        ]),
      );
    return 0;
  },
};
