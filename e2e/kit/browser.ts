// A real Chromium for whole-product tests, and pages that keep account of everything they should not do: requests to
// elsewhere, breaches of the page policy, errors and dialogs.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { type Account, keepAccount } from "../../apps/web/dev/browser.ts";
import { type Installation, ROOT } from "./installation.ts";

export { brokenRules, launchBrowser, misdeeds, NOTHING } from "../../apps/web/dev/browser.ts";

export interface Watched extends Account {
  readonly page: Page;
  readonly context: BrowserContext;
  /** “http://127.0.0.1:7717”, without a slash. */
  readonly address: string;
}

export interface WatchOptions {
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
}

/** A page in a context of its own, signed in the way a person is: with a one-time code from the owner's door. */
export async function signIn(
  browser: Browser,
  mimic: Installation,
  { scheme = "light", width = 1280, height = 860 }: WatchOptions = {},
): Promise<Watched> {
  const { address } = await mimic.client.sessions.code({});
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height },
    reducedMotion: "reduce",
    acceptDownloads: true,
  });
  const watched = await watch(context, new URL(address).origin);
  await watched.page.goto(address);
  await watched.page.getByRole("heading", { level: 1 }).first().waitFor();
  return watched;
}

/** Another page of the same person. */
export async function watch(context: BrowserContext, address: string): Promise<Watched> {
  const page = await context.newPage();
  return { page, context, address, ...keepAccount(page, address) };
}

/** For people to look at: `shots/NAME.png` in the project's folder. */
export async function shot(page: Page, name: string): Promise<void> {
  await mkdir(join(ROOT, "shots"), { recursive: true });
  await page.screenshot({ path: join(ROOT, "shots", `${name}.png`) });
}

/** The machine's screen as this page shows it: its size, and how many of its pixels are lit. */
export function seenScreen(page: Page): Promise<{ width: number; height: number; lit: number; print: number }> {
  return page.evaluate(`(() => {
    const canvas = document.querySelector(".screen-canvas canvas");
    if (!canvas || !canvas.width) return { width: 0, height: 0, lit: 0, print: 0 };
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let lit = 0;
    let print = 0;
    for (let at = 0; at < data.length; at += 4) {
      const value = data[at] + data[at + 1] + data[at + 2];
      if (value > 200) lit++;
      print = (Math.imul(print, 31) + value) | 0;
    }
    return { width: canvas.width, height: canvas.height, lit, print };
  })()`);
}

const SHIFTED = '~!@#$%^&*()_+{}|:"<>?';

/** Types as a person does on a US keyboard: capitals and signs with Shift held. (Playwright's own `type` presses no Shift.) */
export async function typeKeys(page: Page, text: string): Promise<void> {
  for (const character of text) {
    const shift = /[A-Z]/.test(character) || SHIFTED.includes(character);
    if (shift) await page.keyboard.down("Shift");
    await page.keyboard.press(character === "\n" ? "Enter" : character === " " ? "Space" : character, { delay: 5 });
    if (shift) await page.keyboard.up("Shift");
  }
}
