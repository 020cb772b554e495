// The network pages over the real switch: two tiny Linux machines in the picture, a ping that is seen as packets, a cable
// that is pulled in the browser and missed in the guest, and the words of a trace.
import { spawn } from "node:child_process";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokenRules, launchBrowser, misdeeds, NOTHING, shot, signIn, type Watched } from "./kit/browser.ts";
import { type Installation, install, ROOT, startTinyLinux } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;
let page: Page;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true }), launchBrowser()]);
  for (const name of ["ada", "bob"]) await startTinyLinux(mimic, name);
  seen = await signIn(browser, mimic);
  page = seen.page;
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

const inGuest = async (machine: string, ...words: string[]) => await mimic.mimic(["exec", machine, "--", ...words]);
const go = async (path: string) => {
  await page.goto(seen.address + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
};
const homePort = async (machine: string) =>
  (await mimic.client.networks.show({ network: "home" })).ports.find(({ label }) => label === machine);

test("the picture shows both machines on “home”, connected, and the way out", async () => {
  await expect.poll(async () => (await homePort("bob"))?.addresses.length, { timeout: 60_000 }).toBeGreaterThan(0);
  await go("/networks");
  await page.getByRole("button", { name: /^Cable of ada to home: connected, VLAN 1/ }).waitFor();
  await page.getByRole("button", { name: /^Cable of bob to home: connected/ }).waitFor();
  await page.getByRole("button", { name: /^Gateway of home/ }).waitFor();
  await page.getByRole("button", { name: /^Cable of ada/ }).focus();
  await page.keyboard.press("Enter");
  const panel = page.getByRole("complementary", { name: "Cable: ada" });
  await panel.getByText((await homePort("ada"))?.addresses[0] ?? "no address").waitFor();
  await shot(page, "networks");
  expect(await brokenRules(page)).toEqual([]);
}, 120_000);

test("a ping between them is seen as packets with their layers, and moves the numbers", async () => {
  const bob = (await homePort("bob"))?.addresses[0] ?? "";
  const network = await mimic.client.networks.show({ network: "home" });
  const port = network.ports.find(({ label }) => label === "ada")?.id;
  await go(`/networks/home/traffic?port=${port}`);
  await page.getByText(/^Live:/).waitFor();
  await page.getByRole("textbox", { name: "Filter" }).fill("icmp");
  await page.keyboard.press("Enter");
  await page.getByText(/^Live:/).waitFor();
  const ping = inGuest("ada", "ping", "-c", "4", bob);
  const row = page.locator(".packet", { hasText: bob }).first();
  await row.waitFor({ timeout: 30_000 });
  expect((await ping).code).toBe(0);
  await row.click();
  await page.locator(".layer-fields summary", { hasText: /ICMP/ }).waitFor();
  await shot(page, "network-traffic");
  await page.getByRole("textbox", { name: "Filter" }).fill("icmp frogs");
  await page.keyboard.press("Enter");
  await page.locator(".filter-fault mark").waitFor();
  expect(await page.locator(".filter-fault mark").textContent()).toContain("frogs");
}, 120_000);

test("a capture that runs is seen at the picture, at the table, on the network's page and in the terminal, until it ends", async () => {
  await go("/networks");
  const sign = page.getByText(/^Captured now: ada$/);
  expect(await sign.count()).toBe(0);
  const capture = spawn(join(ROOT, "mimic"), ["net", "capture", "home", "--port", "ada", "-w", "-"], { env: mimic.env, stdio: "ignore" });
  try {
    await sign.first().waitFor();
    await page.getByRole("button", { name: /^Network home .* Captured now: ada\.$/ }).waitFor();
    await shot(page, "network-captured");
    expect(await brokenRules(page)).toEqual([]);
    for (const path of ["/networks?look=table", "/networks/home"]) {
      await go(path);
      await sign.first().waitFor();
    }
    expect((await mimic.mimic(["net", "show", "home"])).out).toMatch(/captured now +ada\n/);
  } finally {
    capture.kill("SIGINT");
  }
  await sign.first().waitFor({ state: "detached" });
  expect((await mimic.client.networks.show({ network: "home" })).captures).toEqual([]);
}, 90_000);

test("a cable pulled in the browser is missed in the guest, and Undo plugs it in again", async () => {
  await go("/networks?look=table");
  const carrier = async () => (await inGuest("ada", "cat", "/sys/class/net/eth0/carrier")).out.trim();
  await page.getByRole("button", { name: "More for the cable of ada" }).click();
  await page.getByRole("menuitem", { name: "Pull the cable" }).click();
  await page.getByText("Cable pulled").first().waitFor();
  await expect.poll(carrier, { timeout: 20_000 }).not.toBe("1");
  await page.getByRole("button", { name: /^Undo/ }).first().click();
  await expect.poll(carrier, { timeout: 20_000 }).toBe("1");
}, 90_000);

test("a network is made, a second card plugged in while the machine runs, and a trace says what would happen", async () => {
  await go("/networks");
  await page.getByRole("button", { name: "New network" }).click();
  await page.getByRole("textbox", { name: "Name" }).fill("lab");
  await page.getByRole("radio", { name: /^Among themselves/ }).check();
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("complementary", { name: "Network: lab" }).waitFor();
  await go("/machines/bob/network");
  await page.getByRole("button", { name: "Add a network card" }).click();
  await page.getByRole("dialog").getByLabel("Network").selectOption({ label: "lab" });
  await page.getByRole("dialog").getByRole("button", { name: "Add it" }).click();
  await page.getByText("Card 2: on lab").waitFor();
  await expect.poll(async () => (await inGuest("bob", "ls", "/sys/class/net")).out, { timeout: 30_000 }).toContain("eth1");
  await shot(page, "machine-network");
  await go("/networks/home/trace");
  await page.getByLabel("To", { exact: true }).fill((await homePort("bob"))?.addresses[0] ?? "");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText("It arrives.").waitFor();
  await shot(page, "network-trace");
  await go("/networks/home/names");
  await page.getByRole("table").getByText("ada").first().waitFor();
  expect(misdeeds(seen)).toEqual(NOTHING);
}, 120_000);
