// The browser interface as a person uses it: the real daemon, a real tiny Linux, a real Chromium, real keys.
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FIRST_LOAD_MAX_BYTES } from "../apps/web/dev/first-load.ts";
import { brokenRules, launchBrowser, misdeeds, NOTHING, seenScreen, shot, signIn, typeKeys, type Watched } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;
let page: Page;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true }), launchBrowser()]);
  seen = await signIn(browser, mimic);
  page = seen.page;
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

const NAME = "tiny-linux";
const go = async (path: string) => {
  await page.goto(seen.address + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
};
const inGuest = async (...words: string[]) => (await mimic.mimic(["exec", NAME, "--", ...words])).out;
const clickInto = async (at: Page) => {
  await at.locator(".screen-canvas canvas").click({ position: { x: 20, y: 20 } });
};
const typeLine = async (at: Page, line: string) => {
  await clickInto(at);
  await typeKeys(at, `${line}\n`);
};

test("a one-time code signs in, leaves the address, and works only once", async () => {
  expect(new URL(page.url()).hash).toBe("");
  await page.reload();
  await page
    .getByRole("heading", { name: "No machines yet" })
    .or(page.getByRole("heading", { level: 1 }))
    .first()
    .waitFor();
  const { address } = await mimic.client.sessions.code({});
  const first = await (await browser.newContext()).newPage();
  await first.goto(address);
  await first.getByRole("heading", { level: 1 }).first().waitFor();
  const second = await (await browser.newContext()).newPage();
  await second.goto(address);
  await second.getByRole("heading", { name: "This link was used already, or is too old" }).waitFor();
  await Promise.all([first.context().close(), second.context().close()]);
});

test("three clicks make and start a tiny Linux, and its page shows its screen", async () => {
  await go("/");
  await shot(page, "empty");
  await page.getByRole("link", { name: "New machine" }).first().click();
  await page.getByRole("heading", { name: "New machine", exact: true }).waitFor();
  await shot(page, "new-machine");
  await page.getByRole("link", { name: /^Tiny Linux The / }).click();
  await page.getByRole("heading", { name: "New machine: Tiny Linux" }).waitFor();
  await shot(page, "new-machine-form");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("heading", { name: NAME, exact: true }).waitFor();
  await page.getByText(/^Ready: the guest agent answered/).waitFor({ timeout: 60_000 });
  await expect.poll(async () => (await seenScreen(page)).lit, { timeout: 20_000 }).toBeGreaterThan(50);
  await shot(page, "machine");
  expect((await mimic.client.machines.show({ machine: NAME })).power).toBe("running");
}, 120_000);

describe("its screen", () => {
  test("hears real keys: the guest writes what was typed, and the picture shows it", async () => {
    await go(`/machines/${NAME}`);
    await expect.poll(async () => (await seenScreen(page)).lit, { timeout: 20_000 }).toBeGreaterThan(50);
    const before = await seenScreen(page);
    await typeLine(page, "echo mimic-works; echo 'A_b|c>\"~' > /tmp/typed");
    await expect.poll(() => inGuest("cat", "/tmp/typed"), { timeout: 20_000, interval: 500 }).toBe('A_b|c>"~\n');
    // A blinking cursor lights sixteen pixels; a line of text hundreds.
    await expect.poll(async () => (await seenScreen(page)).lit - before.lit, { timeout: 10_000 }).toBeGreaterThan(500);
    await shot(page, "machine-typed");
  }, 90_000);

  test("shows to a second viewer, who types only when it is not view-only", async () => {
    const other = await signIn(browser, mimic, { scheme: "dark" });
    await other.page.goto(`${other.address}/machines/${NAME}`);
    await expect.poll(async () => (await seenScreen(other.page)).lit, { timeout: 20_000 }).toBeGreaterThan(500);
    await other.page.getByRole("button", { name: "View only" }).click();
    await other.page.getByText("View only: your keys and mouse do not reach it.").waitFor();
    await expect.poll(async () => (await seenScreen(other.page)).lit, { timeout: 20_000 }).toBeGreaterThan(500);
    await typeLine(other.page, "echo no > /tmp/second");
    await page.waitForTimeout(1500);
    expect(await inGuest("ls", "/tmp")).not.toContain("second");
    // Both see the same picture.
    await typeLine(page, "echo both-see-this");
    await expect.poll(async () => (await seenScreen(other.page)).print === (await seenScreen(page)).print, { timeout: 20_000 }).toBe(true);
    await shot(other.page, "machine-view-only-dark");
    // Control: the same viewer, no longer view-only.
    await other.page.getByRole("button", { name: "View only" }).click();
    await other.page.getByText("Click into the picture to type").waitFor();
    await expect.poll(async () => (await seenScreen(other.page)).lit, { timeout: 20_000 }).toBeGreaterThan(500);
    await typeLine(other.page, "echo yes > /tmp/second");
    await expect.poll(() => inGuest("cat", "/tmp/second"), { timeout: 20_000, interval: 500 }).toBe("yes\n");
    expect(misdeeds(other)).toEqual(NOTHING);
    await other.context.close();
  }, 120_000);

  test("takes a pasted text as typing", async () => {
    await page.getByRole("button", { name: "Type a text (paste)" }).click();
    await page.getByLabel("Text", { exact: true }).fill("echo pasted-{1}-#%^ > /tmp/pasted\n");
    await shot(page, "type-a-text");
    await page.getByRole("button", { name: "Type it" }).click();
    await expect.poll(() => inGuest("cat", "/tmp/pasted"), { timeout: 30_000, interval: 500 }).toBe("pasted-{1}-#%^\n");
  }, 60_000);

  test("is saved as a picture of the guest's own size", async () => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save a picture of it" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${NAME}.png`);
    const bytes = await readFile(await download.path());
    expect(bytes.subarray(1, 4).toString()).toBe("PNG");
    const { width, height } = await seenScreen(page);
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([width, height]);
  });

  test("fills the whole display and takes keys there, and comes back to the page", async () => {
    const pictureWidth = async () => (await page.locator(".screen-canvas canvas").boundingBox())?.width ?? 0;
    const isFull = () => page.evaluate("document.fullscreenElement?.matches('.screen-frame') === true");
    const before = await pictureWidth();
    await page.getByRole("button", { name: "Full screen" }).click();
    await expect.poll(isFull).toBe(true);
    await expect.poll(pictureWidth).toBeGreaterThan(before + 50);
    await typeKeys(page, "echo in-full > /tmp/full\n");
    await expect.poll(() => inGuest("cat", "/tmp/full"), { timeout: 20_000, interval: 500 }).toBe("in-full\n");
    await shot(page, "screen-full");
    await page.getByRole("button", { name: "Full screen" }).click();
    await expect.poll(isFull).toBe(false);
    await expect.poll(pictureWidth).toBe(before);
  }, 60_000);

  test("Ctrl W from the menu, which a browser would keep for itself, takes back a word in the guest", async () => {
    // All by one way, each when the one before has arrived: keys of the picture come by another, and would mingle with these.
    const type = (text: string) => mimic.client.machines.type({ machine: NAME, text });
    await type("cat > /tmp/erased\none two");
    await page.getByRole("button", { name: "Press keys" }).click();
    const pressed = page.waitForResponse((response) => response.url().endsWith("/keys"));
    await page.getByRole("menuitem", { name: "Ctrl W" }).click();
    expect((await pressed).status()).toBe(200);
    await type("three\n");
    await expect.poll(() => inGuest("cat", "/tmp/erased"), { timeout: 20_000, interval: 500 }).toBe("one three\n");
    await mimic.client.machines.press({ machine: NAME, keys: ["ctrl-d"] });
  }, 60_000);

  test("Ctrl Alt Delete from the menu reaches the guest, which starts again", async () => {
    const boot = await inGuest("cat", "/proc/sys/kernel/random/boot_id");
    expect(boot).toMatch(/^[0-9a-f-]{36}\n$/);
    await page.getByRole("button", { name: "Press keys" }).click();
    await page.getByRole("menuitem", { name: "Ctrl Alt Delete" }).click();
    await expect
      .poll(
        async () => {
          const now = await inGuest("cat", "/proc/sys/kernel/random/boot_id");
          return /^[0-9a-f-]{36}\n$/.test(now) && now !== boot;
        },
        { timeout: 60_000, interval: 1000 },
      )
      .toBe(true);
  }, 90_000);
});

describe("its terminal", () => {
  test("shows the serial console with what came before, and types into it", async () => {
    await go(`/machines/${NAME}/terminal`);
    await page.getByRole("radiogroup", { name: "Which terminal" }).getByText("Serial console").click();
    const frame = page.getByRole("region", { name: `Serial console of ${NAME}` });
    await frame.getByText("Live").waitFor();
    const words = () => frame.locator(".xterm-rows").textContent();
    // The prompt came before this viewer did.
    await expect.poll(words, { timeout: 10_000 }).toMatch(/[#$~]/);
    await frame.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("echo serial-$((40+2))");
    await page.keyboard.press("Enter");
    await expect.poll(words, { timeout: 15_000 }).toContain("serial-42");
    await shot(page, "terminal-serial");
    await page.reload();
    await page.getByRole("radiogroup", { name: "Which terminal" }).getByText("Serial console").click();
    await expect.poll(words, { timeout: 15_000 }).toContain("serial-42");
  }, 90_000);

  test("opens a shell of the machine's own user", async () => {
    await page.getByRole("radiogroup", { name: "Which terminal" }).getByText("Shell").click();
    const frame = page.getByRole("region", { name: `Shell of ${NAME}` });
    await frame.getByText("Live").waitFor();
    await frame.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type("echo shell-of-$(id -u)-$((1+1))");
    await page.keyboard.press("Enter");
    await expect.poll(() => frame.locator(".xterm-rows").textContent(), { timeout: 15_000 }).toContain("shell-of-0-2");
    await shot(page, "terminal-shell");
  }, 60_000);
});

test("the home page shows a live thumbnail that follows the machine", async () => {
  await go("/");
  const card = page.locator(".card", { has: page.getByRole("link", { name: NAME }) });
  const picture = card.locator(".thumbnail img");
  await picture.waitFor({ timeout: 20_000 });
  // How the picture looks, read the way a page may: its own images are same-origin.
  const bytes = () =>
    page.evaluate(`(() => {
      const image = document.querySelector(".thumbnail img");
      if (!image?.naturalWidth) return "";
      const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
      canvas.getContext("2d").drawImage(image, 0, 0);
      return canvas.toDataURL();
    })()`) as Promise<string>;
  await expect.poll(async () => (await bytes()).length, { timeout: 10_000 }).toBeGreaterThan(500);
  const before = await bytes();
  await mimic.client.machines.type({ machine: NAME, text: "echo a line that the thumbnail must show\n" });
  await expect.poll(() => bytes(), { timeout: 20_000, interval: 500 }).not.toBe(before);
  await shot(page, "home");
}, 60_000);

test("the other views of a machine say what it is, what it did and how it does", async () => {
  await go(`/machines/${NAME}/hardware`);
  await page
    .getByRole("row", { name: /Memory 256/i })
    .first()
    .waitFor();
  await expect.poll(() => page.getByRole("row").count()).toBeGreaterThan(6);
  await shot(page, "hardware");
  const before = (await mimic.client.machines.show({ machine: NAME })).hardware;
  // A core comes at once; a sound card only at the next start, and the page says so.
  await page.getByLabel("Cores").selectOption("2");
  await page.getByRole("button", { name: "Keep these changes" }).click();
  await expect.poll(async () => (await mimic.client.machines.show({ machine: NAME })).hardware.cpus, { timeout: 30_000 }).toBe(2);
  // The form begins anew once the change is there: nothing is left to keep.
  await page.locator("button[type=submit][data-disabled]:not([data-loading])", { hasText: "Keep these changes" }).waitFor();
  await page.getByLabel("Sound", { exact: true }).selectOption("hda");
  await page.getByRole("button", { name: "Keep these changes" }).click();
  await page.getByText("At its next start: sound card").waitFor();
  // What was not touched stays as the system asked for it.
  expect((await mimic.client.machines.show({ machine: NAME })).hardware).toEqual({ ...before, cpus: 2, sound: "hda" });
  await shot(page, "hardware-pending");
  await go(`/machines/${NAME}/disks`);
  await page.getByRole("heading", { name: "Disks", exact: true }).waitFor();
  await shot(page, "disks");
  // A disk of the running machine moves to another drive, once one is named; until then the page says how.
  await mimic.client.machines.change({ machine: NAME, addDisk: { sizeBytes: 4 << 20, bus: "virtio" } });
  await page.getByRole("button", { name: "Its file…" }).first().click();
  await page.getByText("mimic storage add big /mnt/big").waitFor();
  await page.keyboard.press("Escape");
  await mkdir(`${mimic.home}/big`, { mode: 0o700 });
  await mimic.client.storages.add({ name: "big", folder: `${mimic.home}/big` });
  await page.getByRole("button", { name: "Its file…" }).first().click();
  await page.getByLabel("Move it to").waitFor();
  await shot(page, "disk-file");
  await page.keyboard.press("Tab");
  await page.getByRole("button", { name: "Move it" }).press("Enter");
  const storage = async () => (await mimic.client.machines.show({ machine: NAME })).hardware.disks[0]?.storage;
  await expect.poll(storage, { timeout: 30_000 }).toMatch(/^sto_/);
  await go(`/machines/${NAME}/activity`);
  await page.getByText(/Usable: the guest agent answered/).waitFor();
  await shot(page, "activity");
  await go(`/machines/${NAME}/logs`);
  await page.getByRole("radiogroup", { name: "Which log" }).getByText("Serial console").click();
  await page.getByText("serial-42").first().waitFor();
  await shot(page, "logs");
  await go(`/machines/${NAME}/details`);
  await page.getByText("-nodefaults").first().waitFor();
  await shot(page, "details");
}, 90_000);

test("its numbers are drawn and move with its work: processor, memory and disk", async () => {
  // A machine keeps what it once took of this computer's memory: one that has just been switched on can be seen to take more.
  await mimic.client.machines.kill({ machine: NAME });
  expect((await mimic.mimic(["start", NAME])).code).toBe(0);
  await go(`/machines/${NAME}/numbers`);
  await page.locator("figure.chart canvas").first().waitFor({ timeout: 30_000 });
  expect(await page.locator("figure.chart").count()).toBe(3);
  const words = async (title: string) => (await page.locator("figure.chart", { hasText: title }).textContent()) ?? "";
  const memoryMiB = async () => Number(/([\d.]+) MiB of this computer/.exec(await words("Memory"))?.[1]);
  await expect.poll(() => words("Disk"), { timeout: 20_000, interval: 300 }).toContain("writes 0 B/s now");
  const before = await memoryMiB();
  // It works until its numbers were seen, in pieces so small that even a slow guest reads and writes between two looks.
  const until = "while [ ! -e /tmp/seen ]; do";
  const disk = "dd if=/dev/zero of=/dev/vda bs=64k count=8 conv=fsync; dd if=/dev/vda of=/dev/null bs=64k count=8 iflag=direct";
  const busy = `${until} :; done & ${until} ${disk}; done; wait`;
  const script = `dd if=/dev/zero of=/tmp/fill bs=1M count=60; timeout 80 sh -c '${busy}'; rm /tmp/fill /tmp/seen`;
  const work = mimic.mimic(["exec", NAME, "--", "sh", "-c", script]);
  const soon = { timeout: 40_000, interval: 300 };
  await expect.poll(async () => Number(/(\d+) % of a core now/.exec(await words("Processor"))?.[1]), soon).toBeGreaterThan(15);
  await expect.poll(() => words("Disk"), soon).toMatch(/reads [1-9][\d.]* [KM]iB\/s, writes [1-9][\d.]* [KM]iB\/s now/);
  await expect.poll(memoryMiB, soon).toBeGreaterThan(before + 20);
  const drawn = await page
    .locator("figure.chart canvas")
    .first()
    .evaluate((canvas) => {
      const { width, height, getContext } = canvas as unknown as { width: number; height: number; getContext: unknown };
      const context = (getContext as (kind: string) => { getImageData(...box: number[]): { data: number[] } }).call(canvas, "2d");
      return new Set(context.getImageData(0, 0, width, height).data).size;
    });
  expect(drawn).toBeGreaterThan(5);
  await shot(page, "numbers");
  await mimic.mimic(["exec", NAME, "--", "touch", "/tmp/seen"]);
  expect((await work).code).toBe(0);
}, 150_000);

test("pause, go on, shut down and start are one press each, and a button that cannot be pressed says why", async () => {
  await go(`/machines/${NAME}`);
  await expect.poll(async () => (await seenScreen(page)).lit, { timeout: 20_000 }).toBeGreaterThan(50);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("button", { name: "Let it go on" }).waitFor();
  expect((await mimic.client.machines.show({ machine: NAME })).power).toBe("paused");
  await shot(page, "paused");
  await page.getByRole("button", { name: "Let it go on" }).click();
  await page.getByRole("button", { name: "Start", exact: true }).waitFor();
  expect((await mimic.client.machines.show({ machine: NAME })).power).toBe("running");
  await page.getByRole("button", { name: "Start", exact: true }).hover();
  await page.getByText(`“${NAME}” already runs.`).first().waitFor();
  await page.getByRole("button", { name: "Shut down", exact: true }).click();
  await page.getByRole("heading", { name: "It is off" }).waitFor({ timeout: 30_000 });
  await shot(page, "off");
  await page.locator(".power-bar").getByRole("button", { name: "Start", exact: true }).click();
  await page.getByText(/^Ready: /).waitFor({ timeout: 60_000 });
  expect(await inGuest("nproc")).toBe("2\n");
}, 180_000);

test("a job's bar moves with its work, and its Cancel ends it", async () => {
  const steps = [0, 1, 3600].map((at) => ({ at, do: "type" as const, text: " " }));
  const { job } = await mimic.client.machines.timetable({ machine: NAME, steps });
  await go("/jobs");
  const bar = page.getByRole("progressbar", { name: job.title });
  await expect.poll(() => bar.getAttribute("aria-valuetext"), { timeout: 15_000 }).toMatch(/^67 percent: Next, at 3600 s/);
  const widths = await bar.evaluate((part) => [part.clientWidth, part.parentElement?.clientWidth ?? 0]);
  expect((widths[0] as number) / (widths[1] as number)).toBeCloseTo(2 / 3, 1);
  await page.getByText("2 of 3").waitFor();
  await shot(page, "job-running");
  expect(await brokenRules(page)).toEqual([]);
  await page.getByRole("button", { name: `Cancel: ${job.title}` }).press("Enter");
  await page
    .getByRole("listitem")
    .filter({ hasText: job.title })
    .getByText(/^Cancelled after/)
    .waitFor();
  expect((await mimic.client.jobs.show({ job: job.id })).state).toBe("cancelled");
}, 60_000);

test("jobs, this computer, images and words are there; a machine goes to the trash and comes back", async () => {
  await go("/jobs");
  await page.getByText(`Make “${NAME}”`).waitFor();
  await shot(page, "jobs");
  await go("/computer");
  await page.getByRole("heading", { name: /What was found/ }).waitFor({ timeout: 60_000 });
  await page.getByText("mimic doctor").waitFor();
  await shot(page, "computer");
  await go("/images");
  await page.getByText("Tiny Linux").first().waitFor();
  await shot(page, "images");
  await mimic.done(mimic.client.machines.create({ name: "old", system: "tiny-linux" }));
  await go("/machines/old");
  await page.getByRole("button", { name: "More for old" }).click();
  await page.getByRole("menuitem", { name: /Move to the trash/ }).click();
  await page.getByRole("button", { name: "Move to the trash" }).click();
  await page.getByRole("heading", { name: "Machines" }).waitFor();
  await go("/trash");
  await page.getByRole("button", { name: "Restore old" }).waitFor();
  await shot(page, "trash");
  await page.getByRole("button", { name: "Restore old" }).click();
  await page.getByRole("heading", { name: "The trash is empty" }).waitFor();
  expect((await mimic.client.machines.show({ machine: "old" })).power).toBe("stopped");
}, 120_000);

const PAGES = [
  "/",
  "/new",
  "/new?system=tiny-linux",
  "/new?own=true",
  `/machines/${NAME}`,
  `/machines/${NAME}/terminal`,
  `/machines/${NAME}/hardware`,
  `/machines/${NAME}/disks`,
  `/machines/${NAME}/activity`,
  `/machines/${NAME}/numbers`,
  `/machines/${NAME}/logs`,
  `/machines/${NAME}/details`,
  "/machines/old",
  "/machines/nobody",
  "/templates",
  "/images",
  "/jobs",
  "/computer",
  "/trash",
  "/words",
];

test("every page keeps the accessibility rules, light and dark, and 360 pixels are wide enough", async () => {
  const { page: at, context, address, ...account } = await signIn(browser, mimic);
  const found: string[] = [];
  for (const path of PAGES) {
    const name = path.replace(/[^a-z]+/g, "-");
    await at.setViewportSize({ width: 1280, height: 860 });
    await at.goto(address + path);
    await at.getByRole("heading", { level: 1 }).first().waitFor();
    if (path === "/computer") await at.getByRole("heading", { name: /What was found/ }).waitFor({ timeout: 60_000 });
    await at.waitForTimeout(400);
    found.push(...(await brokenRules(at)).map((each) => `${path} ${each}`));
    await at.emulateMedia({ colorScheme: "dark" });
    await shot(at, `dark${name}`);
    await at.emulateMedia({ colorScheme: "light" });
    await at.setViewportSize({ width: 360, height: 740 });
    await at.waitForTimeout(200);
    const width = (await at.evaluate("document.documentElement.scrollWidth")) as number;
    if (width > 360) found.push(`${path} is ${width} pixels wide in a window of 360`);
    await shot(at, `narrow${name}`);
  }
  expect(found).toEqual([]);
  expect(account).toMatchObject(NOTHING);
  await context.close();
}, 240_000);

test("the first load is as small as it is meant to be, as it comes over the wire", async () => {
  const fresh = await (await browser.newContext()).newPage();
  const scripts: Promise<number>[] = [];
  fresh.on("response", (response) => {
    if (response.request().resourceType() === "script") scripts.push(response.body().then((body) => gzipSync(body).length));
  });
  await fresh.goto((await mimic.client.sessions.code({})).address);
  await fresh.locator(".card").first().waitFor();
  const sizes = await Promise.all(scripts);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FIRST_LOAD_MAX_BYTES);
  await fresh.context().close();
});

test("in all this no request went elsewhere, the page policy was kept, and nothing was said to have gone wrong", async () => {
  expect(misdeeds(seen)).toEqual(NOTHING);
  expect((await stat(join(mimic.home, "data/token"))).mode & 0o777).toBe(0o600);
  expect(mimic.log).not.toContain("unhandled rejection");
});
