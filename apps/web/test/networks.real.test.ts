// The network pages in a real Chromium: cables drawn by hand and by keyboard, packets without end, hostile neighbours.
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { brokenRules, brokenRulesNow, misdeeds, NOTHING, openPage } from "../dev/browser.ts";
import type { Mock } from "../dev/mock.ts";
import { go, widthOnPhone, withBuiltInterface } from "./built-interface.ts";

const built = withBuiltInterface();
const { startMock } = built;

const nicOf = (mock: Mock, machine: string, at = 0): string =>
  mock.world.machines.find(({ name }) => name === machine)?.hardware.nics[at]?.id ?? "";
const networkOf = (mock: Mock, name: string): string => mock.world.networks.find((each) => each.name === name)?.id ?? "";

const PAGES = [
  "/networks",
  "/networks?look=table",
  "/networks/home",
  "/networks/home/names",
  "/networks/home/forwards",
  "/networks/home/rules",
  "/networks/home/trace",
  "/networks/home/traffic",
  "/networks/office/settings",
  "/networks/nowhere",
  "/machines/web-server/network",
];

const DIALOGS = [
  ["More for the cable of desktop", /Set its VLAN/],
  ["More for the cable of desktop", /how bad/],
  ["More for the cable of desktop", /guards/],
  ["More for the cable of desktop", /Plug it in elsewhere/],
  ["More for the network office", /Add a VLAN/],
  ["More for the network office", /Add a rule/],
  ["More for the network office", /Link it/],
  ["More for the network home", /Add a forward/],
] as const;

test("every network page, panel and dialog keeps the accessibility rules, the page policy and to itself, and no page is wider than a phone", {
  timeout: 240_000,
}, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  const found: string[] = [];
  const look = async (name: string, rules = brokenRules) => found.push(...(await rules(page)).map((each) => `${name} ${each}`));
  const lookAtDialog = async ([button, item]: (typeof DIALOGS)[number]) => {
    if (!page.url().endsWith("?look=table")) await go(watched, mock, "/networks?look=table");
    await page.getByRole("button", { name: button }).click();
    await page.getByRole("menuitem", { name: item }).waitFor();
    // Its colours are the pages' own.
    await look(`menu with ${item}`, brokenRulesNow);
    await page.getByRole("menuitem", { name: item }).click();
    await page.waitForTimeout(350);
    await look(String(item), brokenRulesNow);
    await page.keyboard.press("Escape");
    await page.waitForTimeout(250);
  };
  for (const path of PAGES) {
    await go(watched, mock, path);
    await look(path);
    expect(await widthOnPhone(page), path).toBeLessThanOrEqual(360);
  }
  for (const at of [
    nicOf(mock, "desktop"),
    networkOf(mock, "office"),
    `gw_${networkOf(mock, "home")}`,
    "host",
    mock.world.machines[1]?.id ?? "",
  ]) {
    await go(watched, mock, `/networks?at=${at}`);
    await look(`panel ${at}`);
    expect(await widthOnPhone(page), at).toBeLessThanOrEqual(360);
  }
  for (const opening of DIALOGS) await lookAtDialog(opening);
  expect(found).toEqual([]);
  expect(misdeeds(watched)).toEqual(NOTHING);
  await mock.close();
});

test("on a phone what one can do with a row is at hand", { timeout: 120_000 }, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address, { width: 360, height: 740 });
  // What one can do with a row stays in sight, and its menu is whole, though the table is wider than the window.
  await go(watched, mock, "/networks?look=table");
  await watched.page.getByRole("button", { name: "More for the cable of hello" }).click();
  await watched.page.getByRole("menuitem", { name: /Make the link bad/ }).click();
  await watched.page.getByLabel("Like").waitFor();
  await mock.close();
});

/** The middle of a thing on the picture, in the window. */
const middleOf = async (page: Page, selector: string): Promise<{ x: number; y: number }> => {
  const box = await page.locator(selector).first().boundingBox();
  if (!box) throw new Error(`nothing at ${selector}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
};

test("a cable is pulled with the mouse from a loose machine to a lane, and one press takes it back", { timeout: 60_000 }, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  await go(watched, mock, "/networks");
  const nic = nicOf(mock, "lab-a");
  const from = await middleOf(page, `circle[data-jack="${nic}"][data-end="machine"]`);
  const to = await middleOf(page, ".lane-label >> text=guests · VLAN 20");
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(to.x, to.y - 40, { steps: 4 });
  await page.mouse.move(to.x, to.y + 60, { steps: 4 });
  await page.getByText("Let go: plugged into").waitFor();
  await page.mouse.up();
  await page.getByRole("button", { name: /^Cable of lab-a to office/ }).waitFor();
  expect(mock.bodies).toContainEqual({ network: networkOf(mock, "office"), mode: { mode: "access", vlan: 20 }, isUp: true });
  await page
    .getByRole("button", { name: /^Undo: “lab-a” is plugged/ })
    .first()
    .click();
  await page.getByRole("button", { name: /^Cable of lab-a/ }).waitFor({ state: "detached" });
  expect(mock.world.machines.find(({ name }) => name === "lab-a")?.hardware.nics[0]?.network).toBeNull();
  expect(misdeeds(watched)).toEqual(NOTHING);
  await mock.close();
});

test("a thing that is dragged stays there, the picture moves with the ground, and Escape leaves all as it was", {
  timeout: 60_000,
}, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  await go(watched, mock, "/networks");
  const id = mock.world.machines[0]?.id ?? "";
  const drag = async (selector: string, dx: number, dy: number, end: () => Promise<void>) => {
    const at = await middleOf(page, selector);
    await page.mouse.move(at.x, at.y);
    await page.mouse.down();
    await page.mouse.move(at.x + dx / 2, at.y + dy / 2, { steps: 3 });
    await page.mouse.move(at.x + dx, at.y + dy, { steps: 3 });
    await end();
  };
  const before = await middleOf(page, `#at-${id}`);
  await drag(`#at-${id}`, 90, 50, async () => {
    await page.keyboard.press("Escape");
    await page.mouse.up();
  });
  expect(await middleOf(page, `#at-${id}`)).toEqual(before);
  await drag(`#at-${id}`, 90, 50, () => page.mouse.up());
  await expect.poll(() => Object.keys(mock.world.networks[0]?.layout ?? {})).toEqual([id]);
  await expect.poll(async () => Math.abs((await middleOf(page, `#at-${id}`)).x - before.x - 90)).toBeLessThan(3);
  expect(page.url()).not.toContain("at=");
  await page.getByRole("button", { name: /^Tidy up/ }).click();
  await expect.poll(() => mock.world.networks[0]?.layout).toEqual({});
  await mock.close();
});

test("with Shift the arrows carry what has the focus; Escape takes it back, letting go puts it down, and it stays there", {
  timeout: 60_000,
}, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  await go(watched, mock, "/networks");
  const id = mock.world.machines[0]?.id ?? "";
  const before = await middleOf(page, `#at-${id}`);
  const offset = async () => {
    const { x, y } = await middleOf(page, `#at-${id}`);
    return [Math.round(x - before.x), Math.round(y - before.y)];
  };
  await page.locator(`#at-${id}`).focus();
  await page.keyboard.down("Shift");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown"]) await page.keyboard.press(key);
  await expect.poll(async () => (await offset()).every((pixels) => pixels > 2)).toBe(true);
  const [right = 0, down = 0] = await offset();
  expect(Math.abs(right - 2 * down)).toBeLessThan(3);
  await page.keyboard.press("Escape");
  await expect.poll(offset).toEqual([0, 0]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.up("Shift");
  await expect.poll(() => Object.keys(mock.world.networks[0]?.layout ?? {})).toEqual([id]);
  await expect.poll(async () => Math.abs(((await offset())[1] ?? 0) - down)).toBeLessThan(3);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe(`at-${id}`);
  // Without Shift they walk, and nothing moves.
  await page.keyboard.press("ArrowUp");
  expect(await page.evaluate(() => document.activeElement?.id)).not.toBe(`at-${id}`);
  expect(Object.keys(mock.world.networks[0]?.layout ?? {})).toEqual([id]);
  await mock.close();
});

test("the same is done with the keyboard alone: walk to a cable, pull it, plug it in elsewhere, undo", { timeout: 90_000 }, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  await go(watched, mock, "/networks");
  const here = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "");
  const tabTo = async (name: RegExp, most = 60) => {
    for (let press = 0; press < most; press++) {
      await page.keyboard.press("Tab");
      if (name.test(await here())) return;
    }
    throw new Error(`no ${name} on the way`);
  };
  await tabTo(/^Network home/);
  for (let press = 0; press < 12 && !/^Cable of hello/.test(await here()); press++)
    await page.keyboard.press(press % 2 ? "ArrowRight" : "ArrowDown");
  for (let press = 0; press < 12 && !/^Cable of hello/.test(await here()); press++)
    await page.keyboard.press(press < 4 ? "ArrowLeft" : "ArrowUp");
  expect(await here()).toMatch(/^Cable of hello to home: connected/);
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Cable: hello" }).waitFor();
  await tabTo(/^Pull the cable/);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^Cable of hello to home: cable pulled/ }).waitFor();
  await tabTo(/^Plug it in elsewhere|^Undo/, 90);
  await page.getByRole("button", { name: "Plug it in elsewhere…" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  expect(await page.evaluate(() => (document.activeElement as HTMLSelectElement).tagName)).toBe("SELECT");
  await page.keyboard.press("o");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").getByRole("button", { name: "Plug it in" }).press("Enter");
  await expect.poll(() => mock.world.machines[0]?.hardware.nics[0]?.network).toBe(networkOf(mock, "office"));
  await page.getByRole("region", { name: "Notices" }).getByRole("button", { name: /^Undo/ }).press("Enter");
  await expect.poll(() => mock.world.machines[0]?.hardware.nics[0]).toMatchObject({ network: networkOf(mock, "home"), isUp: false });
  await page.keyboard.press("Escape");
  await mock.close();
});

test("rules are sentences that a key moves, and a bad link is set by its name", { timeout: 60_000 }, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  await go(watched, mock, "/networks/home/rules");
  const sentences = () => page.locator(".rule-sentence bdi").allTextContents();
  const [first, second] = await sentences();
  expect(first).toBe("Let through TCP from “web-server” to port 5432 of this computer.");
  await page.locator(".rule").first().focus();
  await page.keyboard.press("Alt+ArrowDown");
  await expect.poll(async () => (await sentences()).slice(0, 2)).toEqual([second, first]);
  await go(watched, mock, "/networks?look=table");
  await page.getByRole("button", { name: "More for the cable of hello" }).click();
  await page.getByRole("menuitem", { name: /Make the link bad/ }).click();
  await page.getByLabel("Like").selectOption("satellite");
  expect(await page.getByRole("slider", { name: "Late by" }).first().getAttribute("aria-valuetext")).toBe("270 ms");
  await page.getByRole("button", { name: "Set it" }).click();
  await page.getByText("Connected, but bad: A satellite far away").waitFor();
  expect(mock.bodies).toContainEqual({ profile: "satellite" });
  // “Unplugged” is the cable, no quality: what was set is kept, and comes back with the cable.
  await page.getByRole("button", { name: "More for the cable of hello" }).click();
  await page.getByRole("menuitem", { name: /how bad/ }).click();
  await page.getByLabel("Like").selectOption("unplugged");
  await page.getByRole("button", { name: "Set it" }).click();
  const row = page.getByRole("row", { name: /^hello / });
  await row.getByText("Cable pulled").waitFor();
  expect(mock.bodies).toContainEqual({ profile: "unplugged" });
  await page.getByRole("button", { name: "More for the cable of hello" }).click();
  await page.getByRole("menuitem", { name: "Put the cable back in" }).click();
  await row.getByText("Connected, but bad: A satellite far away").waitFor();
  await mock.close();
});

test("packets without end are bounded in the page, a filter says which word it does not know, and layers are shown", {
  timeout: 90_000,
}, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  await go(watched, mock, "/networks/home/traffic");
  await page.locator(".packet").first().waitFor();
  const filter = async (text: string) => {
    await page.getByRole("textbox", { name: "Filter" }).fill(text);
    await page.keyboard.press("Enter");
  };
  await filter("tcp prot 80");
  await page.getByText("is no word of a filter").waitFor();
  expect(await page.locator(".filter-fault mark").textContent()).toBe("prot");
  await filter("flood");
  await page.getByText(/the last 5000 are here/).waitFor({ timeout: 30_000 });
  expect(await page.locator(".packet").count()).toBeLessThan(60);
  expect(await page.locator(".packets-room").evaluate((room) => room.style.height)).toBe(`${5000 * 26}px`);
  await page.getByText(/missed/).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const seen = () => page.getByText(/^Paused: \d+ packets/).textContent();
  await page.waitForTimeout(300);
  const still = await seen();
  await page.waitForTimeout(700);
  expect(await seen()).toBe(still);
  await page.locator(".packet").first().click();
  await page.locator(".layer-fields summary", { hasText: "IPv4" }).waitFor();
  expect(mock.asked.filter((each) => each.startsWith("WS "))[0]).toBe(`WS /networks/${networkOf(mock, "home")}/packets?drops=1`);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /^Record a file/ }).click();
  await page.getByRole("button", { name: /^End and keep the file \([1-9]/ }).click();
  expect((await download).suggestedFilename()).toBe("home.pcapng");
  expect(misdeeds(watched)).toEqual(NOTHING);
  await mock.close();
});

test("what guests and neighbours may call themselves is text on the network pages too", { timeout: 90_000 }, async () => {
  const mock = await startMock({ kind: "hostile" });
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  const id = mock.world.networks[0]?.id ?? "";
  for (const path of [
    "",
    `?at=${id}`,
    `?at=gw_${id}`,
    "?look=table",
    "?at=host",
    `/${id}`,
    `/${id}/names`,
    `/${id}/forwards`,
    `/${id}/rules`,
    `/${id}/traffic`,
    `/${id}/settings`,
  ]) {
    await go(watched, mock, `/networks${path}`);
    expect(await page.evaluate("window.__hit"), path).toBeUndefined();
    const strange =
      "main script, main iframe, main object, main embed, main base, main meta, main link, main video, main math, main form[action], main img:not([src^=blob])";
    expect(await page.locator(strange).count(), path).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(await page.evaluate(() => document.body.textContent ?? ""), path).not.toMatch(/[\u001b\u202e\u2066-\u2069\u009b]/);
  }
  await page.goto(`${mock.address}/networks/${id}/traffic`);
  await page.locator(".packet").nth(2).click();
  await page.locator(".layer-fields summary", { hasText: "TCP" }).waitFor();
  expect(await page.locator(".packets").textContent()).toContain("<");
  expect(await page.evaluate("window.__hit")).toBeUndefined();
  expect(misdeeds(watched)).toEqual(NOTHING);
  await mock.close();
});
