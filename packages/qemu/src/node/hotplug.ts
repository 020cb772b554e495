// Plugging devices into a running QEMU, and taking them out: the one place that finds a free socket, and the one that
// waits until a guest has let go. Used for disks, network cards, memory and controllers alike.
import { MimicError, type Waiting } from "@mimic/base";
import type { QmpSession } from "@mimic/qmp";

/** How long a guest may take to let go of a device. A busy guest under emulation needs seconds. */
const LET_GO_MS = 20_000;
const PORT = /^port\d+$/;

/** What `-device` and `device_add` made, by id: also what a guest has not let go of yet. */
export async function deviceIds(monitor: QmpSession, options: Waiting): Promise<readonly string[]> {
  const entries = await monitor.execute("qom-list", { path: "/machine/peripheral" }, options);
  return entries.filter((entry) => entry.type.startsWith("child<")).map((entry) => entry.name);
}

/** Where a device is plugged in: the name of its bus (“port2”, “scsi0.0”); undefined when it has none or is not there. */
export async function busOf(monitor: QmpSession, id: string, options: Waiting): Promise<string | undefined> {
  const path = await monitor.execute("qom-get", { path: `/machine/peripheral/${id}`, property: "parent_bus" }, options).catch(() => "");
  options.signal.throwIfAborted();
  return typeof path === "string" && path !== "" ? path.slice(path.lastIndexOf("/") + 1) : undefined;
}

/** The PCI Express sockets that nothing sits in, in order. */
export async function freeSockets(monitor: QmpSession, options: Waiting): Promise<readonly string[]> {
  const ids = await deviceIds(monitor, options);
  const taken = new Set(await Promise.all(ids.map((id) => busOf(monitor, id, options))));
  return ids.filter((id) => PORT.test(id) && !taken.has(id)).sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)));
}

const turns = new WeakMap<QmpSession, Promise<unknown>>();

/**
 * Gives `plug` the first free socket; one at a time per machine, so that two never take the same. Throws
 * `hardware.no_socket` when all are taken.
 */
export function withFreeSocket<T>(monitor: QmpSession, plug: (socket: string) => Promise<T>, options: Waiting): Promise<T> {
  const before = turns.get(monitor) ?? Promise.resolve();
  const turn = before
    .catch(() => {})
    .then(async () => {
      const [socket] = await freeSockets(monitor, options);
      if (socket !== undefined) return await plug(socket);
      throw new MimicError("hardware.no_socket", "All sockets for devices that come while it runs are taken.", {
        hint: "Take another such device out, or make the change while the machine is off.",
      });
    });
  turns.set(monitor, turn);
  return turn;
}

/**
 * Takes a device out and resolves when the guest has let go of it; at once when it is not there. Throws
 * `hardware.guest_keeps` when the guest does not: it may still let go later, and the device counts as plugged in until then.
 */
export async function unplug(monitor: QmpSession, id: string, options: Waiting): Promise<void> {
  // Listened before asked. Late news of other devices comes in between, so the name decides.
  using events = monitor.listen(["DEVICE_DELETED", "DEVICE_UNPLUG_GUEST_ERROR"]);
  if (!(await deviceIds(monitor, options)).includes(id)) return;
  const limit = AbortSignal.timeout(LET_GO_MS);
  const stop = AbortSignal.any([options.signal, limit]);
  stop.addEventListener("abort", () => events[Symbol.dispose](), { once: true });
  await monitor.execute("device_del", { id }, options).catch((error: unknown) => {
    // Asked before, and the guest is still at it: then its answer is awaited all the same.
    if (!/in the process of unplug/.test(String(error))) throw error;
  });
  for await (const event of events) {
    if (event.kind !== "event" || event.data.device !== id) continue;
    if (event.event === "DEVICE_DELETED") return;
    break;
  }
  options.signal.throwIfAborted();
  if (!(await deviceIds(monitor, options)).includes(id)) return;
  throw new MimicError("hardware.guest_keeps", "The guest does not let go of the device.", {
    hint: "Stop using it in the guest (unmount it), then try again; or take it out while the machine is off.",
    detail: id,
  });
}
