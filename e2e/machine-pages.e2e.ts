// What a person presses on a machine's page, in the real browser with a real machine: its disks and drives, copies, power, another
// computer for once, whole moments; and the computers of another time and processor on “New machine”.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokenRules, launchBrowser, misdeeds, NOTHING, shot, signIn, type Watched } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;
let page: Page;

beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true }), launchBrowser()]);
  const medium = join(mimic.home, "medium.iso");
  await writeFile(medium, isoOf());
  await mimic.done(mimic.client.images.import({ path: medium, name: "medium" }));
  const hardware = { memoryMiB: 128 };
  await mimic.done(
    mimic.client.machines.create({ name: "box", system: "tiny-linux", hardware, diskBytes: 32 << 20, network: null, start: true }),
  );
  seen = await signIn(browser, mimic);
  page = seen.page;
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

/** The least that is taken for a CD. */
function isoOf(): Uint8Array {
  const bytes = Buffer.alloc(64 * 2048);
  bytes.write("\u0001CD001\u0001", 16 * 2048, "latin1");
  bytes.write("\u00ffCD001\u0001", 17 * 2048, "latin1");
  return bytes;
}

const go = async (path: string) => {
  await page.goto(seen.address + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
};
const inside = async (script: string, machine = "box"): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
const show = (machine = "box") => mimic.client.machines.show({ machine });
const disk = async (machine = "box") => (await show(machine)).hardware.disks[0];
const soon = <T>(look: () => Promise<T>) => expect.poll(look, { timeout: 60_000, interval: 250 });
const isThere = (machine: string) =>
  soon(async () => (await mimic.client.machines.list({})).machines.map(({ name }) => name as string)).toContain(machine);
/** The menu of a machine's page, by keyboard. */
async function choose(words: string, machine = "box"): Promise<void> {
  await page.getByRole("button", { name: `More for ${machine}` }).press("Enter");
  await page.getByRole("menuitem", { name: words }).press("Enter");
}

describe("while it runs", () => {
  test("a disk is made larger and slower, and the guest has it so", async () => {
    await go("/machines/box/disks");
    await page.getByRole("button", { name: "Make larger" }).click();
    const larger = page.getByRole("dialog", { name: "Make disk 1 larger" });
    await larger.getByLabel("New size").fill("16 MiB");
    await larger.getByText(/a disk can grow, not shrink/).waitFor();
    await larger.getByLabel("New size").fill("48 MiB");
    await page.keyboard.press("Enter");
    await soon(() => inside("cat /sys/block/vda/size")).toBe(String(48 * 2048));
    await page.getByRole("button", { name: "Make slower" }).click();
    const slower = page.getByRole("dialog", { name: "How fast disk 1 may be" });
    await slower.getByLabel("Bytes a second").fill("2 MiB");
    await slower.getByLabel("Operations a second").fill("a few");
    await slower.getByText("A whole number.").waitFor();
    await slower.getByLabel("Operations a second").fill("");
    expect(await brokenRules(page)).toEqual([]);
    await slower.getByRole("button", { name: "Keep it so" }).click();
    await page
      .getByText(/at most 2 MiB a second/)
      .first()
      .waitFor();
    const tookMs = await inside(
      "a=$(cut -d' ' -f1 /proc/uptime); dd if=/dev/vda of=/dev/null bs=1M count=6 iflag=direct 2>/dev/null; b=$(cut -d' ' -f1 /proc/uptime); awk \"BEGIN{print int(($b-$a)*1000)}\"",
    );
    expect(Number(tookMs)).toBeGreaterThan(1000);
    await page.getByRole("button", { name: "Make slower" }).click();
    await slower.getByLabel("Bytes a second").fill("");
    await slower.getByRole("button", { name: "Keep it so" }).click();
    await soon(async () => (await disk())?.limits?.bytesPerSecond ?? 0).toBe(0);
  }, 120_000);

  test("a medium is put into its drive, and ejected", async () => {
    const { digest } = await mimic.client.images.show({ image: "medium" });
    const { slot } = (await show()).hardware.drives.find(({ kind }) => kind === "cd") ?? { slot: "" };
    const medium = async () => (await show()).hardware.drives.find((drive) => drive.slot === slot)?.medium ?? null;
    await go("/machines/box/disks");
    await page.getByRole("combobox", { name: `CD in ${slot}` }).selectOption(digest);
    await page.getByText("The drive has the new medium.").first().waitFor();
    expect(await medium()).toEqual({ from: "image", digest });
    await page.getByRole("button", { name: "Eject" }).press("Enter");
    await page.getByText("The drive is empty now.").first().waitFor();
    expect(await medium()).toBeNull();
    await soon(() => page.getByRole("button", { name: "Eject" }).getAttribute("aria-disabled")).toBe("true");
  }, 60_000);

  test("it is kept whole, goes back to the very middle, becomes a machine of its own, and a moment is deleted", async () => {
    // Linux makes this number up when it is read first.
    const boot = await inside("cat /proc/sys/kernel/random/boot_id");
    await inside("echo before > /tmp/memory; echo before | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null");
    await go("/machines/box/moments");
    await page.getByLabel("What to call it").fill("middle");
    await page.getByRole("button", { name: "Keep it whole" }).press("Enter");
    const row = (name: string) =>
      page
        .getByRole("listitem")
        .filter({ has: page.locator("strong", { hasText: new RegExp(`^${name}`) }) })
        .first();
    await row("middle")
      .getByText(/checkpoint/)
      .waitFor({ timeout: 60_000 });
    await inside("echo after > /tmp/memory; echo after | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null");
    await row("middle").getByRole("button", { name: "Go back", exact: true }).click();
    const back = page.getByRole("dialog", { name: "Go back to “middle”?" });
    await back.getByText("mimic restore box middle").waitFor();
    expect(await brokenRules(page)).toEqual([]);
    await back.getByRole("button", { name: "Go back" }).click();
    await row("before “middle”").waitFor({ timeout: 60_000 });
    await soon(async () => (await mimic.mimic(["exec", "box", "-n", "--", "cat", "/tmp/memory"])).out).toBe("before\n");
    expect(await inside("head -c 6 /dev/vda; cat /proc/sys/kernel/random/boot_id")).toBe(`before${boot}`);
    await row("middle").getByRole("button", { name: "Make a machine of it" }).click();
    const as = page.getByRole("dialog", { name: "A machine of “middle”" });
    await as.getByLabel("Its name").fill("twin");
    await as.getByRole("button", { name: "Make it" }).click();
    await isThere("twin");
    await shot(page, "moments-whole");
    await row("before “middle”").getByRole("button", { name: "Delete" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete it" }).click();
    await soon(async () => (await mimic.client.moments.list({ machine: "box" })).moments.map(({ name }) => name)).toEqual(["middle"]);
    expect(await inside("head -c 6 /dev/vda")).toBe("before");
  }, 180_000);

  test("its reset button makes the guest begin again", async () => {
    const boot = await inside("cat /proc/sys/kernel/random/boot_id");
    await go("/machines/box");
    await choose("Press its reset button…");
    await page.getByRole("dialog", { name: "Reset “box”?" }).getByRole("button", { name: "Reset" }).click();
    await soon(async () => {
      const { out } = await mimic.mimic(["exec", "box", "-n", "--", "cat", "/proc/sys/kernel/random/boot_id"]);
      return /^[0-9a-f-]{36}$/.test(out.trim()) && out.trim() !== boot;
    }).toBe(true);
  }, 90_000);

  test("pulling the plug ends it at once, after a question", async () => {
    await inside("dd if=/dev/urandom of=/dev/vda bs=1M seek=8 count=16 conv=fsync 2>/dev/null");
    await go("/machines/box/disks");
    await page.getByRole("heading", { name: "Disks", exact: true }).waitFor();
    await choose("Pull the plug (kill)…");
    const sure = page.getByRole("dialog", { name: "Pull the plug of “box”?" });
    expect(await brokenRules(page)).toEqual([]);
    expect((await show()).power).toBe("running");
    await sure.getByRole("button", { name: "Pull the plug" }).click();
    await soon(async () => (await show()).power).toBe("stopped");
  }, 60_000);
});

describe("while it is off", () => {
  const copied = async (name: string, how: "Linked" | "Full") => {
    await go("/machines/over/disks");
    await page.getByRole("heading", { name: "Disks", exact: true }).waitFor();
    await choose("Copy (clone)…", "over");
    const copy = page.getByRole("dialog", { name: "Copy “over”" });
    await copy.getByLabel("Name of the copy").fill(name);
    await copy.getByRole("radio", { name: how }).check();
    await copy.getByText(`mimic clone over ${name}${how === "Full" ? " --full" : ""}`).waitFor();
    expect(await brokenRules(page)).toEqual([]);
    await copy.getByRole("button", { name: "Copy", exact: true }).click();
    await isThere(name);
  };

  test("a linked copy stands on the same image and takes next to nothing, a full one takes all and stands on nothing", async () => {
    const ground = join(mimic.home, "ground.img");
    await writeFile(ground, randomBytes(16 << 20));
    await mimic.done(mimic.client.images.import({ path: ground, name: "ground", format: "raw", kind: "disk" }));
    await mimic.done(mimic.client.machines.create({ name: "over", image: "ground", network: null }));
    await copied("thin", "Linked");
    await copied("thick", "Full");
    const { digest } = await mimic.client.images.show({ image: "ground" });
    expect([(await disk("thin"))?.base, (await disk("thick"))?.base]).toEqual([digest, undefined]);
    expect((await show("thin")).diskBytes).toBeLessThan(2 << 20);
    expect((await show("thick")).diskBytes).toBeGreaterThanOrEqual(16 << 20);
  }, 120_000);

  test("its disk's file is compacted: what is only zeros is given back", async () => {
    const { id } = await show("thick");
    const file = `${mimic.home}/data/machines/${id}/disks/${(await disk("thick"))?.id}.qcow2`;
    // Zeros that the file holds as data, as other programs leave them.
    execFileSync("qemu-io", ["-f", "qcow2", "-c", "write -P 0 0 16M", file]);
    const before = (await show("thick")).diskBytes;
    await go("/machines/thick/disks");
    await page.getByRole("button", { name: "Its file…" }).click();
    await page.getByRole("dialog", { name: "The file of disk 1" }).getByRole("button", { name: "Compact it" }).press("Enter");
    await soon(async () => before - (await show("thick")).diskBytes).toBeGreaterThan(12 << 20);
  }, 90_000);

  test("the same disk is tried in another computer first, and stays as it was", async () => {
    await go("/machines/box/hardware");
    const other = page.getByRole("region", { name: "Same disk, other computer" });
    await other.getByRole("combobox", { name: "Disks plugged in by" }).selectOption("scsi");
    await other.getByRole("combobox", { name: "Graphics" }).selectOption("cirrus");
    await other.getByText("Its system may need another driver for the screen; until then it shows plain VGA.").waitFor();
    await shot(page, "other-computer");
    expect(await brokenRules(page)).toEqual([]);
    const was = (await show("box")).hardware;
    await other.getByRole("button", { name: "Try it first" }).press("Enter");
    await isThere("box-try");
    const trial = await show("box-try");
    expect([trial.hardware.display, trial.hardware.disks[0]?.bus, trial.forgets]).toEqual(["cirrus", "scsi", "machine"]);
    expect((await show("box")).hardware).toEqual(was);
    await soon(async () => (await show("box-try")).power).toBe("running");
    await mimic.client.disposables.discard({ machine: "box-try" });
  }, 120_000);

  test("a machine with another processor is offered its own boards and models, and gets them", async () => {
    await mimic.done(mimic.client.machines.create({ name: "mac", hardware: { architecture: "ppc" }, diskBytes: 8 << 20, network: null }));
    await go("/machines/mac/hardware");
    const other = page.getByRole("region", { name: "Same disk, other computer" });
    const offered = (name: string) => other.getByRole("combobox", { name }).locator("option").allTextContents();
    expect(await offered("Board")).toEqual(["A Power Mac G4 of 1999 (mac99)", "A Power Mac G3 of 1997 (g3beige)"]);
    expect(await offered("Processor")).toEqual(["The board’s usual one", "g4", "g3"]);
    expect(await offered("Graphics")).toEqual(["VGA (works everywhere)", "None"]);
    await other.getByRole("combobox", { name: "Board" }).selectOption("g3beige");
    await other.getByRole("combobox", { name: "Processor" }).selectOption("g3");
    await other.getByRole("button", { name: "Change it" }).click();
    await soon(async () => (await show("mac")).hardware).toMatchObject({ board: "g3beige", cpuModel: "g3" });
  }, 60_000);
});

describe("a new machine", () => {
  const make = async (name: string, label: string, value: string) => {
    await go("/new?empty=true");
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByRole("combobox", { name: label }).selectOption(value);
    await page.getByLabel("Start it right away").uncheck();
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByRole("heading", { name, exact: true, level: 1 }).waitFor({ timeout: 30_000 });
    return (await show(name)).hardware;
  };

  test("of another time has that time's parts", async () => {
    const { board, cpuModel, display, sound } = await make("dos-pc", "A computer of", "1991");
    expect([board, cpuModel, display, sound]).toEqual(["i440fx", "486", "cirrus", "sb16"]);
  }, 60_000);

  test("with another processor has that processor's board", async () => {
    const { architecture, board, disks } = await make("arm-box", "Processor", "aarch64");
    expect([architecture, board, disks[0]?.bus]).toEqual(["aarch64", "virt", "virtio"]);
    const older = await make("old-mac", "Processor", "ppc/g3beige");
    expect([older.architecture, older.board]).toEqual(["ppc", "g3beige"]);
  }, 60_000);

  test("from a kernel of one's own is asked for the processor and for words to the kernel", async () => {
    await writeFile(`${mimic.home}/vmlinux`, "a kernel");
    await mimic.done(mimic.client.images.import({ path: `${mimic.home}/vmlinux`, name: "own-kernel", kind: "boot" }));
    await go("/new");
    await page.getByRole("link", { name: /own-kernel.*A kernel of yours/ }).click();
    await page.getByRole("combobox", { name: "Processor" }).selectOption("m68k");
    await page.getByLabel("Words for its kernel").fill("console=ttyGF0");
    await page.getByLabel("Start it right away").uncheck();
    expect(await brokenRules(page)).toEqual([]);
    await page.getByText("The same in a terminal").click();
    await page.getByText("--arch m68k --kernel-words console=ttyGF0").waitFor();
    await page.getByRole("button", { name: "Create" }).click();
    await isThere("own-kernel");
    const { architecture, directBoot, disks } = (await show("own-kernel")).hardware;
    expect([architecture, directBoot?.commandLine, disks]).toEqual(["m68k", "console=ttyGF0", []]);
  }, 60_000);
});

test("in all this the pages did nothing that they should not", () => {
  expect(misdeeds(seen)).toEqual(NOTHING);
});
