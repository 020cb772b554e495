// Does the picture of the networks move smoothly with 100 machines on it, all with live screens and traffic? Time per
// frame while it is dragged, beside a page of as many plain boxes that is dragged in the same Chromium.
import type { Page } from "playwright-core";
import { startMock } from "../apps/web/dev/mock.ts";
import { openBrowser } from "./framework/browser.ts";
import { interleave } from "./framework/measure.ts";
import type { Row } from "./framework/row.ts";

const MACHINES = 100;
const MOST = 2;
/** A frame that is late by less is not seen. */
const UNSEEN_MS = 17;
const STEPS = 60;

/** The time of each frame until it is told to end; in the page, so it is text. */
const WATCH = `(() => {
  const times = (window.__times = []);
  let last = performance.now();
  const next = () => {
    const now = performance.now();
    times.push(now - last);
    last = now;
    if (window.__times === times) requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})()`;
/** The frame that nine of ten are quicker than. */
const RESULT = `(() => {
  const times = window.__times.slice(2).sort((a, b) => a - b);
  window.__times = undefined;
  return times[Math.floor(times.length * 0.9)];
})()`;

/** Drags the ground of the picture to and fro. */
const drag = (page: Page, where: string) => async (): Promise<number> => {
  await page.bringToFront();
  const box = await page.locator(where).boundingBox();
  if (!box) throw new Error("there is nothing to drag");
  const [x, y] = [box.x + box.width - 30, box.y + 30];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.evaluate(WATCH);
  for (let step = 0; step < STEPS; step++) await page.mouse.move(x - 8 * (step < STEPS / 2 ? step : STEPS - step), y + (step % 10) * 4);
  const time = Number(await page.evaluate(RESULT));
  await page.mouse.up();
  return time;
};

const PLAIN = `<body style="margin:0"><div id="view" style="position:relative;overflow:hidden;height:610px;width:1200px">
<div id="world" style="position:absolute;transform-origin:0 0">${Array.from(
  { length: MACHINES },
  (_, n) =>
    `<div style="position:absolute;width:60px;height:50px;border:1px solid;left:${(n % 15) * 78}px;top:${Math.floor(n / 15) * 80}px">box ${n}</div>`,
).join("")}</div></div>`;
/** The same gesture over plain boxes: one transform for each move. */
const MOVE_PLAIN = `(() => {
  const view = document.getElementById("view");
  const world = document.getElementById("world");
  let at;
  view.onpointerdown = (event) => { at = { x: event.clientX, y: event.clientY }; world.style.willChange = "transform"; };
  view.onpointermove = (event) => { if (at) world.style.transform = "translate(" + (event.clientX - at.x) + "px," + (event.clientY - at.y) + "px)"; };
  view.onpointerup = () => { at = undefined; };
})()`;

export const scaleCanvas: Row = {
  name: "scale-canvas",
  what: `Dragging the picture of four networks with ${MACHINES} machines and live traffic, time per frame (nine of ten are quicker); beside it ${MACHINES} plain boxes in the same Chromium.`,
  unit: "ms",
  bound: `at most ${MOST} times, or ${UNSEEN_MS} ms more`,
  async run(bench) {
    const mock = await startMock({ kind: "crowd" });
    bench.cleanUp(() => mock.close());
    const context = await openBrowser(bench);
    const page = await context.newPage();
    await page.goto(`${mock.address}/#c=GOOD`);
    await page.waitForSelector("h1");
    await page.goto(`${mock.address}/networks`);
    await page.getByText(`${MACHINES} cables to machines`).waitFor();
    await page.locator(".flow").first().waitFor({ state: "attached", timeout: 30_000 });
    const plain = await context.newPage();
    await plain.setContent(PLAIN);
    await plain.evaluate(MOVE_PLAIN);
    const [ours, peer] = await interleave([drag(page, ".canvas"), drag(plain, "#view")], { warmUp: 1, rounds: 7 });
    if (!ours || !peer) throw new Error("nothing was measured");
    return { ours, peer, holds: ours.median <= Math.max(MOST * peer.median, peer.median + UNSEEN_MS) };
  },
};
