// The built interface in a real Chromium, against a daemon that does not exist, under the real page policy.
import { expect, test } from "vitest";
import { brokenRules, misdeeds, NOTHING, openPage } from "../dev/browser.ts";
import { HOSTILE } from "../dev/world/hostile.ts";
import { go, widthOnPhone, withBuiltInterface } from "./built-interface.ts";

const built = withBuiltInterface();
const { startMock } = built;

const PAGES = [
  "/",
  "/new",
  "/new?system=debian-13",
  "/new?own=true",
  "/new?empty=true",
  "/machines/hello",
  "/machines/database",
  "/machines/workshop",
  "/machines/old-games",
  "/machines/compiler",
  "/machines/nobody",
  "/machines/hello/terminal",
  "/machines/desktop/hardware",
  "/machines/hello/disks",
  "/machines/hello/activity",
  "/machines/hello/numbers",
  "/machines/hello/logs",
  "/machines/hello/details",
  "/images",
  "/jobs",
  "/computer",
  "/trash",
  "/words",
  "/no-such-page",
];

test("every page keeps the accessibility rules, the page policy and to itself, and is no wider than a phone", {
  timeout: 240_000,
}, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const found: string[] = [];
  for (const path of PAGES) {
    await go(watched, mock, path);
    found.push(...(await brokenRules(watched.page)).map((each) => `${path} ${each}`));
    expect(await widthOnPhone(watched.page), path).toBeLessThanOrEqual(360);
  }
  expect(found).toEqual([]);
  expect(misdeeds(watched)).toEqual(NOTHING);
  await watched.page.context().close();
  await mock.close();
});

test("menus, dialogs, problems and the empty pages keep the accessibility rules too", { timeout: 240_000 }, async () => {
  const found: string[] = [];
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  const look = async (name: string) => {
    await page.waitForTimeout(400);
    found.push(...(await brokenRules(page)).map((each) => `${name} ${each}`));
    await page.keyboard.press("Escape");
    await page.waitForTimeout(250);
  };
  await go(watched, mock, "/machines/hello");
  await page.getByRole("button", { name: "More for hello" }).click();
  await look("more menu");
  await page.getByRole("button", { name: "Copy as command: hello" }).click();
  await look("commands");
  await page.getByRole("button", { name: /Isolation grade C/ }).click();
  await look("grade");
  await page.getByRole("button", { name: "Press keys" }).click();
  await look("keys");
  await page.getByRole("button", { name: /Type a text/ }).click();
  await look("type a text");
  for (const item of [/Pull the plug/, /Rename/]) {
    await page.getByRole("button", { name: "More for hello" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    await look(String(item));
  }
  await go(watched, mock, "/machines/old-games");
  for (const item of [/Copy \(clone\)/, /Move to the trash/]) {
    await page.getByRole("button", { name: "More for old-games" }).click();
    await page.getByRole("menuitem", { name: item }).click();
    await look(String(item));
  }
  await go(watched, mock, "/images");
  await page.getByRole("button", { name: "Get one" }).click();
  await look("get an image");
  await page.route("**/verification", (route) =>
    route.fulfill({ status: 507, json: { code: "host.disk_full", message: "No room.", hint: "Make room.", detail: "ENOSPC" } }),
  );
  await page.getByRole("button", { name: "More for rescue-cd" }).click();
  await page.getByRole("menuitem", { name: /Check every byte/ }).click();
  await page.getByText("Make room.").waitFor();
  await look("problem");
  await mock.close();
  const empty = await startMock({ kind: "empty" });
  const alone = await openPage(built.browser, empty.address);
  for (const path of ["/", "/images", "/jobs", "/trash"]) {
    await go(alone, empty, path);
    found.push(...(await brokenRules(alone.page)).map((each) => `empty ${path} ${each}`));
  }
  await empty.close();
  expect(found).toEqual([]);
});

test("the accessibility check would notice, also what only the dark scheme breaks (positive control)", async () => {
  const mock = await startMock();
  const { page } = await openPage(built.browser, mock.address);
  await page.evaluate(`(() => {
    const dim = document.createElement("p");
    dim.textContent = "black at night";
    dim.style.color = "light-dark(black, #222)";
    document.querySelector("main").append(document.createElement("button"), dim);
  })()`);
  const found = (await brokenRules(page)).join("\n");
  expect(found).toMatch(/^button-name/m);
  expect(found).toMatch(/^in the dark scheme color-contrast: .*black at night/m);
  expect(found).not.toMatch(/^color-contrast/m);
  await mock.close();
});

test("a machine is made with the keyboard alone, in three presses after “New machine”", { timeout: 60_000 }, async () => {
  const mock = await startMock({ slow: 60 });
  const { page } = await openPage(built.browser, mock.address);
  const tabTo = async (name: RegExp) => {
    for (let press = 0; press < 60; press++) {
      await page.keyboard.press("Tab");
      const words = await page.evaluate(
        () => `${document.activeElement?.getAttribute("aria-label") ?? ""} ${document.activeElement?.textContent ?? ""}`,
      );
      if (name.test(words)) {
        const outline = await page.evaluate(() => {
          let element = document.activeElement;
          while (element && getComputedStyle(element).outlineStyle === "none") element = element.parentElement;
          return element ? getComputedStyle(element).outlineWidth : "none";
        });
        expect(outline, `the focus on ${name} can be seen`).toMatch(/^[23]px$/);
        return;
      }
    }
    throw new Error(`no ${name} on the way`);
  };
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain("Skip to the content");
  await page.keyboard.press("Enter");
  await tabTo(/New machine/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "New machine" }).waitFor();
  await tabTo(/Tiny Linux/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "New machine: Tiny Linux" }).waitFor();
  await tabTo(/^ ?Create$/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "tiny", exact: true }).waitFor();
  expect(mock.bodies).toContainEqual({ name: "tiny", system: "tiny", start: true });
  await page.getByText("Running").first().waitFor();
  await mock.close();
});

test("what a guest or a file may call itself is shown as text and does nothing", { timeout: 120_000 }, async () => {
  expect(HOSTILE.length).toBeGreaterThanOrEqual(40);
  const mock = await startMock({ kind: "hostile" });
  const watched = await openPage(built.browser, mock.address);
  const counts: Record<string, number> = {};
  for (const path of [
    "/",
    "/machines/m-1",
    "/machines/m-0/details",
    "/machines/m-2/activity",
    "/machines/m-0/logs",
    "/images",
    "/jobs",
    "/computer",
    "/trash",
    "/new",
  ]) {
    await go(watched, mock, path);
    counts[path] = await watched.page.evaluate(
      () =>
        document.querySelectorAll(
          "main script, main iframe, main object, main embed, main base, main meta, main link, main video, main math, main form[action], main img:not([src^=blob])",
        ).length,
    );
    expect(await watched.page.evaluate("window.__hit"), path).toBeUndefined();
  }
  await go(watched, mock, "/jobs");
  const words = await watched.page.evaluate(() => document.body.textContent ?? "");
  expect(words).toContain("<script>window.__hit=1</script>");
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
  expect(words).not.toMatch(/[\u001b\u202e\u2066-\u2069\u009b]/);
  expect(words.length).toBeLessThan(200_000);
  // A desktop name (VNC) and serial bytes.
  const machine = mock.world.machines[0];
  if (machine) mock.world.machines[0] = { ...machine, power: "running" };
  await go(watched, mock, "/machines/m-0");
  await watched.page.locator("canvas").waitFor();
  await go(watched, mock, "/machines/m-0/terminal");
  await watched.page.waitForTimeout(800);
  expect(await watched.page.title()).toBe("m-0 (running) · Mimic");
  expect(await watched.page.evaluate("window.__hit")).toBeUndefined();
  expect(Object.values(counts)).toEqual(Object.values(counts).map(() => 0));
  expect(misdeeds(watched)).toEqual(NOTHING);
  await mock.close();
});

test("the code leaves the address at once, is not sent in one, and an endpoint never comes from the address", async () => {
  const mock = await startMock();
  const { page } = await openPage(built.browser, `${mock.address}`);
  expect(page.url()).toBe(`${mock.address}/`);
  expect(mock.asked.join()).not.toContain("GOOD");
  expect(mock.asked).toContain("POST /sessions");
  await page.reload();
  await page.getByRole("heading", { name: "Machines" }).waitFor();
  expect(mock.asked).toContain("POST /sessions/renewal");
  await page.goto(`${mock.address}/machines/hello?host=evil.test&port=1&path=x&url=ws://evil.test/#host=evil.test`);
  await page.locator("canvas").waitFor();
  expect(mock.asked.filter((each) => each.startsWith("WS "))).toEqual([`WS /machines/${mock.world.machines[0]?.id}/display`]);
  const stranger = await (await built.browser.newContext()).newPage();
  await stranger.goto(`${mock.address}/#c=USED`);
  await stranger.getByRole("heading", { name: "This link was used already, or is too old" }).waitFor();
  expect(stranger.url()).toBe(`${mock.address}/`);
  await mock.close();
});

test("a page that would make a style element or a script from text is stopped by the policy (positive control)", async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  await watched.page.evaluate(() => {
    const style = Document.prototype.createElement.call(document, "style");
    style.textContent = "body { outline: 9px solid }";
    document.head.append(style);
    try {
      document.body.innerHTML = "<p>taken over</p>";
    } catch {
      // Trusted Types throw.
    }
  });
  await expect.poll(() => watched.violations.length).toBeGreaterThan(1);
  expect(await watched.page.getByText("taken over").count()).toBe(0);
  await mock.close();
});

test("events change what is shown, a break is said, and it heals by itself", { timeout: 60_000 }, async () => {
  const mock = await startMock({ slow: 60 });
  const { page } = await openPage(built.browser, mock.address);
  const card = page.locator(".card", { has: page.getByRole("link", { name: "old-games" }) });
  await card.getByText("Off").waitFor();
  await card.getByRole("button", { name: "Start: old-games" }).click();
  await card.getByText("Running").waitFor();
  await expect.poll(() => page.getByTestId("announcement").textContent()).toMatch(/old-games|Done/);
  mock.cut();
  await page.getByText("Mimic does not answer just now").waitFor();
  await page.getByText("Mimic does not answer just now").waitFor({ state: "detached" });
  await mock.close();
});

test("the screen shows the guest’s pixels, hears keys, and gives the keyboard back", { timeout: 60_000 }, async () => {
  const mock = await startMock();
  const { page } = await openPage(built.browser, mock.address);
  await page.goto(`${mock.address}/machines/hello`);
  const canvas = page.locator(".screen-canvas canvas");
  await canvas.waitFor();
  const corner = () =>
    page.evaluate(() => {
      const element = document.querySelector<HTMLCanvasElement>(".screen-canvas canvas");
      return [...(element?.getContext("2d")?.getImageData(element.width - 5, element.height - 5, 1, 1).data ?? [])].join();
    });
  await expect.poll(corner).not.toBe("");
  await page.waitForTimeout(600);
  const before = await corner();
  await canvas.focus();
  await page.keyboard.press("k");
  await expect.poll(corner).not.toBe(before);
  await page.keyboard.press("Control+BracketRight");
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Show at actual size");
  await page.getByRole("button", { name: "View only" }).click();
  await expect.poll(() => mock.asked.filter((each) => each.includes("viewOnly=1")).length).toBe(1);
  await page.getByRole("button", { name: "Press keys" }).click();
  await page.getByRole("menuitem", { name: "Ctrl Alt Delete" }).click();
  await expect.poll(() => mock.bodies).toContainEqual({ keys: ["ctrl-alt-delete"] });
  await page.getByRole("button", { name: "Sound on" }).click();
  await page.getByRole("slider", { name: "Volume" }).waitFor();
  expect(mock.asked.join()).toContain("/sound");
  await mock.close();
});

test("a screen that the daemon refuses says why in words, and is there at the next try", { timeout: 60_000 }, async () => {
  const mock = await startMock();
  const watched = await openPage(built.browser, mock.address);
  const { page } = watched;
  let refusals = 1;
  await page.routeWebSocket(/\/display/, (socket) => {
    if (refusals-- <= 0) return void socket.connectToServer();
    const code = "machine.not_running";
    socket.send(JSON.stringify({ problem: { code, message: "“hello” has just been switched off." } }));
    void socket.close({ code: 4409, reason: code });
  });
  await page.goto(`${mock.address}/machines/hello`);
  await page.getByText("“hello” has just been switched off.").waitFor();
  await page.getByRole("button", { name: "Try now" }).click();
  await page.locator(".screen-canvas canvas").waitFor();
  await page.getByText("Connecting to its screen…").waitFor({ state: "detached" });
  expect(misdeeds(watched)).toEqual(NOTHING);
  await mock.close();
});

test("a file of one’s own is sent with progress; a refused one says why and keeps nothing", { timeout: 60_000 }, async () => {
  const mock = await startMock({ slow: 60 });
  const { page } = await openPage(built.browser, mock.address);
  await page.goto(`${mock.address}/new?own=true`);
  await page
    .getByLabel("File", { exact: true })
    .setInputFiles({ name: "strange.qcow2", mimeType: "application/octet-stream", buffer: Buffer.from("bad file") });
  await page.getByRole("button", { name: "Bring it in" }).click();
  await page.getByText("it names another file as its base").first().waitFor();
  await page.getByRole("button", { name: "Choose another file" }).click();
  await page
    .getByLabel("File", { exact: true })
    .setInputFiles({ name: "rescue.iso", mimeType: "application/octet-stream", buffer: Buffer.alloc(400_000) });
  await expect.poll(() => page.getByLabel("What it is").inputValue()).toBe("cd");
  await page.getByRole("button", { name: "Bring it in" }).click();
  await page.getByRole("heading", { name: "New machine: rescue" }).waitFor();
  await mock.close();
});

// How smoothly it scrolls is measured in bench/scale-scroll.ts.
test("of a thousand machines those out of sight cost no picture and no layout, and one is found by name", {
  timeout: 120_000,
}, async () => {
  const mock = await startMock({ kind: "many" });
  const { page } = await openPage(built.browser, mock.address);
  await page.getByText("1000 machines").first().waitFor();
  const hidden = await page
    .locator(".card")
    .nth(900)
    .evaluate((card) => card.firstElementChild?.checkVisibility({ contentVisibilityAuto: true }) === false);
  expect(hidden).toBe(true);
  await page.evaluate(() => window.scrollBy(0, 5000));
  await page.waitForTimeout(500);
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.getByRole("searchbox").fill("node-777");
  await page.getByRole("link", { name: "node-777" }).waitFor();
  await expect.poll(() => page.locator(".card").count()).toBe(1);
  expect(mock.asked.filter((each) => each.endsWith("/screenshot")).length).toBeLessThan(60);
  await mock.close();
});
