// Does the browser's list of 1,000 machines scroll smoothly? Time per frame while it scrolls, beside a page of as
// many plain boxes in the same Chromium: what is slower than that is ours.
import type { Page } from "playwright-core";
import { createMachines, openApi } from "./framework/api.ts";
import { openBrowser } from "./framework/browser.ts";
import { interleave } from "./framework/measure.ts";
import { startDaemon } from "./framework/mimic.ts";
import type { Row } from "./framework/row.ts";

const MACHINES = 1000;
const MOST = 2;
/** A frame that is late by less is not seen. */
const UNSEEN_MS = 17;

/** Ninety steps of half a screen; answers the frame that nine of ten are quicker than. In the page, so it is text. */
const SCROLL = `(async () => {
  const times = [];
  window.scrollTo(0, 0);
  for (let last = performance.now(), step = 0; step < 90; step++) {
    window.scrollBy(0, 420);
    await new Promise(requestAnimationFrame);
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  return times.sort((a, b) => a - b)[80];
})()`;
const scroll = (page: Page) => async (): Promise<number> => {
  await page.bringToFront();
  return Number(await page.evaluate(SCROLL));
};

export const scaleScroll: Row = {
  name: "scale-scroll",
  what: `Scrolling the browser's list of ${MACHINES} machines, time per frame (nine of ten are quicker); beside it ${MACHINES} plain boxes in the same Chromium.`,
  unit: "ms",
  bound: `at most ${MOST} times, or ${UNSEEN_MS} ms more`,
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench);
    bench.say(`making ${MACHINES} machines`);
    await createMachines(api.client, "node", MACHINES);
    const { address } = await api.client.sessions.code({});
    const context = await openBrowser(bench);
    const plain = await context.newPage();
    await plain.setContent(`<body>${'<div style="height:76px;border:1px solid">box</div>'.repeat(MACHINES)}</body>`);
    const page = await context.newPage();
    await page.goto(address);
    await page.getByText(`${MACHINES} machines`).first().waitFor({ timeout: 60_000 });
    const [ours, peer] = await interleave([scroll(page), scroll(plain)], { warmUp: 1, rounds: 9 });
    if (!ours || !peer) throw new Error("nothing was measured");
    return { ours, peer, holds: ours.median <= Math.max(MOST * peer.median, peer.median + UNSEEN_MS) };
  },
};
