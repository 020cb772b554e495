// Devices at this computer's own USB sockets, and whether one may be lent to a machine. What a device says of itself is
// said by a stranger: whoever makes these has cleaned its words. Pure.
import { z } from "zod";

/** “1-2.3”: bus 1, socket 2; a hub there, of which socket 3. The kernel's name of the place (Documentation/usb, sysfs). */
export const UsbSocket = z.string().regex(/^\d{1,3}-\d{1,3}(\.\d{1,3}){0,6}$/);

export const HostUsbDevice = z.object({
  socket: UsbSocket,
  /** Four hexadecimal digits each, as in “1d6b:0002”. */
  vendorId: z.string(),
  productId: z.string(),
  /** What it says it is: “Kingston DataTraveler”. */
  words: z.string(),
  /** “storage”, “keyboard”… by its interfaces; empty for classes without a word. */
  kinds: z.array(z.string()),
  /** Why it cannot be lent; absent = it can. */
  whyNot: z.string().optional(),
  /** The machine that has it. */
  machine: z.string().optional(),
});
export type HostUsbDevice = z.infer<typeof HostUsbDevice>;

export const HostUsbView = z.object({
  devices: z.array(HostUsbDevice),
  /** Why there are none; absent when there are. */
  because: z.string().optional(),
});
export type HostUsbView = z.infer<typeof HostUsbView>;

/** USB-IF class codes, as far as people have a word for them. */
const CLASSES: Readonly<Record<number, string>> = {
  1: "sound",
  2: "modem or network",
  6: "camera (pictures)",
  7: "printer",
  8: "storage",
  9: "hub",
  11: "smart card",
  14: "camera (video)",
  224: "wireless",
};
const HID = 0x03;

export interface UsbInterface {
  readonly class: number;
  /** Of HID boot devices: 1 keyboard, 2 mouse. */
  readonly protocol: number;
}

export function usbKinds(interfaces: readonly UsbInterface[]): string[] {
  const words = interfaces.map((one) => {
    if (one.class === HID) return one.protocol === 1 ? "keyboard" : one.protocol === 2 ? "mouse" : "input";
    return CLASSES[one.class];
  });
  return [...new Set(words.filter((word) => word !== undefined))];
}

export interface HostUsbFacts {
  readonly isHub: boolean;
  /** Where file systems of it are mounted on this computer. */
  readonly mountedAt: readonly string[];
  /** Why Mimic may not open it; undefined = it may. */
  readonly noAccess?: string | undefined;
}

export function whyNotLend({ isHub, mountedAt, noAccess }: HostUsbFacts): string | undefined {
  if (isHub) return "A hub stays with this computer; what is plugged into it can be lent.";
  if (mountedAt.length > 0) return `It is in use here: mounted at ${mountedAt.slice(0, 3).join(", ")}. Unmount it first.`;
  return noAccess;
}

/** What a person has to agree to, in words. */
export const lendingWords = (device: Pick<HostUsbDevice, "words" | "socket">, machine: string): string =>
  `“${device.words}” (${device.socket}) goes to “${machine}”: this computer cannot use it until it comes back, and the guest can do with it whatever the device allows, also change it for good.`;
