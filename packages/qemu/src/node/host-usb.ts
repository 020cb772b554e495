// This computer's USB devices, as the Linux kernel tells of them (/sys/bus/usb/devices, Documentation/ABI/stable/sysfs-bus-usb).
// Names and serial numbers are whatever a device says: cut short, cleaned, never trusted.
import { constants } from "node:fs";
import { access, open, readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { plain, type Waiting } from "@mimic/base";
import { type UsbInterface, UsbSocket, usbKinds, whyNotLend } from "@mimic/model";
import type { FoundUsbDevice, HostUsb } from "@mimic/workbench/ports";

export interface HostUsbPlaces {
  /** Where `/sys`, `/dev` and `/proc/self/mounts` are looked for: “/”, or a folder of a test. */
  readonly root: string;
}

const MAX_DEVICES = 128;
const MAX_TEXT = 200;

export class SysfsUsb implements HostUsb {
  readonly #root: string;
  constructor({ root }: HostUsbPlaces) {
    this.#root = root;
  }

  async list({ signal }: Waiting): Promise<{ devices: readonly FoundUsbDevice[]; because?: string }> {
    const folder = join(this.#root, "sys/bus/usb/devices");
    const names = await readdir(folder).catch(() => undefined);
    signal.throwIfAborted();
    if (names === undefined)
      return {
        devices: [],
        because: "The kernel of this computer knows no USB here (there is no /sys/bus/usb). In a container that is usual.",
      };
    const sockets = names.filter((name) => UsbSocket.safeParse(name).success).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const mounts = await this.#mounts();
    const found = await Promise.all(sockets.slice(0, MAX_DEVICES).map((socket) => this.#device(folder, socket, names, mounts)));
    const devices = found.filter((one) => one !== undefined);
    return devices.length > 0 ? { devices } : { devices, because: "Nothing is plugged into this computer’s USB sockets." };
  }

  async #device(
    folder: string,
    socket: string,
    names: readonly string[],
    mounts: ReadonlyMap<string, string>,
  ): Promise<FoundUsbDevice | undefined> {
    const at = join(folder, socket);
    const read = (name: string) => word(at, name);
    const [vendorId, productId, bus, number] = await Promise.all([read("idVendor"), read("idProduct"), read("busnum"), read("devnum")]);
    if (!/^[0-9a-f]{4}$/.test(vendorId) || !/^[0-9a-f]{4}$/.test(productId)) return undefined;
    if (!/^\d{1,3}$/.test(bus) || !/^\d{1,3}$/.test(number)) return undefined;
    const file = join(this.#root, "dev/bus/usb", bus.padStart(3, "0"), number.padStart(3, "0"));
    const interfaces = await Promise.all(
      names
        .filter((name) => name.startsWith(`${socket}:`))
        .slice(0, 32)
        .map((name) => interfaceAt(join(folder, name))),
    );
    const said = plain([await word(at, "manufacturer"), await word(at, "product")].filter(Boolean).join(" "), 80);
    const kinds = usbKinds(interfaces);
    const isHub = (await word(at, "bDeviceClass")) === "09" || kinds.includes("hub");
    const mountedAt = isHub ? [] : await mountsBelow(at, mounts);
    const whyNot = whyNotLend({ isHub, mountedAt, noAccess: await whyNoAccess(file) });
    return { socket, vendorId, productId, words: said || `a device ${vendorId}:${productId}`, kinds, file, ...(whyNot && { whyNot }) };
  }

  /** Block device (“sdb1”) → where it is mounted. */
  async #mounts(): Promise<ReadonlyMap<string, string>> {
    const text = await readFile(join(this.#root, "proc/self/mounts"), "latin1").catch(() => "");
    const lines = text
      .split("\n")
      .slice(0, 10_000)
      .map((line) => line.split(" "));
    return new Map(
      lines.flatMap(([from = "", to = ""]) =>
        from.startsWith("/dev/") ? [[from.slice(5), plain(to.replaceAll("\\040", " "), 100)] as const] : [],
      ),
    );
  }
}

/** One short line of sysfs; empty when it is not there. */
async function word(folder: string, name: string): Promise<string> {
  const file = await open(join(folder, name), constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined);
  if (!file) return "";
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_TEXT), 0, MAX_TEXT, 0);
    return buffer.toString("utf8", 0, bytesRead).split("\n")[0]?.trim() ?? "";
  } catch {
    return "";
  } finally {
    await file.close();
  }
}

async function interfaceAt(folder: string): Promise<UsbInterface> {
  const [kind, protocol] = await Promise.all([word(folder, "bInterfaceClass"), word(folder, "bInterfaceProtocol")]);
  return { class: Number.parseInt(kind, 16), protocol: Number.parseInt(protocol, 16) };
}

/** Disks of a USB device lie somewhere below it: interface, SCSI host, target, “block/sdb”, with partitions inside. */
async function mountsBelow(device: string, mounts: ReadonlyMap<string, string>): Promise<string[]> {
  const found: string[] = [];
  const look = async (folder: string, depth: number): Promise<void> => {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    for (const entry of entries.slice(0, 64)) {
      if (!entry.isDirectory()) continue;
      const at = mounts.get(entry.name);
      if (at !== undefined) found.push(at);
      // Below a hub lie the devices of others.
      if (depth < 8 && !UsbSocket.safeParse(entry.name).success) await look(join(folder, entry.name), depth + 1);
    }
  };
  if (mounts.size > 0) await look(await realpath(device).catch(() => device), 0);
  return found;
}

async function whyNoAccess(file: string): Promise<string | undefined> {
  try {
    await access(file, constants.R_OK | constants.W_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT"
      ? "Its device file is not here (/dev/bus/usb). A container has it only when it is given in."
      : 'You may not open it. A udev rule can allow that, for example: SUBSYSTEM=="usb", TAG+="uaccess"';
  }
}
