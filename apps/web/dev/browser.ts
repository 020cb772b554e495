// Chromium for looking and for testing, and pages that keep account of everything they should not do.
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, chromium, type Page } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** `names`: host names that the browser finds on this computer, as after DNS rebinding. */
export async function launchBrowser(names: readonly string[] = []): Promise<Browser> {
  const executablePath = process.env["MIMIC_CHROMIUM"] ?? PATHS.find((path) => existsSync(path));
  if (!executablePath) throw new Error("No Chromium here. Install it: apt-get install chromium");
  return await chromium.launch({
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

/** What a page did that it should not have. */
export interface Account {
  /** Requests to anywhere but its own daemon. */
  readonly outside: string[];
  /** Breaches of the page policy. */
  readonly violations: string[];
  readonly errors: string[];
  readonly dialogs: string[];
}

export const misdeeds = ({ outside, violations, errors, dialogs }: Account): Account => ({ outside, violations, errors, dialogs });
export const NOTHING: Account = { outside: [], violations: [], errors: [], dialogs: [] };

/** From now on. `address`: “http://127.0.0.1:7717”, without a slash. */
export function keepAccount(page: Page, address: string): Account {
  const account: Account = { outside: [], violations: [], errors: [], dialogs: [] };
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${address}/`) && !/^(data|blob):/.test(url)) account.outside.push(url);
  });
  page.on("websocket", (socket) => {
    if (!socket.url().startsWith(`${address.replace("http", "ws")}/`)) account.outside.push(socket.url());
  });
  page.on("dialog", (dialog) => {
    account.dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => account.errors.push(String(error)));
  page.on("console", (message) => {
    if (/Content Security Policy|TrustedHTML|Trusted Type/i.test(message.text())) account.violations.push(message.text());
    else if (message.type() === "error" && !/Failed to load resource/.test(message.text())) account.errors.push(message.text());
  });
  return account;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What depends on the colours; everything else is the same by day and by night. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

/** Accessibility rules that this page breaks as it stands, each with the element. Runs outside the page's policy, as an extension would. */
export async function brokenRulesNow(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) {
    const session = await page.context().newCDPSession(page);
    await session.send("Runtime.evaluate", { expression: `${AXE};0` });
    await session.detach();
  }
  return await runRules(page, { resultTypes: ["violations"] });
}

/** The same, and those about colours in the other scheme too, into which it is put for that. */
export async function brokenRules(page: Page): Promise<string[]> {
  const found = await brokenRulesNow(page);
  const now = (await page.evaluate("document.documentElement.dataset.mantineColorScheme")) as Scheme;
  const other = now === "light" ? "dark" : "light";
  await putInto(page, other);
  const there = await runRules(page, { resultTypes: ["violations"], runOnly: COLOUR_RULES });
  await putInto(page, now);
  return [...found, ...there.map((each) => `in the ${other} scheme ${each}`)];
}

type Scheme = "light" | "dark";
async function putInto(page: Page, scheme: Scheme): Promise<void> {
  await page.emulateMedia({ colorScheme: scheme });
  await page.locator(`html[data-mantine-color-scheme="${scheme}"]`).waitFor({ state: "attached" });
  // Where motion is not reduced, a colour that is inherited fades over level by level: each after the one above it.
  await page.evaluate(`(async () => {
    const nextFrame = () => new Promise((then) => requestAnimationFrame(() => setTimeout(then)));
    for (let still = 0; still < 3; still++) {
      await nextFrame();
      if (document.getAnimations().some((each) => each instanceof CSSTransition)) still = -1;
    }
  })()`);
}

async function runRules(page: Page, options: object): Promise<string[]> {
  const found = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)}).then((r) => r.violations)`)) as Violation[];
  return found.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} — ${node.failureSummary.slice(0, 200)}`));
}

export interface Watched extends Account {
  readonly page: Page;
}

export interface WatchOptions {
  readonly scheme?: Scheme;
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
  const watched: Watched = { page, ...keepAccount(page, address) };
  // Runs in the page; the account hears it.
  await page.addInitScript(`document.addEventListener("securitypolicyviolation", (event) =>
    console.error("Content Security Policy: " + event.violatedDirective + " " + event.blockedURI + " " + event.sample))`);
  await page.goto(`${address}/#c=GOOD`);
  await page.waitForSelector("h1");
  return watched;
}
