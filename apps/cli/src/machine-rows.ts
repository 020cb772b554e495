// The table of `mimic ls`. On its quick path: types only from the model.
import type { MachineView } from "@mimic/model";
import { type Cell, memoryInWords, relative, type TableLook, type Tone, table } from "./table.ts";

/** The part of a machine that the list shows. */
export type ListedMachine = Pick<MachineView, "name" | "power" | "trouble" | "usableBy" | "system" | "systemName" | "since" | "pending"> & {
  readonly hardware: Pick<MachineView["hardware"], "memoryMiB">;
  readonly readiness: { readonly sign: { readonly kind: string } };
};

const HEADS = ["NAME", "STATE", "SYSTEM", "MEMORY", "SINCE"];
const TROUBLE: Readonly<Record<string, string>> = { diskFull: "disk full", diskError: "disk error", guestPanicked: "its system crashed" };

export function stateOf(machine: Pick<ListedMachine, "power" | "trouble" | "usableBy" | "readiness">): Cell {
  const { power } = machine;
  if (machine.trouble) return { text: `${power} (${TROUBLE[machine.trouble] ?? "trouble"})`, tone: "bad" };
  const booting = power === "running" && !machine.usableBy && machine.readiness.sign.kind !== "none";
  return { text: booting ? "running (booting)" : power, tone: booting ? "busy" : TONE[power] };
}

const TONE: Readonly<Record<string, Tone>> = {
  running: "good",
  starting: "busy",
  stopping: "busy",
  paused: "busy",
  failed: "bad",
  stopped: "faint",
};

export function machineTable(machines: readonly ListedMachine[], look: TableLook & { readonly nowMs: number }): string {
  if (machines.length === 0) return "No machines yet.\nMake one: mimic new NAME --os tiny-linux";
  const sorted = machines.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const rows = sorted.map((machine): Cell[] => [
    { text: machine.name, tone: "strong" },
    stateOf(machine),
    { text: machine.systemName ?? machine.system ?? "—" },
    { text: memoryInWords(machine.hardware.memoryMiB) },
    { text: relative(machine.since, look.nowMs) },
  ]);
  return table(HEADS, rows, look);
}

/** Said beside the list. */
export const unreadableInWords = (count: number): string =>
  count === 1
    ? "The record of one more machine cannot be read. Which, and what to do: mimic doctor"
    : `The records of ${count} more machines cannot be read. Which, and what to do: mimic doctor`;
