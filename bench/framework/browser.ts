// A real Chromium for what is measured in a page; it ends with the row.
import type { BrowserContext } from "playwright-core";
import { launchBrowser } from "../../apps/web/dev/browser.ts";
import { type Bench, CannotMeasure } from "./row.ts";

const SIZE = { viewport: { width: 1280, height: 860 } };

export async function openBrowser(bench: Bench): Promise<BrowserContext> {
  const browser = await launchBrowser().catch((error: unknown) => {
    throw new CannotMeasure(`Chromium does not start: ${String(error)}`);
  });
  bench.cleanUp(() => browser.close());
  return await browser.newContext(SIZE);
}
