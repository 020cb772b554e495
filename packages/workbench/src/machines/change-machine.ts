// Renaming, and changing what a machine is made of. What a running machine cannot take now is written
// down and applies at its next start; disks are only made, grown or taken away while it is off.
import { formatSize, isRefusal, type Refusal, refusal } from "@mimic/base";
import { type DiskSpec, HardwareSpec, type MachineRecord, type MachineView } from "@mimic/model";
import { type Context, findMachine, freeName } from "../context.ts";
import type { ChangeWish } from "../workbench.ts";
import { freeSlot } from "./compose.ts";
import type { MachineActor } from "./machine-actor.ts";
import { machineView } from "./view.ts";

const waiting = () => ({ signal: AbortSignal.timeout(60_000) });

export async function changeMachine(context: Context, wish: ChangeWish): Promise<MachineView | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const off = actor.state.power === "stopped" || actor.state.power === "failed";
  const touchesDisks = wish.addDisk ?? wish.growDisk ?? wish.removeDisk;
  if (!off && touchesDisks !== undefined) {
    return refusal(
      "machine.must_be_off",
      `The disks of “${actor.record.name}” can be changed when it is off; it is ${actor.state.power}.`,
      `Shut it down first: mimic stop ${actor.record.name}`,
    );
  }
  let record = actor.record;
  const what: string[] = [];
  if (wish.name !== undefined && wish.name !== record.name) {
    const name = freeName(context, wish.name);
    if (isRefusal(name)) return name;
    record = { ...record, name };
    what.push("name");
  }
  if (wish.note !== undefined) {
    record = { ...record, note: wish.note };
    what.push("note");
  }
  const hardware = await changedHardware(context, actor, wish, record.hardware, what);
  if (isRefusal(hardware)) return hardware;
  record = { ...record, hardware };
  if (what.length > 0) await finish(context, actor, record, what);
  return await machineView(context, actor);
}

async function finish(context: Context, actor: MachineActor, record: MachineRecord, what: string[]): Promise<void> {
  const before = actor.record;
  await actor.change(record, what.join(", "));
  // A disk's file goes after the record that named it: a crash between leaves a spare file, never a missing disk.
  if (before.name !== record.name)
    context.events.publish({ kind: "machine.renamed", machineId: record.id, from: before.name, to: record.name });
  // Its name is what other machines call it by.
  if (before.name !== record.name) await context.networks.refresh(record.hardware.nics.map(({ network }) => network));
  await context.ports.machines.tell(record.id, new Date(context.ports.clock.nowMs()).toISOString(), `Changed: ${what.join(", ")}.`);
}

async function changedHardware(
  context: Context,
  actor: MachineActor,
  wish: ChangeWish,
  before: HardwareSpec,
  what: string[],
): Promise<HardwareSpec | Refusal> {
  let hardware = before;
  const wished = Object.entries(wish.hardware ?? {}).filter(([, value]) => value !== undefined);
  if (wished.length > 0) {
    hardware = HardwareSpec.parse({ ...hardware, ...Object.fromEntries(wished) });
    // Another board is another machine type; it is pinned anew at the next start.
    if (hardware.board !== before.board || hardware.architecture !== before.architecture)
      hardware = { ...hardware, machineType: undefined };
    what.push(...wished.map(([key]) => key));
  }
  if (wish.addDisk) hardware = await addDisk(context, actor, hardware, wish.addDisk, what);
  if (wish.growDisk) {
    const grown = await growDisk(context, actor, hardware, wish.growDisk, what);
    if (isRefusal(grown)) return grown;
    hardware = grown;
  }
  if (wish.removeDisk !== undefined) {
    const id = wish.removeDisk;
    if (!hardware.disks.some((disk) => disk.id === id)) return noSuchDisk(actor, id);
    hardware = { ...hardware, disks: hardware.disks.filter((disk) => disk.id !== id) };
    what.push("disk taken out (its file is kept in the machine’s folder)");
  }
  if (wish.addDrive) {
    if (hardware.drives.length >= 4)
      return refusal(
        "machine.too_many_drives",
        `“${actor.record.name}” has four drives already.`,
        "Change the medium in one of them instead.",
      );
    const slot = freeSlot(hardware.drives, wish.addDrive.kind);
    hardware = { ...hardware, drives: [...hardware.drives, { slot, kind: wish.addDrive.kind, medium: null }] };
    what.push(`drive ${slot}`);
  }
  return hardware;
}

async function addDisk(
  context: Context,
  actor: MachineActor,
  hardware: HardwareSpec,
  wish: NonNullable<ChangeWish["addDisk"]>,
  what: string[],
): Promise<HardwareSpec> {
  const bus = wish.bus ?? hardware.disks[0]?.bus ?? "virtio";
  const disk: DiskSpec = { id: context.ports.ids.make("dsk"), bus, format: "qcow2", sizeBytes: wish.sizeBytes, readOnly: false };
  const next = { ...hardware, disks: [...hardware.disks, disk] };
  const path = context.ports.machines.diskPath({ ...actor.record, hardware: next }, disk.id);
  await context.ports.diskTool.createEmpty(path, disk.format, disk.sizeBytes, waiting());
  what.push(`disk of ${formatSize(disk.sizeBytes)}`);
  return next;
}

async function growDisk(
  context: Context,
  actor: MachineActor,
  hardware: HardwareSpec,
  wish: { id: string; sizeBytes: number },
  what: string[],
): Promise<HardwareSpec | Refusal> {
  const disk = hardware.disks.find((candidate) => candidate.id === wish.id);
  if (!disk) return noSuchDisk(actor, wish.id);
  if (wish.sizeBytes <= disk.sizeBytes) {
    return refusal(
      "disk.only_grows",
      `This disk has ${formatSize(disk.sizeBytes)}; a disk can be made larger, never smaller.`,
      "Ask for more than it has.",
    );
  }
  await context.ports.diskTool.grow(context.ports.machines.diskPath(actor.record, disk.id), disk.format, wish.sizeBytes, waiting());
  what.push(`disk grown to ${formatSize(wish.sizeBytes)}`);
  return { ...hardware, disks: hardware.disks.map((other) => (other.id === disk.id ? { ...disk, sizeBytes: wish.sizeBytes } : other)) };
}

const noSuchDisk = (actor: MachineActor, id: string): Refusal =>
  refusal("disk.unknown", `“${actor.record.name}” has no disk ${id.slice(0, 40)}.`, `See its disks: mimic show ${actor.record.name}`);
