// The Moments tab and the table of machines as a person uses them: the real daemon, real machines, a real Chromium.
import { execFileSync } from "node:child_process";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenRules, launchBrowser, misdeeds, NOTHING, shot, signIn, type Watched } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;
let page: Page;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true }), launchBrowser()]);
  const disk = `${mimic.home}/ext4.img`;
  execFileSync("mke2fs", ["-q", "-t", "ext4", disk, "48M"]);
  await mimic.done(mimic.client.images.import({ path: disk, name: "ext4", format: "raw", kind: "disk" }));
  await mimic.done(mimic.client.machines.create({ name: "box", system: "tiny-linux" }));
  await mimic.client.machines.change({ machine: "box", addDisk: { image: "ext4" } });
  await mimic.done(mimic.client.machines.create({ name: "pal", system: "tiny-linux" }));
  await mimic.done(mimic.client.machines.start({ machine: "box" }));
  await inside("mkdir -p /mnt && mount -t ext4 $(ls /dev/vd? | tail -1) /mnt && echo one > /mnt/conf && echo old > /mnt/old");
  seen = await signIn(browser, mimic);
  page = seen.page;
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

const inside = async (script: string): Promise<void> => {
  const ran = await mimic.mimic(["exec", "box", "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
};
const go = async (path: string) => {
  await page.goto(seen.address + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
};
const row = (name: string) => page.getByRole("listitem").filter({ hasText: name });
const listed = async (machine = "box") => (await mimic.client.moments.list({ machine })).moments;

test("a moment is kept by keyboard, with how whole its disks are, and files that differ between two are shown", async () => {
  await go("/machines/box/moments");
  await page.getByText("None yet.").waitFor();
  await page.getByLabel("What to call it").fill("before");
  const disks = page.getByRole("button", { name: "Keep its disks" });
  await disks.focus();
  await page.keyboard.press("Enter");
  await row("before").getByText("its file systems were held still for it").waitFor({ timeout: 20_000 });
  await inside("echo two > /mnt/conf && rm /mnt/old && echo new > /mnt/new");
  await page.getByLabel("What to call it").fill("after");
  await disks.click();
  await row("after").waitFor({ timeout: 20_000 });
  await shot(page, "moments");
  await row("before").getByRole("button", { name: "Compare" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Compare with").selectOption({ label: "after" });
  await dialog.getByText("1 added, 1 removed, 1 changed").waitFor({ timeout: 30_000 });
  for (const path of ["/new", "/old", "/conf"]) await dialog.getByText(path, { exact: true }).waitFor();
  await dialog.getByText("mimic moments diff box before after").waitFor();
  await shot(page, "moments-compare");
  expect(await brokenRules(page)).toEqual([]);
  await page.keyboard.press("Escape");
}, 120_000);

test("a moment gets a name and a note, is protected, and cannot be deleted then", async () => {
  await go("/machines/box/moments");
  await row("after").first().getByRole("button", { name: "Edit" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Its name").fill("after the upgrade");
  await dialog.getByLabel("A note to yourself").fill("it went well");
  await dialog.getByRole("button", { name: "Save" }).click();
  const changed = row("after the upgrade").first();
  await changed.getByText("it went well").waitFor();
  await changed.getByRole("button", { name: "Protect" }).click();
  await changed.getByText("protected").first().waitFor();
  // It can be reached, and says why it does nothing.
  const remove = changed.getByRole("button", { name: "Delete" });
  await remove.focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => remove.getAttribute("aria-describedby")).not.toBe(null);
  expect((await listed()).length).toBe(2);
  await changed.getByRole("button", { name: "Do not protect" }).click();
}, 60_000);

test("a routine is begun, says when the next one is due, keeps one at once, and is ended", async () => {
  await go("/machines/box/moments");
  const routine = page.getByRole("region", { name: "By itself" });
  await routine.getByLabel("Weeks").fill("4");
  await routine.getByText("mimic moments routine box --hourly 24 --daily 7 --weekly 4").waitFor();
  await routine.getByRole("button", { name: "Begin" }).click();
  await routine.getByText("every hour, the last 24 stay; every day, the last 7 stay; every week, the last 4 stay").waitFor();
  await page.getByText("kept by Mimic: its routine").waitFor({ timeout: 20_000 });
  await routine.getByText("The next one:").waitFor();
  await shot(page, "moments-routine");
  expect(await brokenRules(page)).toEqual([]);
  await routine.getByRole("button", { name: "Keep none by itself" }).click();
  await routine.getByText("No moments are kept by themselves.").waitFor();
}, 60_000);

test("how long what Mimic keeps before something stays is said in words, and changed by keyboard", async () => {
  await go("/machines/box/moments");
  const retention = page.getByRole("region", { name: "Before something" });
  await retention.getByText("the last 10 stay, and those of the last 7 days (up to 50).").waitFor();
  const keep = retention.getByLabel("Last ones");
  await keep.fill("0");
  await retention.getByText("A number from 1 to 500").waitFor();
  await keep.fill("3");
  await retention.getByLabel("Days", { exact: true }).fill("0");
  await retention.getByText("mimic moments routine box --before 3 --before-days 0").waitFor();
  expect(await brokenRules(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await retention.getByText("the last 3 stay.").waitFor();
  await shot(page, "moments-retention");
  expect((await mimic.client.moments.list({ machine: "box" })).retention).toEqual({ keep: 3, days: 0 });
}, 60_000);

test("two machines are chosen in the table and kept at one moment; each says with whom, and both go back together", async () => {
  await go("/");
  await page.locator("label").filter({ hasText: "Table" }).click();
  await page.getByLabel("Choose box").focus();
  await page.keyboard.press("Space");
  await page.getByText("1 machine is chosen").waitFor();
  await page.getByLabel("Choose pal").check();
  await shot(page, "machines-chosen");
  await page.getByRole("button", { name: "Keep one moment of all" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("What to call it").fill("both");
  await dialog.getByText("mimic snapshot box both --with pal").waitFor();
  expect(await brokenRules(page)).toEqual([]);
  await dialog.getByRole("button", { name: "Keep their disks" }).click();
  await expect.poll(async () => (await listed("pal")).map(({ name }) => name), { timeout: 20_000 }).toEqual(["both"]);
  await go("/machines/pal/moments");
  await row("both").getByText("at one moment with box").waitFor();
  await row("both").getByRole("button", { name: "Go back with all" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Go back with all" }).click();
  await expect.poll(async () => (await listed("box")).filter(({ name }) => name === "before “both”").length, { timeout: 60_000 }).toBe(1);
  await expect.poll(async () => (await mimic.client.machines.show({ machine: "box" })).usableBy ?? "", { timeout: 60_000 }).not.toBe("");
}, 150_000);

test("a machine is put to sleep from its menu, says so, and is woken up", async () => {
  await go("/machines/box");
  await page.getByRole("button", { name: "More for box" }).click();
  await page.getByRole("menuitem", { name: "Put it to sleep" }).click();
  const wake = page.getByRole("button", { name: "Wake it up" });
  await wake.waitFor({ timeout: 30_000 });
  await wake.click();
  await expect.poll(async () => (await mimic.client.machines.show({ machine: "box" })).power, { timeout: 30_000 }).toBe("running");
}, 90_000);

test("all that time the pages did nothing that they should not", () => {
  expect(misdeeds(seen)).toEqual(NOTHING);
});
