// Templates and disposables in the real browser: a template is made, gets generations, machines are made from it, one is tried
// for once and kept after all, one follows, one is moved; by keyboard where a person would.
import { chmod, readFile, writeFile } from "node:fs/promises";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenRules, launchBrowser, misdeeds, NOTHING, shot, signIn, type Watched } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;
let page: Page;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true }), launchBrowser()]);
  const hardware = { memoryMiB: 128 };
  await mimic.done(
    mimic.client.machines.create({ name: "mould", system: "tiny-linux", hardware, diskBytes: 16 << 20, network: null, start: true }),
  );
  seen = await signIn(browser, mimic);
  page = seen.page;
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

const go = async (path: string) => {
  await page.goto(seen.address + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
};
const inside = async (machine: string, script: string): Promise<string> =>
  (await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script])).out.trim();
const row = (name: string): Locator =>
  page
    .getByRole("listitem")
    .filter({ has: page.locator("strong", { hasText: name }) })
    .first();
const template = () => mimic.client.templates.show({ template: "base" });

/** The menu of a machine's page, by keyboard. */
async function choose(machine: string, words: string): Promise<void> {
  await page.getByRole("button", { name: `More for ${machine}` }).focus();
  await page.keyboard.press("Enter");
  const item = page.getByRole("menuitem", { name: words });
  await item.waitFor();
  await item.press("Enter");
}

test("a template is made of a running machine, and the page says what it is", async () => {
  await go("/templates");
  await page.getByRole("heading", { name: "No templates of yours yet" }).waitFor();
  await shot(page, "templates-none");
  await go("/machines/mould");
  await choose("mould", "Make a template…");
  const dialog = page.getByRole("dialog", { name: "Make a template of “mould”" });
  await dialog.getByRole("textbox", { name: "Name of the template" }).fill("base");
  await dialog.getByText("mimic template mould base").waitFor();
  await shot(page, "template-dialog");
  expect(await brokenRules(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await mimic.client.templates.list({})).templates.length, { timeout: 60_000 }).toBe(1);
  await page.getByRole("link", { name: "Templates" }).click();
  await row("base").getByText("Machines made from it go on where it was.").waitFor();
  await row("base")
    .getByText(/Generation 1/)
    .waitFor();
});

test("one is tried for once by one click, and kept after all", async () => {
  await go("/templates");
  await row("base").getByRole("button", { name: "Try it for once (disposable)" }).click();
  const note = page.getByRole("complementary", { name: "Where it comes from" });
  await note.getByText(/it vanishes when it stops/).waitFor({ timeout: 60_000 });
  const name = ((await page.getByRole("heading", { level: 1 }).textContent()) ?? "").trim();
  expect(name).toMatch(/^disp-/);
  await inside(name, "echo kept | dd of=/dev/vda bs=512 conv=notrunc,fsync 2>/dev/null");
  await shot(page, "disposable");
  expect(await brokenRules(page)).toEqual([]);
  await note.getByRole("button", { name: "Keep this one…" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: `Keep “${name}”` });
  await dialog.getByRole("textbox", { name: "Its name" }).fill("notes");
  await shot(page, "keep-dialog");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "notes", level: 1 }).waitFor();
  await expect.poll(() => note.count()).toBe(0);
  expect((await mimic.client.machines.show({ machine: "notes" })).forgets).toBeUndefined();
  expect(await inside("notes", "head -c 4 /dev/vda")).toBe("kept");
  await mimic.client.machines.kill({ machine: "notes" });
});

test("one with a name and a network is made behind “More…”, and stays when it stops", async () => {
  await go("/templates");
  await row("base").getByRole("button", { name: "More ways to try base for once" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Try “base” for once" });
  await dialog.getByRole("textbox", { name: "Name" }).fill("mould");
  await dialog.getByText(/There is a machine called “mould” already/).waitFor();
  expect(await dialog.getByRole("button", { name: "Try it" }).isDisabled()).toBe(true);
  await dialog.getByRole("textbox", { name: "Name" }).fill("bench");
  await dialog.getByRole("combobox", { name: "Network" }).selectOption("nat");
  await dialog.getByText("mimic run base --name bench --net nat -d").waitFor();
  await shot(page, "disposable-more");
  expect(await brokenRules(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Try it" }).click();
  await page.getByRole("heading", { name: "bench", level: 1 }).waitFor({ timeout: 60_000 });
  const bench = await mimic.client.machines.show({ machine: "bench" });
  expect([bench.forgets, bench.hardware.nics.length]).toEqual(["disks", 1]);
  // Off its page first: a screen that opens in this moment finds it off, and says so on the console.
  await go("/templates");
  await mimic.client.machines.kill({ machine: "bench" });
  await expect.poll(async () => (await mimic.client.machines.show({ machine: "bench" })).power, { timeout: 20_000 }).toBe("stopped");
  await mimic.client.machines.remove({ machine: "bench" });
}, 120_000);

test("a disposable that had to be switched on says why on its page", async () => {
  await mimic.done(mimic.client.templates.make({ machine: "mould", name: "cold", disksOnly: true }));
  await go("/templates");
  await row("cold").getByText("Machines made from it are switched on: only its disks were wanted.").waitFor();
  await row("cold").getByRole("button", { name: "Try it for once (disposable)" }).click();
  const note = page.getByRole("complementary", { name: "Where it comes from" });
  await note.getByText(/switched on instead of going on from memory: only its disks were wanted/).waitFor({ timeout: 90_000 });
  await shot(page, "disposable-switched-on");
  expect(await brokenRules(page)).toEqual([]);
  await mimic.client.templates.remove({ template: "cold" });
});

test("a template is verified by one button, and one that was changed is offered no more, with the reason", async () => {
  await go("/templates");
  await row("base")
    .getByText(/were never compared/)
    .waitFor();
  await row("base").getByRole("button", { name: "Verify base", exact: true }).press("Enter");
  await row("base")
    .getByText(/^Verified/)
    .press("Enter");
  const files = row("base").getByRole("list", { name: "Files of base" });
  await files.getByText(/memory of generation 1/).waitFor();
  expect(await files.getByText("as it was").count()).toBe(4);
  await shot(page, "template-verified");
  expect(await brokenRules(page)).toEqual([]);
  const { files: known } = await mimic.client.templates.verification({ template: "base" });
  const layer = known.find(({ kind }) => kind === "layer")?.path ?? "";
  const bytes = await readFile(layer);
  await chmod(layer, 0o600);
  await writeFile(layer, Buffer.from(bytes).fill(1, bytes.length >> 1, (bytes.length >> 1) + 1));
  await row("base").getByRole("button", { name: "Verify base", exact: true }).click();
  await page
    .getByText(/1 of 4 files differ/)
    .first()
    .waitFor({ timeout: 60_000 });
  await row("base")
    .getByText(/Nothing is made from it any more/)
    .first()
    .waitFor();
  const make = row("base").getByRole("button", { name: "Make a machine of it: base" });
  expect(await make.getAttribute("aria-disabled")).toBe("true");
  await files.getByText(/Put its file back from a backup/).waitFor();
  await shot(page, "template-damaged");
  expect(await brokenRules(page)).toEqual([]);
  await page.setViewportSize({ width: 380, height: 800 });
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  await shot(page, "template-damaged-narrow");
  await page.setViewportSize({ width: 1280, height: 860 });
  await writeFile(layer, bytes);
  await mimic.done(mimic.client.templates.verify({ template: "base" }));
  await expect.poll(() => make.getAttribute("aria-disabled")).toBeNull();
});

test("a machine that follows gets the newest generation when it is switched on next, and says so before", async () => {
  await go("/templates");
  await row("base").getByRole("button", { name: "Make a machine of it: base" }).click();
  const dialog = page.getByRole("dialog", { name: "A machine of “base”" });
  await dialog.getByRole("textbox", { name: "Its name" }).fill("work");
  await dialog.getByRole("radio", { name: "It follows" }).check();
  await dialog.getByRole("combobox", { name: "Room for what stays" }).selectOption("1");
  await dialog.getByText("mimic new work --template base --home 1G --start").waitFor();
  await shot(page, "follow-dialog");
  expect(await brokenRules(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Make and start" }).click();
  await expect
    .poll(async () => (await mimic.client.machines.show({ machine: "work" }).catch(() => undefined))?.usableBy, { timeout: 90_000 })
    .toBeTruthy();
  await go("/machines/mould");
  await choose("mould", "Make a template…");
  const again = page.getByRole("dialog", { name: "Make a template of “mould”" });
  await again.getByRole("textbox", { name: "Name of the template" }).fill("base");
  await again.getByRole("button", { name: "Make generation 2" }).click();
  await expect.poll(async () => (await template()).generation, { timeout: 60_000 }).toBe(2);
  await go("/machines/work");
  await page
    .getByRole("complementary", { name: "Where it comes from" })
    .getByText(/with generation 2 the next time/)
    .waitFor();
  await shot(page, "machine-follows");
  await go("/");
  await page.getByText(/Begins anew at each start/).waitFor();
});

test("an ordinary machine is moved when it is off, after a question that says what is kept", async () => {
  await mimic.done(mimic.client.machines.clone({ machine: "notes", name: "old" }));
  await go("/machines/old");
  const note = page.getByRole("complementary", { name: "Where it comes from" });
  await note.getByText("It was made from generation 1 of “base”; 2 is the newest.").waitFor();
  await shot(page, "machine-behind");
  await note.getByRole("button", { name: "Move it there…" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Move “old” to generation 2?" });
  await dialog.getByText(/kept as a snapshot first/).waitFor();
  await dialog.getByRole("button", { name: "Move it" }).click();
  await expect.poll(async () => (await mimic.client.machines.show({ machine: "old" })).madeFrom?.generation, { timeout: 60_000 }).toBe(2);
  await go("/machines/old/moments");
  await page.getByText("before generation 2 of base").first().waitFor();
});

test("generations, who stands on them and the pool: shown, chosen, removed", async () => {
  await go("/templates");
  const generations = row("base").getByRole("list", { name: "Generations of base" });
  await generations.getByText(/the newest/).waitFor();
  await row("base").getByRole("combobox", { name: "How many machines of base wait ready" }).selectOption("1");
  await row("base")
    .getByText(/^1 now, [\d.]+ MiB each$/)
    .waitFor({ timeout: 60_000 });
  const { warm, isMemberMeasured, memberBytes } = await template();
  expect([warm, isMemberMeasured]).toEqual([1, true]);
  // What it wrote itself and its QEMU, and not the memory that it shares, though nobody else maps that now.
  expect(memberBytes).toBeGreaterThan(4 * 2 ** 20);
  expect(memberBytes).toBeLessThan(100 * 2 ** 20);
  await shot(page, "templates");
  expect(await brokenRules(page)).toEqual([]);
  await page.setViewportSize({ width: 380, height: 800 });
  await shot(page, "templates-narrow");
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  await page.setViewportSize({ width: 1280, height: 860 });
  await generations.getByRole("button", { name: "Remove generation 1 of base" }).press("Enter");
  await expect.poll(async () => (await template()).generations, { timeout: 20_000 }).toBe(1);
  await row("base")
    .getByText(/Generation 2/)
    .waitFor();
  await page.getByRole("button", { name: "More for the template base" }).press("Enter");
  await page.getByRole("menuitem", { name: "Remove…" }).press("Enter");
  await page.getByRole("dialog", { name: "Remove the template “base”?" }).getByRole("button", { name: "Remove" }).click();
  await page.getByRole("heading", { name: "No templates of yours yet" }).waitFor();
  expect(misdeeds(seen)).toEqual(NOTHING);
});
