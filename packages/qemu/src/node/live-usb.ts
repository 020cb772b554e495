// Lending a USB device of this computer to a running machine. QEMU sees no device files in its cage, so it gets the open
// one; libusb takes it from there (libusb_wrap_sys_device). When QEMU closes it, the kernel gives the device back.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { MimicError, type Waiting } from "@mimic/base";
import type { QmpSession } from "@mimic/qmp";
import type { LentUsb } from "@mimic/workbench/ports";
import { hand, letGo } from "./hand-over.ts";
import { deviceIds, unplug } from "./hotplug.ts";

const PREFIX = "host-usb-";

export async function lendUsb(monitor: QmpSession, { socket, file }: LentUsb, options: Waiting): Promise<void> {
  const id = `${PREFIX}${socket}`;
  if ((await deviceIds(monitor, options)).includes(id)) return;
  const handle = await open(file, constants.O_RDWR | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw notLent(socket, "its device file cannot be opened", error);
  });
  await using undo = new AsyncDisposableStack();
  undo.defer(() => letGo(monitor, `${id}:`, options));
  try {
    const set = await hand(monitor, handle.fd, `${id}:`, options);
    await monitor.execute("device_add", { driver: "usb-host", id, bus: "usb0.0", hostdevice: `/dev/fdset/${set}` }, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof MimicError && error.code !== "qmp.refused") throw error;
    throw notLent(socket, error instanceof Error ? error.message : String(error), error);
  } finally {
    await handle.close();
  }
  undo.move();
}

export async function takeBackUsb(monitor: QmpSession, socket: string, options: Waiting): Promise<void> {
  await unplug(monitor, `${PREFIX}${socket}`, options);
  await letGo(monitor, `${PREFIX}${socket}:`, options);
}

export const lentUsb = async (monitor: QmpSession, options: Waiting): Promise<readonly string[]> =>
  (await deviceIds(monitor, options)).filter((id) => id.startsWith(PREFIX)).map((id) => id.slice(PREFIX.length));

const notLent = (socket: string, why: string, cause: unknown): MimicError =>
  new MimicError("usb.not_lent", `The device at ${socket} could not be handed over: ${why}.`, {
    hint: "See that nothing on this computer uses it (unmount it, close its programs), then try again.",
    cause,
  });
