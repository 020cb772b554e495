// `mimic show NAME`: all there is to know about one machine.
import { formatSize, plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { printFacts } from "../../facts.ts";
import { printJson } from "../../io.ts";
import { stateOf } from "../../machine-rows.ts";
import { type Cell, relative } from "../../table.ts";

export const command: CommandSpec = {
  path: "show",
  group: "Machines",
  summary: "Show all about one machine",
  args: [MACHINE],
  examples: [
    { line: "mimic show hello", does: "its state and why, its hardware, its disks, how well it is walled off" },
    { line: "mimic show hello --json", does: "the same for a program" },
  ],
  run: async ({ io, client }, given) => {
    const machine = await client.machines.show({ machine: given.arg("name") });
    if (given.json) printJson(io, machine);
    else printFacts(io, factsOf(machine, io.nowMs()));
    return 0;
  },
};

function factsOf(machine: MachineView, nowMs: number): (readonly [string, Cell | string])[] {
  const { hardware } = machine;
  const facts: (readonly [string, Cell | string])[] = [
    ["name", { text: machine.name, tone: "strong" }],
    ["state", { text: `${stateOf(machine).text}: ${machine.because}, ${relative(machine.since, nowMs)}`, tone: stateOf(machine).tone }],
  ];
  if (machine.usableBy) facts.push(["usable", machine.usableBy]);
  if (machine.notUsable) facts.push(["not usable", { text: machine.notUsable, tone: "bad" }]);
  facts.push(["system", machine.systemName ?? machine.system ?? "—"], ["hardware", machine.hardwareInWords]);
  facts.push([
    "board",
    `${hardware.board}, ${hardware.architecture}, ${hardware.firmware}${hardware.secureBoot ? ", secure boot" : ""}${hardware.tpm ? ", TPM" : ""}`,
  ]);
  for (const disk of hardware.disks)
    facts.push([
      "disk",
      `${disk.id}  ${formatSize(disk.sizeBytes)}, ${disk.bus}${disk.base ? `, over image ${disk.base.slice(0, 12)}` : ""}${keepsInWords(machine, disk)}`,
    ]);
  for (const drive of hardware.drives)
    facts.push([
      "drive",
      `${drive.slot}  ${drive.medium === null ? "empty" : drive.medium.from === "own" ? "its own seed" : `image ${drive.medium.digest.slice(0, 12)}`}`,
    ]);
  for (const [at, nic] of hardware.nics.entries()) {
    const link = machine.links.find((one) => one.nic === nic.id);
    const where = link?.network ? `on ${link.network}${nic.isUp ? "" : ", cable pulled"}` : "no cable";
    const addresses = link && link.addresses.length > 0 ? `, ${link.addresses.join(", ")}` : "";
    facts.push([`card ${at + 1}`, `${nic.mac}  ${nic.model}, ${where}${addresses}`]);
  }
  facts.push(["on this disk", formatSize(machine.diskBytes)]);
  if (machine.login) facts.push(["log in as", machine.login.user]);
  if (machine.accelerator)
    facts.push(["runs by", machine.accelerator === "tcg" ? "TCG (the processor is emulated)" : machine.accelerator.toUpperCase()]);
  if (machine.isolation) {
    facts.push(["isolation", `grade ${machine.isolation.grade}`]);
    for (const why of machine.isolation.because) facts.push(["", { text: why, tone: "faint" }]);
  }
  facts.push(...originOf(machine));
  for (const change of machine.pending) facts.push(["at next start", change]);
  if (machine.job) facts.push(["job", machine.job]);
  if (machine.note) facts.push(["note", plain(machine.note, 2000)]);
  facts.push(["made", relative(machine.createdAt, nowMs)], ["id", { text: machine.id, tone: "faint" }]);
  return facts;
}

/** Of a machine that begins anew: which of its disks do, and which do not. */
function keepsInWords({ forgets }: MachineView, { keeps }: MachineView["hardware"]["disks"][number]): string {
  if (keeps === "home") return ", its home: /home, /root and /usr/local stay";
  if (forgets === undefined) return "";
  return keeps === "disk" ? ", stays" : `, begins anew at each start`;
}

function originOf({ name, madeFrom, forgets }: MachineView): (readonly [string, string])[] {
  if (forgets === "machine") return [["disposable", `it vanishes when it stops; to keep it: mimic keep ${name}`]];
  if (madeFrom === undefined) return [];
  const { template, generation, newest } = madeFrom;
  if (forgets === "disks")
    return [["follows", `the template ${template}: ${generation === newest ? "the newest generation" : `${newest} at its next start`}`]];
  const newer = generation === newest ? "" : `; ${newest} is the newest: mimic renew ${name}`;
  return [["made from", `the template ${template}, generation ${generation}${newer}`]];
}
