// How long from a key press until pixels change on a machine's screen: through Mimic's live connection, and directly
// at QEMU's VNC socket, with the same viewer, on the same machine, in turn; and in the page itself, in a real browser.
import { existsSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "@mimic/api/client";
import type { Page } from "playwright-core";
import { createWebSocketStream, WebSocket } from "ws";
import { openApi, socketOf, TINY, untilDone } from "./framework/api.ts";
import { openBrowser } from "./framework/browser.ts";
import { interleave, type Take } from "./framework/measure.ts";
import { mimic, startDaemon } from "./framework/mimic.ts";
import { Viewer } from "./framework/rfb.ts";
import type { Bench, Row } from "./framework/row.ts";

const MOST_TIMES = 1.2;
const KEY_X = 0x78;

/** From the key's event in the page to the first drawing on a canvas that is shown. Before the page's own scripts, so it is text. */
const WATCH = `(() => {
  const draw = CanvasRenderingContext2D.prototype.drawImage;
  CanvasRenderingContext2D.prototype.drawImage = function (...given) {
    const drawn = draw.apply(this, given);
    if (this.canvas.isConnected) window.__drawn?.();
    return drawn;
  };
  addEventListener("keydown", () => {
    const began = performance.now();
    window.__took = new Promise((done) => {
      window.__drawn = () => {
        window.__drawn = undefined;
        done(performance.now() - began);
      };
    });
  }, true);
})()`;

/** The screen of the machine “box”, with the keys going there. */
async function openScreen(bench: Bench, client: Client): Promise<Page> {
  const context = await openBrowser(bench);
  const page = await context.newPage();
  await page.addInitScript(WATCH);
  const { address } = await client.sessions.code({});
  await page.goto(address);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.goto(new URL("/machines/box", address).href);
  await page.locator(".screen-canvas canvas").click({ position: { x: 20, y: 20 }, timeout: 30_000 });
  return page;
}

export const consoleLatency: Row = {
  name: "console-latency",
  what: "Key press until changed pixels on the tiny Linux's screen, through Mimic's live connection, and in the browser's page; beside it a direct VNC connection.",
  unit: "ms",
  bound: `at most ${MOST_TIMES} times the median, the page too`,
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
    const page = await openScreen(bench, api.client);
    const pressInPage: Take = async () => {
      await Promise.all([ours.settle(60), peer.settle(60)]);
      await sleep(Math.random() * 60);
      await page.keyboard.press("x");
      return Number(await page.evaluate("window.__took"));
    };
    const [through, direct, shown] = await interleave([press(ours), press(peer), pressInPage], { warmUp: 3, rounds: 121 });
    if (!through || !direct || !shown) throw new Error("nothing was measured");
    const holds = Math.max(through.median, shown.median) <= MOST_TIMES * direct.median;
    return { ours: through, peer: direct, holds, besides: `${shown.median.toFixed(1)} ms in the browser's page` };
  },
};

function displaySocket(folder: string): string {
  const found = readdirSync(folder)
    .map((machine) => join(folder, machine, "vnc.sock"))
    .find((path) => existsSync(path));
  if (!found) throw new Error("the machine's VNC socket was not found");
  return found;
}
