// A USB device of this computer goes to a running machine, and comes back. Only with a person's word for it: the guest
// gets the real thing, and may change it for good.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import { type HostUsbView, lendingWords, type MachineView, whenCanChange } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import type { MachineActor } from "./machine-actor.ts";
import { machineView } from "./view.ts";

const waiting = () => ({ signal: AbortSignal.timeout(30_000) });

/** Socket → the name of the machine that has what is plugged in there. */
async function borrowers(context: Context): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const { running, record } of context.actors.values())
    for (const socket of (await running?.live.lentUsb(waiting()).catch(() => [])) ?? []) found.set(socket, record.name);
  return found;
}

export async function hostUsb(context: Context): Promise<HostUsbView> {
  const [{ devices, because }, lent] = await Promise.all([context.ports.hostUsb.list(waiting()), borrowers(context)]);
  return {
    because,
    devices: devices.map(({ file: _, ...device }) => ({ ...device, machine: lent.get(device.socket) })),
  };
}

export async function lendUsb(
  context: Context,
  wish: { machine: string; socket: string; agreed: boolean },
): Promise<MachineView | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const refused = mayNotBorrow(actor);
  if (refused) return refused;
  const { name } = actor.record;
  const { devices, because } = await context.ports.hostUsb.list(waiting());
  const device = devices.find(({ socket }) => socket === wish.socket);
  if (!device)
    return refusal(
      "usb.unknown_device",
      `Nothing is plugged into this computer at “${wish.socket.slice(0, 40)}”.${because ? ` ${because}` : ""}`,
      "See what there is: mimic usb host",
    );
  if (device.whyNot !== undefined)
    return refusal("usb.cannot_lend", `“${device.words}” cannot be lent: ${device.whyNot}`, "See what can be: mimic usb host");
  const borrower = (await borrowers(context)).get(device.socket);
  if (borrower !== undefined)
    return refusal(
      "usb.lent_already",
      `“${device.words}” is at “${borrower}” already.`,
      `Take it back first: mimic usb return ${borrower} ${device.socket}`,
    );
  if (!wish.agreed)
    return refusal("usb.needs_consent", lendingWords(device, name), `If that is meant: mimic usb lend ${name} ${device.socket} --yes`);
  await actor.alone(async () => {
    await actor.running?.live.lendUsb({ socket: device.socket, file: device.file }, waiting());
    await actor.noteRun();
  });
  await tell(context, actor, `“${device.words}” (${device.socket}) of this computer was lent to it.`);
  return await machineView(context, actor);
}

function mayNotBorrow({ record, running }: MachineActor): Refusal | undefined {
  if (!running)
    return refusal(
      "machine.not_running",
      `“${record.name}” is off; a device of this computer is lent to a machine that runs.`,
      `Start it first: mimic start ${record.name}`,
    );
  const { when, why } = whenCanChange({ part: "lendUsb" }, { wanted: record.hardware, runs: running.run });
  if (when === "now") return undefined;
  return refusal("hardware.not_possible", `“${record.name}” cannot take a USB device: ${why}`, `What it can: mimic set ${record.name}`);
}

/** Coming back needs nobody's consent. */
export async function takeBackUsb(context: Context, wish: { machine: string; socket: string }): Promise<MachineView | Refusal> {
  const actor = findMachine(context, wish.machine);
  if (isRefusal(actor)) return actor;
  const { live } = actor.running ?? {};
  const lent = (await live?.lentUsb(waiting())) ?? [];
  if (!lent.includes(wish.socket))
    return refusal(
      "usb.not_lent_here",
      `“${actor.record.name}” has no device of this computer from “${wish.socket.slice(0, 40)}”.`,
      "See which machine has it: mimic usb host",
    );
  await actor.alone(async () => await live?.takeBackUsb(wish.socket, waiting()));
  await tell(context, actor, `The device at ${wish.socket} came back to this computer.`);
  return await machineView(context, actor);
}

async function tell(context: Context, actor: MachineActor, words: string): Promise<void> {
  const { ports, events } = context;
  events.publish({ kind: "machine.changed", machineId: actor.record.id, what: "USB devices of this computer" });
  await ports.machines.tell(actor.record.id, new Date(ports.clock.nowMs()).toISOString(), words);
}
