// Keyboard and pointer. The board's PS/2 keyboard and mouse are always there: QEMU sends keys to the USB
// ones only once the guest uses them, so boot loaders and systems without USB work too.
import type { UsbDevice } from "@mimic/model";
import { type ArgvContext, type ArgvPart, json, part, pciAddress, pciBus, SLOT } from "./part.ts";

export function inputParts(context: ArgvContext): ArgvPart[] {
  if (context.hardware.input === "ps2") return [];
  const modern = context.hardware.board === "q35";
  const driver = modern ? "qemu-xhci" : "piix3-usb-uhci";
  return [
    part(
      modern ? "USB, with free ports for what is plugged in later." : "USB.",
      json("-device", { driver, id: "usb0", bus: pciBus(context), addr: pciAddress(SLOT.usb), ...(modern ? USB_PORTS : {}) }),
    ),
    part("A pointer that is exactly where yours is.", json("-device", { driver: "usb-tablet", id: "tablet0", bus: "usb0.0", port: "1" })),
    part("A USB keyboard.", json("-device", { driver: "usb-kbd", id: "keyboard0", bus: "usb0.0", port: "2" })),
    ...context.hardware.usb.map((device) => part(`USB ${device.kind}.`, json("-device", usbDevice(device)))),
  ];
}

/** Eight of USB 2 and USB 3 each. */
const USB_PORTS = { p2: 8, p3: 8 };
const USB_DRIVERS = { tablet: "usb-tablet", keyboard: "usb-kbd", mouse: "usb-mouse" } as const;

/** QEMU gives it the next free port. */
export const usbDevice = (device: UsbDevice): { readonly driver: string; readonly id: string; readonly bus: string } => ({
  driver: USB_DRIVERS[device.kind],
  id: usbName(device.id),
  bus: "usb0.0",
});

/** QEMU's name for a USB device of a machine. */
export const usbName = (id: string): string => `usb-${id.slice(-12)}`;
