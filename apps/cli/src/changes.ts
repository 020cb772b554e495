// What became of a wish about a machine's parts: done, or waiting for its next start, and why. And which disk a person
// means by a number, or by a piece of its id.
import type { Client, OutputOf } from "@mimic/api/client";
import { plain, quoted } from "@mimic/base";
import type { DiskSpec, MachineView } from "@mimic/model";
import type { ArgumentSpec, Context, Given } from "./command.ts";
import { line, printJson } from "./io.ts";
import { next } from "./outcome.ts";
import { UsageError } from "./say.ts";

export const DISK: ArgumentSpec = { name: "disk", about: "its number (1, 2 …), or a part of its id (mimic disk ls)", completes: "nothing" };

export type Changed = OutputOf<"machines", "change">;

export function sayChanges(context: Context, given: Given, changed: Changed): number {
  if (given.json) {
    printJson(context.io, changed);
    return 0;
  }
  const runs = changed.runs !== undefined;
  for (const { what, when, why } of changed.changes)
    line(context.io, when === "live" ? doneWords(what, why, runs) : `${plain(what, 120)}: at its next start. ${plain(why, 400)}`);
  if (changed.changes.length === 0) line(context.io, `${quoted(changed.name)} has ${changed.hardwareInWords}.`);
  if (changed.changes.some(({ when }) => when === "later")) next(context, `Restart it: mimic restart ${changed.name}`);
  return 0;
}

const doneWords = (what: string, why: string, runs: boolean): string =>
  runs
    ? `${plain(what, 120)}: done while it runs. ${plain(why, 400)}`
    : `${plain(what, 120)}: done.${why === OFF ? "" : ` ${plain(why, 400)}`}`;

/** What the table says where there is nothing to say. */
const OFF = "The machine is off.";

export async function findDisk(client: Client, machine: string, wanted: string): Promise<DiskSpec> {
  const view = await client.machines.show({ machine });
  const { disks } = view.hardware;
  const byNumber = /^\d{1,2}$/.test(wanted) ? disks[Number(wanted) - 1] : undefined;
  const fitting = byNumber ? [byNumber] : disks.filter((disk) => disk.id.includes(wanted));
  if (fitting.length === 1) return fitting[0] as DiskSpec;
  throw new UsageError(
    "cli.usage",
    `${fitting.length === 0 ? "No" : "More than one"} disk of ${quoted(view.name)} is meant by “${plain(wanted, 40)}”.`,
    {
      hint: `See its disks: mimic disk ls ${view.name}`,
    },
  );
}

/** “1 GiB/s, 200 a second”, or “none”. */
export function limitWords(disk: DiskSpec, formatSize: (bytes: number) => string): string {
  const { bytesPerSecond = 0, operationsPerSecond = 0 } = disk.limits ?? {};
  const words: string[] = [];
  if (bytesPerSecond > 0) words.push(`${formatSize(bytesPerSecond)}/s`);
  if (operationsPerSecond > 0) words.push(`${operationsPerSecond} operations/s`);
  return words.join(", ") || "none";
}

/** Where a part is at the moment: in the running machine, waiting to come, or waiting to go. */
export function whereNow(view: MachineView, id: string, list: "disks" | "usb"): string {
  const wanted = view.hardware[list].some((one) => one.id === id);
  if (!view.runs) return wanted ? "plugged in" : "";
  const runs = view.runs.hardware[list].some((one) => one.id === id);
  return runs ? (wanted ? "plugged in" : "goes at its next start") : "comes at its next start";
}
