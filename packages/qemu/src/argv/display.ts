// Screen and sound. Both leave QEMU by one RFB (VNC) server on a unix socket in the run directory: never TCP.
import { needDevice } from "../capabilities.ts";
import { type ArgvContext, type ArgvPart, json, keyValue, part, pciAddress, pciBus, SLOT } from "./part.ts";

const ADAPTER = { vga: "VGA", virtio: "virtio-vga", cirrus: "cirrus-vga" } as const;

export function displayParts(context: ArgvContext): ArgvPart[] {
  const { display, sound, displaySize } = context.hardware;
  const parts = [part("No window and no text monitor of QEMU's own.", ["-display", "none", "-monitor", "none"])];
  if (display === "none") return parts;
  needDevice(context.capabilities, ADAPTER[display], `${display} graphics`);
  const size = display === "cirrus" ? {} : { edid: true, xres: displaySize.width, yres: displaySize.height };
  parts.push(
    part(
      display === "cirrus"
        ? "A graphics card of the nineties."
        : `A graphics card; its pretended monitor prefers ${displaySize.width} × ${displaySize.height}.`,
      json("-device", { driver: ADAPTER[display], id: "video0", bus: pciBus(context), addr: pciAddress(SLOT.display), ...size }),
    ),
    part("The screen, for any number of viewers, on a socket that only Mimic can reach.", [
      "-vnc",
      keyValue(`unix:${context.run}/vnc.sock`, { share: "force-shared", audiodev: sound === "none" ? undefined : "snd0" }),
    ]),
  );
  return parts;
}
