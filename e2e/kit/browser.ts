// A real Chromium for whole-product tests, and pages that keep account of everything they should not do: requests to
// elsewhere, breaches of the page policy, errors and dialogs.
import { existsSync, readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { type Installation, ROOT } from "./installation.ts";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** `names`: host names that the browser finds on this computer, as after DNS rebinding. */
export function launchBrowser(names: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env.MIMIC_CHROMIUM ?? PATHS.find((path) => existsSync(path));
  if (!executablePath) throw new Error("No Chromium here. Install it: apt-get install chromium");
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--autoplay-policy=no-user-gesture-required",
      ...(names.length > 0 ? [`--host-resolver-rules=${names.map((name) => `MAP ${name} 127.0.0.1`).join(",")}`] : []),
    ],
  });
}

export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** “http://127.0.0.1:7717”, without a slash. */
  readonly address: string;
  readonly outside: string[];
  readonly violations: string[];
  readonly errors: string[];
  readonly dialogs: string[];
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
  const watched: Watched = { page, context, address, outside: [], violations: [], errors: [], dialogs: [] };
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${address}/`) && !/^(data|blob):/.test(url)) watched.outside.push(url);
  });
  page.on("websocket", (socket) => {
    if (!socket.url().startsWith(`${address.replace("http", "ws")}/`)) watched.outside.push(socket.url());
  });
  page.on("dialog", (dialog) => {
    watched.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => watched.errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|Trusted Type/i.test(message.text())) watched.violations.push(message.text());
    else if (message.type() === "error" && !/Failed to load resource/.test(message.text())) watched.errors.push(message.text());
  });
  return watched;
}

/** What a page did that it should not have: compare with `NOTHING`. */
export const misdeeds = ({ outside, violations, errors, dialogs }: Watched) => ({ outside, violations, errors, dialogs });
export const NOTHING = { outside: [], violations: [], errors: [], dialogs: [] };

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Accessibility rules that this page breaks, each with the element. Runs outside the page's policy, as an extension would. */
export async function brokenRules(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: `${AXE};0` });
  await session.detach();
  const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((r) => r.violations)")) as Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} — ${node.failureSummary.slice(0, 200)}`));
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
