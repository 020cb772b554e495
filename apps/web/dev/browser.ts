// Chromium for looking and for testing, and a page that keeps account of everything it should not do.
import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export function launchBrowser(): Promise<Browser> {
  const executablePath = process.env["MIMIC_CHROMIUM"] ?? PATHS.find((path) => existsSync(path));
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
    ],
  });
}

export interface Watched {
  readonly page: Page;
  readonly outside: string[];
  readonly violations: string[];
  readonly errors: string[];
  readonly dialogs: string[];
}

export interface WatchOptions {
  readonly scheme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
  readonly reducedMotion?: boolean;
}

/** A fresh page signed in at `address` that notes requests to elsewhere, policy violations, errors and dialogs. */
export async function openPage(
  browser: Browser,
  address: string,
  { scheme = "light", width = 1280, height = 860, reducedMotion = true }: WatchOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height },
    reducedMotion: reducedMotion ? "reduce" : "no-preference",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const watched: Watched = { page, outside: [], violations: [], errors: [], dialogs: [] };
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !url.startsWith(address.replace("http", "ws")) && !/^(data|blob):/.test(url)) watched.outside.push(url);
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
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) =>
      // biome-ignore lint/suspicious/noConsole: this runs in the page; the listener above hears it
      console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`),
    );
  });
  await page.goto(`${address}/#c=GOOD`);
  await page.waitForSelector("h1");
  return watched;
}
