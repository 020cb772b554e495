// Sound cards. QEMU plays to nowhere; viewers of the screen get the samples. No microphone is offered.
import { needDevice } from "../capabilities.ts";
import { type ArgvContext, type ArgvPart, json, part, pciAddress, pciBus, SLOT } from "./part.ts";

export function soundParts(context: ArgvContext): ArgvPart[] {
  const { sound } = context.hardware;
  if (sound === "none") return [];
  const parts = [part("Sound goes to the viewers of the screen, not to this computer.", json("-audiodev", { driver: "none", id: "snd0" }))];
  const on = { bus: pciBus(context), addr: pciAddress(SLOT.sound) };
  switch (sound) {
    case "hda":
      needDevice(context.capabilities, "ich9-intel-hda", "HD Audio");
      parts.push(
        part(
          "A sound card of today (HD Audio).",
          json("-device", { driver: "ich9-intel-hda", id: "sound0", ...on }),
          json("-device", { driver: "hda-output", id: "codec0", bus: "sound0.0", audiodev: "snd0" }),
        ),
      );
      break;
    case "ac97":
      needDevice(context.capabilities, "AC97", "AC97 sound");
      parts.push(
        part("A sound card of about the year 2000 (AC97).", json("-device", { driver: "AC97", id: "sound0", audiodev: "snd0", ...on })),
      );
      break;
    case "sb16":
      needDevice(context.capabilities, "sb16", "Sound Blaster 16");
      parts.push(
        part("A Sound Blaster 16 at 220h, IRQ 5, DMA 1.", json("-device", { driver: "sb16", id: "sound0", audiodev: "snd0" })),
        part("An AdLib, for the music of old games.", json("-device", { driver: "adlib", id: "adlib0", audiodev: "snd0" })),
      );
      break;
    case "speaker":
      // The board's own: it is joined to the samples where the board is described.
      break;
    default:
      sound satisfies never;
  }
  return parts;
}
