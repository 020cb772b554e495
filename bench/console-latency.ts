// How long from a key press until pixels change on a machine's screen: through Mimic's live connection, and directly
// at QEMU's VNC socket, with the same viewer, on the same machine, in turn.
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createWebSocketStream, WebSocket } from "ws";
import { openApi, socketOf, TINY, untilDone } from "./framework/api.ts";
import { interleave, type Take } from "./framework/measure.ts";
import { mimic, startDaemon } from "./framework/mimic.ts";
import { Viewer } from "./framework/rfb.ts";
import type { Row } from "./framework/row.ts";

const MOST_TIMES = 1.2;
const KEY_X = 0x78;

export const consoleLatency: Row = {
  name: "console-latency",
  what: "Key press until changed pixels on the tiny Linux's screen, through Mimic's live connection; beside it a direct VNC connection.",
  unit: "ms",
  bound: `at most ${MOST_TIMES} times the median`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    await untilDone(api.client, (await api.client.machines.create({ name: "box", system: TINY, start: true })).job);
    // A blinking cursor changes pixels too.
    await mimic(
      bench,
      "exec",
      "box",
      "--",
      "sh",
      "-c",
      "printf '\\033[?25l' > /dev/tty0; echo 0 > /sys/class/graphics/fbcon/cursor_blink || true",
    );
    const live = new WebSocket(`ws+unix:${socketOf(bench.home)}:/api/v1/machines/box/display`);
    using ours = await Viewer.open(createWebSocketStream(live));
    using peer = await Viewer.open(connect(displaySocket(join(bench.home, "run/m"))));
    const press =
      (viewer: Viewer): Take =>
      async () => {
        await Promise.all([ours.settle(60), peer.settle(60)]);
        // Not always at the same moment of QEMU's own rhythm.
        await sleep(Math.random() * 60);
        return viewer.press(KEY_X);
      };
    const [through, direct] = await interleave([press(ours), press(peer)], { warmUp: 3, rounds: 121 });
    if (!through || !direct) throw new Error("nothing was measured");
    return { ours: through, peer: direct, holds: through.median <= MOST_TIMES * direct.median };
  },
};

function displaySocket(folder: string): string {
  const found = readdirSync(folder)
    .map((machine) => join(folder, machine, "vnc.sock"))
    .find((path) => existsSync(path));
  if (!found) throw new Error("the machine's VNC socket was not found");
  return found;
}
