// A machine's sound: QEMU gives it to RFB clients that ask for its audio encoding (-259), so this is a second
// RFB connection that never looks at the picture. Samples that a viewer does not take in time are left out, with
// a word about it: sound that comes late is worse than a gap.
import { SOUND_RATE } from "@mimic/api/live";
import { DoorError } from "../http/problem.ts";
import { tie } from "./display.ts";
import type { MachineCall } from "./live-call.ts";
import { encodeSetEncodings, sizesOf } from "./rfb/client-stream.ts";
import { brokeRules, connectDisplay } from "./rfb/connect.ts";
import { ENCODING } from "./rfb/constants.ts";
import { ServerStream } from "./rfb/server-stream.ts";
import { createDropper } from "./serial.ts";

const READY_WITHIN_MS = 3000;
/** One pixel, so that QEMU answers with an update that carries the sign for sound. */
const ONE_PIXEL = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 1, 0, 1);

export async function openSound({ viewer, machine, log }: MachineCall): Promise<void> {
  viewer.hear({ binary() {}, text() {} });
  if (!machine.hasSound || machine.displaySocket === undefined) {
    throw new DoorError(409, "sound.none", "This machine has no sound card.", "Add one to its hardware, and restart it.");
  }
  const { socket, serverInit } = await connectDisplay(machine.displaySocket, viewer.gone);
  const sizes = sizesOf(serverInit.subarray(4, 20));
  const drop = createDropper(viewer);
  const late = setTimeout(() => viewer.fail(silent()), READY_WITHIN_MS);
  viewer.gone.addEventListener("abort", () => clearTimeout(late), { once: true });
  let ready = false;
  const server = new ServerStream({
    forward() {},
    sizes: () => sizes,
    audio: {
      ready() {
        clearTimeout(late);
        if (!ready) socket.write(soundOn());
        ready = true;
      },
      begin: () => viewer.tell({ sound: "begin" }),
      end: () => viewer.tell({ sound: "end" }),
      data: drop,
    },
  });
  socket.on("data", (bytes: Buffer) => {
    const flaw = server.push(bytes);
    if (flaw === undefined) return;
    log.warn("display broke the rules", { who: "server", what: flaw });
    socket.destroy();
    viewer.fail(brokeRules(flaw));
  });
  tie(socket, viewer);
  socket.write(encodeSetEncodings([ENCODING.raw, ENCODING.desktopSize, ENCODING.audio]));
  socket.write(ONE_PIXEL);
}

/** QEMU ui/vnc.c, “QEMU Audio Client Message”: the format (3 = signed 16 bit, 2 channels), then on. */
function soundOn(): Uint8Array {
  const message = new Uint8Array(14);
  const view = new DataView(message.buffer);
  message.set([255, 1, 0, 2, 3, 2]);
  view.setUint32(6, SOUND_RATE);
  message.set([255, 1, 0, 0], 10);
  return message;
}

const silent = () =>
  new DoorError(
    502,
    "sound.unavailable",
    "The machine's display does not offer its sound.",
    "Restart the machine; “mimic explain” shows how it is started.",
  );
