// Keyboard and pointer. The board's PS/2 keyboard and mouse are always there: QEMU sends keys to the USB
// ones only once the guest uses them, so boot loaders and systems without USB work too.
import { type ArgvContext, type ArgvPart, json, part, pciAddress, pciBus, SLOT } from "./part.ts";

export function inputParts(context: ArgvContext): ArgvPart[] {
  if (context.hardware.input === "ps2") return [];
  const driver = context.hardware.board === "q35" ? "qemu-xhci" : "piix3-usb-uhci";
  return [
    part("USB.", json("-device", { driver, id: "usb0", bus: pciBus(context), addr: pciAddress(SLOT.usb) })),
    part("A pointer that is exactly where yours is.", json("-device", { driver: "usb-tablet", id: "tablet0", bus: "usb0.0", port: "1" })),
    part("A USB keyboard.", json("-device", { driver: "usb-kbd", id: "keyboard0", bus: "usb0.0", port: "2" })),
  ];
}
