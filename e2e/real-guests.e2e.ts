// Real guests beside the tiny Linux, made and started as a person would: tools from CDs, the PC of the nineties, UEFI with
// Secure Boot, a TPM, and Debian's graphical installer, driven by real keys in a real browser.
import { writeFile } from "node:fs/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bootSector } from "../packages/qemu/test/guests.ts";
import { launchBrowser, misdeeds, NOTHING, seenScreen, shot, signIn } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
beforeAll(async () => {
  [mimic, browser] = await Promise.all([install({ tinyLinux: true }), launchBrowser()]);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
});

const ofText = async (machine: string) => (await mimic.client.machines.log({ machine, which: "serial" })).text;
const pictureOf = async (machine: string, name: string) => {
  const seen = await signIn(browser, mimic);
  await seen.page.goto(`${seen.address}/machines/${machine}`);
  await expect.poll(async () => (await seenScreen(seen.page)).lit, { timeout: 30_000 }).toBeGreaterThan(100);
  await shot(seen.page, name);
  expect(misdeeds(seen)).toEqual(NOTHING);
  await seen.context.close();
};

test.each([
  ["memtest86plus", "“Memtest86+” appeared on the screen"],
  ["ipxe", "“iPXE” appeared on the screen"],
])(
  "%s is fetched, started, and usable by its own sign",
  async (system, sign) => {
    const made = await mimic.mimic(["new", system, "--os", system, "--start"]);
    expect(made.err + made.out).toContain(sign);
    expect(made.code).toBe(0);
    expect((await mimic.client.machines.show({ machine: system })).usableBy).toBe(sign);
    await pictureOf(system, `guest-${system}`);
    await mimic.client.machines.kill({ machine: system });
  },
  180_000,
);

test("a PC of the nineties starts from its floppy: i440fx, IDE, Cirrus, Sound Blaster", async () => {
  const floppy = Buffer.alloc(1_474_560);
  floppy.set(bootSector("HELLO FROM THE FLOPPY"));
  await writeFile(`${mimic.home}/boot.img`, floppy);
  expect(
    (await mimic.mimic(["image", "import", `${mimic.home}/boot.img`, "--kind", "floppy", "--format", "raw", "--name", "boot"])).code,
  ).toBe(0);
  await mimic.done(
    mimic.client.machines.create({
      name: "nineties",
      image: "boot",
      diskBytes: 100 << 20,
      hardware: {
        architecture: "i386",
        board: "i440fx",
        memoryMiB: 32,
        display: "cirrus",
        sound: "sb16",
        input: "ps2",
        agent: false,
        bootOrder: ["floppy", "disk", "cd"],
        clock: { base: "local", offsetSeconds: 0, startAt: "1994-05-01T12:00:00" },
      },
    }),
  );
  const { hardware } = await mimic.client.machines.show({ machine: "nineties" });
  expect(hardware).toMatchObject({ board: "i440fx", display: "cirrus", sound: "sb16", memoryMiB: 32 });
  expect(hardware.disks.map(({ bus }) => bus)).toEqual(["ide"]);
  const explained = (await mimic.client.machines.explain({ machine: "nineties" })).parts.flatMap(({ args }) => args).join(" ");
  for (const word of ["pc-i440fx", "ide-hd", "cirrus", "sb16", "adlib", "floppy", "1994-05-01"]) expect(explained).toContain(word);
  await mimic.done(mimic.client.machines.start({ machine: "nineties" }));
  await expect.poll(() => ofText("nineties"), { timeout: 30_000 }).toContain("HELLO FROM THE FLOPPY");
  await pictureOf("nineties", "guest-nineties");
  await mimic.client.machines.kill({ machine: "nineties" });
}, 120_000);

test("UEFI with Secure Boot comes up to its boot manager", async () => {
  await mimic.done(
    mimic.client.machines.create({
      name: "uefi",
      diskBytes: 1 << 30,
      hardware: { firmware: "uefi", secureBoot: true, memoryMiB: 256, agent: false },
    }),
  );
  const explained = (await mimic.client.machines.explain({ machine: "uefi" })).parts.flatMap(({ args }) => args).join(" ");
  expect(explained).toContain("smm=on");
  await mimic.done(mimic.client.machines.start({ machine: "uefi" }));
  await expect.poll(() => ofText("uefi"), { timeout: 120_000, interval: 1000 }).toMatch(/BdsDxe|UEFI Interactive Shell|Boot Manager/);
  await pictureOf("uefi", "guest-uefi");
  // What the firmware keeps is the machine's own and is still there at the next start.
  await mimic.client.machines.kill({ machine: "uefi" });
  await mimic.done(mimic.client.machines.start({ machine: "uefi" }));
  await mimic.client.machines.kill({ machine: "uefi" });
}, 240_000);

test("a TPM is there for the guest, and its helper goes with the machine", async () => {
  await mimic.done(mimic.client.machines.create({ name: "tpm", system: "tiny-linux", hardware: { tpm: true }, start: true }));
  const { out } = await mimic.mimic(["exec", "tpm", "--", "sh", "-c", "ls /sys/class/tpm /sys/bus/acpi/devices"]);
  expect(out).toMatch(/tpm0|MSFT0101/);
  expect((await mimic.client.machines.show({ machine: "tpm" })).hardware).toMatchObject({ tpm: true, memoryMiB: 256, board: "q35" });
  await mimic.client.machines.kill({ machine: "tpm" });
  await mimic.done(mimic.client.machines.start({ machine: "tpm" }));
  await mimic.client.machines.kill({ machine: "tpm" });
}, 120_000);

describe("Debian's graphical installer", () => {
  test("shows its list of languages, and real arrow keys in the browser move through it", async () => {
    const made = mimic.done(mimic.client.machines.create({ name: "installer", system: "debian-12-installer", start: true }));
    const job = await made;
    expect(job.result?.words).toContain("finished picture");
    const seen = await signIn(browser, mimic);
    const { page } = seen;
    await page.goto(`${seen.address}/machines/installer`);
    // The list is dark words, a dark bar and a banner on a light ground; an empty desktop is all light, a text console hardly.
    const light = async () => {
      const { width, height, lit } = await seenScreen(page);
      return width >= 640 && height >= 480 && lit / (width * height) > 0.4 && lit / (width * height) < 0.985;
    };
    await expect.poll(light, { timeout: 30_000, interval: 1000 }).toBe(true);
    await shot(page, "guest-debian-installer");
    const before = await seenScreen(page);
    await page.locator(".screen-canvas canvas").click({ position: { x: 5, y: 5 } });
    await page.waitForTimeout(1500);
    const settled = await seenScreen(page);
    for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowDown", { delay: 60 });
    await expect.poll(async () => (await seenScreen(page)).print, { timeout: 20_000 }).not.toBe(settled.print);
    await page.waitForTimeout(1500);
    const down = await seenScreen(page);
    await shot(page, "guest-debian-installer-down");
    for (let press = 0; press < 3; press++) await page.keyboard.press("ArrowUp", { delay: 60 });
    // Back at the top the picture is what it was: it was the selection that moved.
    await expect.poll(async () => (await seenScreen(page)).print, { timeout: 20_000 }).toBe(settled.print);
    expect(down.print).not.toBe(settled.print);
    expect(before.width).toBe(down.width);
    expect(misdeeds(seen)).toEqual(NOTHING);
    await seen.context.close();
    await mimic.client.machines.kill({ machine: "installer" });
  }, 1_080_000);
});
