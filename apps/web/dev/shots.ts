// Pictures of every page and state, for looking at: node apps/web/dev/shots.ts [folder] [only these, by beginning]
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { launchBrowser, openPage, type WatchOptions } from "./browser.ts";
import { startMock } from "./mock.ts";
import type { Kind } from "./world.ts";

const folder = process.argv[2] ?? fileURLToPath(new URL("../../../shots", import.meta.url));
const only = process.argv[3] ?? "";

interface Shot {
  readonly name: string;
  readonly path: string;
  readonly kind?: Kind;
  readonly before?: (page: Page) => Promise<unknown>;
  readonly whole?: boolean;
}

const SHOTS: readonly Shot[] = [
  { name: "home", path: "/" },
  { name: "home-table", path: "/", before: (page) => page.locator("label", { hasText: "Table" }).click() },
  { name: "home-empty", path: "/", kind: "empty" },
  { name: "home-many", path: "/", kind: "many" },
  { name: "new", path: "/new", whole: true },
  { name: "new-form", path: "/new?system=debian-13", before: (page) => page.getByText("Change", { exact: true }).click() },
  { name: "new-own", path: "/new?own=true" },
  { name: "machine", path: "/machines/hello" },
  { name: "machine-more", path: "/machines/hello", before: (page) => page.getByRole("button", { name: "More for hello" }).click() },
  {
    name: "machine-commands",
    path: "/machines/hello",
    before: (page) => page.getByRole("button", { name: "Copy as command: hello" }).click(),
  },
  {
    name: "machine-kill",
    path: "/machines/hello",
    before: async (page) => {
      await page.getByRole("button", { name: "More for hello" }).click();
      await page.getByRole("menuitem", { name: /Pull the plug/ }).click();
    },
  },
  { name: "machine-type", path: "/machines/hello", before: (page) => page.getByRole("button", { name: /Type a text/ }).click() },
  { name: "machine-paused", path: "/machines/database" },
  { name: "machine-starting", path: "/machines/workshop" },
  { name: "machine-off", path: "/machines/old-games" },
  { name: "machine-failed", path: "/machines/compiler" },
  { name: "machine-unknown", path: "/machines/nobody" },
  { name: "terminal", path: "/machines/hello/terminal" },
  { name: "hardware", path: "/machines/desktop/hardware", whole: true },
  { name: "disks", path: "/machines/hello/disks" },
  { name: "disk-file", path: "/machines/hello/disks", before: (page) => page.getByRole("button", { name: "Its file…" }).first().click() },
  {
    name: "disk-file-away",
    path: "/machines/hello/disks",
    before: async (page) => {
      await page.getByRole("button", { name: "Its file…" }).first().click();
      await page.getByLabel("Move it to").selectOption("stick");
    },
  },
  { name: "activity", path: "/machines/hello/activity" },
  { name: "numbers", path: "/machines/hello/numbers", whole: true },
  { name: "logs", path: "/machines/hello/logs" },
  { name: "details", path: "/machines/hello/details", whole: true },
  { name: "networks", path: "/networks" },
  { name: "networks-empty", path: "/networks", kind: "empty" },
  { name: "networks-crowd", path: "/networks", kind: "crowd" },
  { name: "networks-table", path: "/networks?look=table", whole: true },
  {
    name: "networks-cable",
    path: "/networks",
    before: (page) =>
      page
        .getByRole("button", { name: /^Cable of desktop/ })
        .focus()
        .then(() => page.keyboard.press("Enter")),
  },
  { name: "networks-machine", path: "/networks", before: (page) => page.getByRole("button", { name: /^hello: running/ }).click() },
  { name: "networks-network", path: "/networks", before: (page) => page.getByRole("button", { name: /^Network office/ }).click() },
  {
    name: "networks-menu",
    path: "/networks",
    before: (page) => page.getByRole("button", { name: /^hello: running/ }).click({ button: "right" }),
  },
  {
    name: "networks-quality",
    path: "/networks?look=table",
    before: async (page) => {
      await page.getByRole("button", { name: "More for the cable of desktop" }).click();
      await page.getByRole("menuitem", { name: /how bad/ }).click();
    },
  },
  { name: "networks-new", path: "/networks", before: (page) => page.getByRole("button", { name: "New network" }).click() },
  {
    name: "networks-undo",
    path: "/networks?look=table",
    before: async (page) => {
      await page.getByRole("button", { name: "More for the cable of hello" }).click();
      await page.getByRole("menuitem", { name: /Pull the cable|Put the cable/ }).click();
    },
  },
  { name: "network", path: "/networks/home", whole: true },
  { name: "network-names", path: "/networks/home/names" },
  { name: "network-forwards", path: "/networks/home/forwards" },
  { name: "network-rules", path: "/networks/home/rules" },
  {
    name: "network-rule-new",
    path: "/networks/home/rules",
    before: (page) => page.getByRole("button", { name: "Add a rule" }).click(),
  },
  { name: "network-trace", path: "/networks/home/trace", before: (page) => page.getByRole("button", { name: "Ask" }).click() },
  {
    name: "network-traffic",
    path: "/networks/home/traffic",
    before: async (page) => {
      await page.waitForTimeout(2000);
      await page.locator(".packet").nth(4).click();
    },
    whole: true,
  },
  { name: "network-settings", path: "/networks/office/settings" },
  { name: "machine-network", path: "/machines/web-server/network" },
  { name: "network-hostile", path: "/networks", kind: "hostile" },
  { name: "images", path: "/images", whole: true },
  { name: "images-get", path: "/images", before: (page) => page.getByRole("button", { name: "Get one" }).click() },
  { name: "jobs", path: "/jobs", whole: true },
  { name: "jobs-empty", path: "/jobs", kind: "empty" },
  { name: "computer", path: "/computer", whole: true },
  { name: "trash", path: "/trash" },
  { name: "trash-empty", path: "/trash", kind: "empty" },
  { name: "words", path: "/words" },
  {
    name: "problem",
    path: "/images",
    before: async (page) => {
      await page.getByRole("button", { name: "More for rescue-cd" }).click();
      await page.route("**/api/v1/images/*/verification", (route) =>
        route.fulfill({
          status: 507,
          json: {
            code: "host.disk_full",
            message: "There is no room left on this computer’s disk.",
            hint: "Make room: empty the trash, or delete images that nobody uses.",
            detail: "ENOSPC: no space left on device, write",
          },
        }),
      );
      await page.getByRole("menuitem", { name: /Check every byte/ }).click();
    },
  },
  { name: "hostile", path: "/", kind: "hostile" },
];

const LOOKS: readonly (WatchOptions & { readonly name: string })[] = [
  { name: "light", scheme: "light" },
  { name: "dark", scheme: "dark" },
  { name: "narrow", scheme: "light", width: 360, height: 740 },
  { name: "moving", scheme: "light", reducedMotion: false },
];

await mkdir(folder, { recursive: true });
const browser = await launchBrowser();
for (const kind of ["usual", "empty", "many", "hostile", "crowd"] as const) {
  const mock = await startMock({ kind });
  for (const look of LOOKS) {
    const wanted = SHOTS.filter(
      (shot) => (shot.kind ?? "usual") === kind && only.split(",").some((begin) => `${shot.name}-${look.name}`.startsWith(begin)),
    );
    // Motion is only in the picture of the networks.
    if (wanted.length === 0 || (look.name === "moving" && !only.includes("moving"))) continue;
    const watched = await openPage(browser, mock.address, look);
    for (const shot of wanted) {
      await watched.page.goto(mock.address + shot.path);
      await watched.page.waitForSelector("h1");
      await watched.page.waitForTimeout(shot.path.startsWith("/networks") ? 2_200 : 700);
      await shot.before?.(watched.page);
      await watched.page.waitForTimeout(shot.path.startsWith("/machines/hello") || shot.path === "/" ? 700 : 250);
      await watched.page.screenshot({ path: `${folder}/${shot.name}-${look.name}.png`, fullPage: shot.whole ?? false });
    }
    for (const [what, list] of Object.entries({ outside: watched.outside, violations: watched.violations, errors: watched.errors }))
      for (const each of new Set(list)) process.stdout.write(`${kind} ${look.name} ${what}: ${each.slice(0, 300)}\n`);
    await watched.page.context().close();
  }
  await mock.close();
}
// Without a session.
if (only.split(",").some((begin) => "welcome".startsWith(begin))) {
  const mock = await startMock();
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 860 } })).newPage();
  await page.goto(mock.address);
  await page.waitForSelector("h1");
  await page.screenshot({ path: `${folder}/welcome-light.png` });
  await mock.close();
}
await browser.close();
