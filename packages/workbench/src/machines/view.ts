// A machine as the three doors show it.
import { type DiskSpec, type HardwareSpec, hardwareInWords, type MachineRecord, type MachineView, newest } from "@mimic/model";
import type { Context } from "../context.ts";
import { addressesOf } from "../networks/network-view.ts";
import type { MachineActor } from "./machine-actor.ts";

export async function machineView(context: Context, actor: MachineActor): Promise<MachineView> {
  const { record, state, running } = actor;
  const { ports } = context;
  const sizes = await Promise.all(
    record.hardware.disks.map((disk) => ports.diskTool.usage(ports.machines.diskPath(record, disk.id)).catch(() => 0)),
  );
  return {
    id: record.id,
    name: record.name,
    createdAt: record.createdAt,
    system: record.system,
    systemName: ports.sources.systems().find((system) => system.id === record.system)?.name,
    note: record.note,
    hardware: record.hardware,
    hardwareInWords: hardwareInWords(record.hardware),
    readiness: record.readiness,
    login: record.login,
    power: state.power,
    because: state.because,
    trouble: state.trouble,
    since: actor.since,
    usableBy: actor.usableBy,
    notUsable: actor.notUsable,
    accelerator: running?.run.accelerator,
    isolation: running?.isolation,
    runs: running ? { hardware: running.run.hardware, growth: running.run.growth } : undefined,
    pending: running ? pendingChanges(record.hardware, running.run.hardware) : [],
    diskBytes: sizes.reduce((sum, size) => sum + size, 0),
    job: context.jobs.workingOn(record.id),
    links: record.hardware.nics.map((nic) => {
      const network = nic.network === null ? undefined : context.networks.get(nic.network);
      return { nic: nic.id, network: network?.name ?? null, addresses: network ? addressesOf(context, network, nic.mac) : [] };
    }),
    origin: record.origin,
    madeFrom: madeFrom(context, record),
    forgets: record.forgets,
    tries: record.tries,
    asleep: record.asleep === undefined ? undefined : true,
  };
}

function madeFrom(context: Context, { origin }: MachineRecord): MachineView["madeFrom"] {
  const template = origin && context.templates.get(origin.template);
  return template && { template: template.name, generation: origin.generation, newest: newest(template).number };
}

const PART_WORDS: Partial<Record<keyof HardwareSpec, string>> = {
  cpus: "number of cores",
  memoryMiB: "memory",
  cpuModel: "processor model",
  cpuLimitPercent: "processor limit",
  usb: "USB devices",
  displaySize: "display size",
  disks: "disks",
  drives: "drives",
  nics: "network cards",
  display: "display",
  sound: "sound card",
  bootOrder: "boot order",
  agent: "guest agent channel",
  secureBoot: "Secure Boot",
  tpm: "TPM",
  input: "keyboard and pointer",
  serialPorts: "serial ports",
};

/** Where a disk sits does not count, nor whether limits of nothing were ever set. */
const diskShape = ({ id, bus, sizeBytes, readOnly, limits }: DiskSpec): string =>
  JSON.stringify([id, bus, sizeBytes, readOnly, limits?.bytesPerSecond ?? 0, limits?.operationsPerSecond ?? 0]);

/** What differs between what was asked for and what this run was started with, in words. Media change while it runs, so they do not count. */
export function pendingChanges(wanted: HardwareSpec, current: HardwareSpec): string[] {
  const shape = (hardware: HardwareSpec, key: keyof HardwareSpec) => {
    if (key === "drives") return JSON.stringify(hardware.drives.map((drive) => [drive.slot, drive.kind]));
    if (key === "disks") return JSON.stringify(hardware.disks.map(diskShape).sort());
    if (key === "nics") return JSON.stringify(hardware.nics.map(({ id, model, mac, place }) => [id, model, mac, place]));
    return JSON.stringify(hardware[key]);
  };
  const keys = Object.keys(wanted) as (keyof HardwareSpec)[];
  return keys
    .filter((key) => key !== "machineType" && key !== "directBoot" && shape(wanted, key) !== shape(current, key))
    .map((key) => PART_WORDS[key] ?? key);
}
