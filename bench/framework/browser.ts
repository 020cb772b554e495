// Debian's Chromium for what is measured in a page; it ends with the row.
import { type BrowserContext, chromium } from "playwright-core";
import { type Bench, CannotMeasure } from "./row.ts";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const SIZE = { viewport: { width: 1280, height: 860 } };

export async function openBrowser(bench: Bench): Promise<BrowserContext> {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGS }).catch((error: unknown) => {
    throw new CannotMeasure(`Chromium does not start: ${String(error)}`);
  });
  bench.cleanUp(() => browser.close());
  return await browser.newContext(SIZE);
}
