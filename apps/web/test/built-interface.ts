// The built interface and a browser for one test file.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll } from "vitest";
import { launchBrowser, type Watched } from "../dev/browser.ts";
import { type Mock, type MockOptions, startMock as startMockWith } from "../dev/mock.ts";

const WEB = fileURLToPath(new URL("..", import.meta.url));

export interface BuiltInterface {
  readonly browser: Browser;
  readonly dist: string;
  readonly startMock: (options?: MockOptions) => Promise<Mock>;
}

/** Built before the first test and cleared after the last; `browser` is there once tests run. */
export function withBuiltInterface(): BuiltInterface {
  // A build of its own: others may build apps/web/dist meanwhile.
  const dist = mkdtempSync(join(tmpdir(), "mimic-web-"));
  let browser: Browser | undefined;
  beforeAll(async () => {
    await build({ root: WEB, configFile: join(WEB, "vite.config.ts"), logLevel: "warn", build: { outDir: dist } });
    browser = await launchBrowser();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(dist, { recursive: true, force: true });
  });
  return {
    dist,
    get browser() {
      if (!browser) throw new Error("The browser is there once tests run.");
      return browser;
    },
    startMock: (options = {}) => startMockWith({ dist, ...options }),
  };
}

async function settle(page: Page): Promise<void> {
  await page.waitForSelector("h1");
  await page.waitForTimeout(500);
}

export async function go(watched: Watched, mock: Mock, path: string): Promise<void> {
  await watched.page.goto(mock.address + path);
  await settle(watched.page);
}

/** Pixels, in a window of 360; the window is as it was afterwards. */
export async function widthOnPhone(page: Page): Promise<number> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForTimeout(150);
  const width = (await page.evaluate("document.documentElement.scrollWidth")) as number;
  if (before) await page.setViewportSize(before);
  return width;
}
