// Hardware on the fly with a real guest: parts come and go by the command line and in the browser while the guest copies
// files and digests them; what cannot be now is said with the reason, from the one table; a trial leaves disks untouched.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokenRules, launchBrowser, misdeeds, NOTHING, seenScreen, shot, signIn, type Watched } from "./kit/browser.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let browser: Browser;
let seen: Watched;
let page: Page;
let usbTree: string;

beforeAll(async () => {
  usbTree = await aUsbTree();
  [mimic, browser] = await Promise.all([install({ env: { MIMIC_USB_ROOT: usbTree } }), launchBrowser()]);
  const { client } = mimic;
  await mimic.done(client.machines.create({ name: "parts", system: "tiny-linux-drivers", hardware: { memoryMiB: 1024 }, start: true }));
  seen = await signIn(browser, mimic);
  page = seen.page;
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await mimic?.[Symbol.asyncDispose]();
  await rm(usbTree, { recursive: true, force: true });
});

/** A computer with a USB stick, as its kernel would tell of it; the device file is an ordinary file, so no stick. */
async function aUsbTree(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "mimic-usb-"));
  const at = join(root, "sys/bus/usb/devices/1-2");
  await mkdir(at, { recursive: true });
  await mkdir(join(root, "dev/bus/usb/001"), { recursive: true });
  const facts = { idVendor: "0951", idProduct: "1666", busnum: "1", devnum: "4", bDeviceClass: "00" };
  const words = { manufacturer: "<b>Evil</b>\u001b[31m", product: "Stick" };
  for (const [name, text] of Object.entries({ ...facts, ...words })) await writeFile(join(at, name), `${text}\n`);
  await writeFile(join(root, "dev/bus/usb/001/004"), "");
  return root;
}

const DIGEST = /^[0-9a-f]{64}$/;
const guest = async (script: string, machine = "parts"): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  if (ran.code !== 0) throw new Error(`${script}: ${ran.code} ${ran.out} ${ran.err}`);
  return ran.out.trim();
};
const soon = (look: () => Promise<string>) => expect.poll(look, { timeout: 30_000, interval: 300 });
/** A command that must succeed; answers what it said. */
const says = async (...words: string[]): Promise<string> => {
  const ran = await mimic.mimic(words);
  expect(ran.code, `${words.join(" ")}: ${ran.err}`).toBe(0);
  return ran.out;
};
/** Random bytes go to a disk of the guest past its cache, and come back the same; answers their digest. */
const written = (disk: string, machine = "parts") =>
  guest(
    `dd if=/dev/urandom of=/tmp/c bs=64k count=16 2>/dev/null && dd if=/tmp/c of=/dev/${disk} bs=64k oflag=direct conv=fsync 2>/dev/null
dd if=/dev/${disk} bs=64k count=16 iflag=direct 2>/dev/null | cmp - /tmp/c && sha256sum < /tmp/c | cut -d ' ' -f 1`,
    machine,
  );
/** Seconds of the guest's own clock for so many reads of the disk, one after another and past its cache. */
const readingTakes = async (disk: string, operations: number, machine = "parts"): Promise<number> => {
  const read = `dd if=/dev/${disk} of=/dev/null bs=4k count=${operations} iflag=direct 2>/dev/null`;
  const [began, ended] = (await guest(`cut -d ' ' -f 1 /proc/uptime; ${read}; cut -d ' ' -f 1 /proc/uptime`, machine)).split("\n");
  return Number(ended) - Number(began);
};
/** The disk of the guest that has this serial number, and the driver of the controller that it hangs on. */
const diskInside = (serial: string, machine = "parts") =>
  guest(
    `for s in /sys/block/*/serial /sys/block/*/device/serial /sys/block/*/device/vpd_pg80; do
  grep -qs ${serial} "$s" || continue
  s=\${s#/sys/block/}; disk=\${s%%/*}; device=$(readlink -f "/sys/block/$disk")
  while [ "$device" ] && [ ! -e "$device/vendor" -o ! -e "$device/class" ]; do device=\${device%/*}; done
  echo "$disk" "$(basename "$(readlink "$device/driver")")"
done`,
    machine,
  );
const show = (machine = "parts") => mimic.client.machines.show({ machine });
const go = async (path: string) => {
  await page.goto(seen.address + path);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
};

describe("while the guest copies files and digests them", () => {
  beforeAll(async () => {
    // Each round: fresh bytes, a copy, both digests. A difference is written down; so is each round.
    await guest(
      `cat > /tmp/work <<'END'
rounds=0
while [ ! -e /tmp/stop ]; do
  dd if=/dev/urandom of=/tmp/a bs=64k count=48 2>/dev/null; cp /tmp/a /tmp/b
  [ "$(sha256sum < /tmp/a)" = "$(sha256sum < /tmp/b)" ] || echo bad >> /tmp/bad
  echo $((rounds += 1)) > /tmp/rounds
done
END
(sh /tmp/work > /dev/null 2>&1 &)`,
    );
  });
  const rounds = async () => Number(await guest("cat /tmp/rounds 2>/dev/null || echo 0"));

  test("the command line plugs in and out: disks, media, cards, USB, processors, memory; limits, cable, pause", {
    timeout: 300_000,
  }, async () => {
    const before = await rounds();
    expect(await says("disk", "add", "parts", "64M")).toContain("done while it runs");
    await soon(() => guest("ls /sys/block | grep -c ^vd || true")).toBe("1");
    expect(await written("vda")).toMatch(DIGEST);
    const unhindered = await readingTakes("vda", 60);
    expect(await says("disk", "limit", "parts", "1", "--ops", "30")).toContain("done while it runs");
    const hindered = await readingTakes("vda", 60);
    // Sixty at thirty a second; the first few are let through at once.
    expect(hindered).toBeGreaterThan(1.5);
    expect(hindered).toBeGreaterThan(3 * unhindered);
    expect(await says("disk", "limit", "parts", "1", "--ops", "15")).toContain("done while it runs");
    expect(await readingTakes("vda", 60)).toBeGreaterThan(3);
    expect(await says("disk", "limit", "parts", "1", "--off")).toContain("done while it runs");
    expect(await readingTakes("vda", 60)).toBeLessThan(1);
    expect(await says("disk", "limit", "parts", "1", "--speed", "4M")).toContain("done while it runs");
    expect(await says("disk", "grow", "parts", "1", "96M")).toContain("done while it runs");
    await soon(() => guest("cat /sys/block/vda/size")).toBe(String(96 * 2048));
    expect(await says("disk", "rm", "parts", "1")).toContain("done while it runs");
    await soon(() => guest("ls /sys/block | grep -c ^vd || true")).toBe("0");

    for (const [bus, driver] of [
      ["nvme", "nvme"],
      ["scsi", "virtio-pci"],
    ] as const) {
      expect(await says("disk", "add", "parts", "48M", "--bus", bus)).toContain("done while it runs");
      const [added] = (await show()).hardware.disks;
      const serial = added?.id.slice(-20) ?? "";
      await soon(() => diskInside(serial)).toMatch(driver);
      const [disk = ""] = (await diskInside(serial)).split(" ");
      expect(await guest(`cat /sys/block/${disk}/size`)).toBe(String(48 * 2048));
      expect(await written(disk)).toMatch(DIGEST);
      expect(await says("disk", "rm", "parts", "1")).toContain("done while it runs");
      await soon(() => guest(`ls /sys/block | grep -c ^${disk} || true`)).toBe("0");
    }

    await says("disk", "add", "parts", "32M", "--bus", "usb");
    await soon(() => guest("cat /sys/block/sd*/size 2>/dev/null || true")).toBe(String(32 * 2048));
    await says("disk", "rm", "parts", "1");
    await soon(() => guest("ls /sys/block | grep -c ^sd || true")).toBe("0");
    const mice = () => guest("grep -c 'QEMU QEMU USB Mouse' /proc/bus/input/devices || true");
    await says("usb", "add", "parts", "mouse");
    await soon(mice).toBe("1");
    await says("usb", "rm", "parts", "mouse");
    await soon(mice).toBe("0");

    const floppyless = await mimic.mimic(["media", "parts", "cd9", "--eject"]);
    expect(floppyless.err).toContain("has no drive “cd9”");
    const medium = join(usbTree, "medium.iso");
    await writeFile(medium, isoOf("a medium that came while it ran"));
    await guest("modprobe ahci");
    await says("image", "import", medium, "--name", "medium");
    await says("media", "parts", "cd0", "medium");
    await soon(() => guest("dd if=/dev/sr0 bs=2048 skip=16 count=1 2>/dev/null | strings | grep 'a medium' || true")).toBe(
      "a medium that came while it ran",
    );
    await says("media", "parts", "cd0", "--eject");

    expect(await says("set", "parts", "--cpus", "2")).toContain("The guest uses 2 now");
    expect(await guest("nproc")).toBe("2");
    expect(await says("set", "parts", "--cpus", "1")).toContain("stand still");
    expect(await guest("nproc")).toBe("1");
    const total = async () => Number(await guest("awk '/MemTotal/{print $2}' /proc/meminfo")) / 1024;
    const had = await total();
    expect(await says("set", "parts", "--memory", "1536M")).toContain("The guest has 1536 MiB now");
    expect((await total()) - had).toBeGreaterThan(400);
    expect(await says("set", "parts", "--memory", "1G")).toContain("The guest has 1024 MiB now");
    expect((await total()) - had).toBeLessThan(100);
    expect(await says("set", "parts", "--cpu-limit", "90")).toMatch(/processor limit: (done while it runs|at its next start)/);
    await says("set", "parts", "--cpu-limit", "0");

    const carrier = () => guest("cat /sys/class/net/eth0/carrier 2>/dev/null || echo none");
    await says("net", "set", "home", "--port", "parts", "--cable", "out");
    await soon(carrier).not.toBe("1");
    await says("net", "set", "home", "--port", "parts", "--cable", "in");
    await soon(carrier).toBe("1");
    await says("net", "plug", "parts", "home");
    await soon(() => guest("ls -d /sys/class/net/eth* | wc -l")).toBe("2");
    await says("net", "unplug", "parts", "--nic", "2");
    await soon(() => guest("ls -d /sys/class/net/eth* | wc -l")).toBe("1");
    await says("pause", "parts");
    await says("resume", "parts");

    expect(await rounds()).toBeGreaterThan(before);
    expect(await guest("cat /tmp/bad 2>/dev/null | wc -l")).toBe("0");
    expect((await show()).pending).toEqual([]);
  });

  test("the browser does the same, and says of each part when it can be changed", { timeout: 180_000 }, async () => {
    const before = await rounds();
    await go("/machines/parts/disks");
    await page.getByRole("button", { name: "Add a disk" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Size").fill("64 MiB");
    await dialog.getByRole("button", { name: /^Add/ }).click();
    await page
      .getByText(/disk of 64 MiB: done while it runs/)
      .first()
      .waitFor();
    await soon(() => guest("ls /sys/block | grep -c ^vd || true")).toBe("1");
    await page.getByRole("button", { name: "Take out" }).click();
    await page.getByRole("dialog").getByRole("button", { name: /^Take/ }).click();
    await page
      .getByText(/disk taken out.*done while it runs/)
      .first()
      .waitFor();
    await soon(() => guest("ls /sys/block | grep -c ^vd || true")).toBe("0");
    await page.getByRole("button", { name: "Plug in a keyboard" }).click();
    await page.getByRole("button", { name: "Pull it out" }).waitFor();
    await soon(() => guest("grep -c 'QEMU QEMU USB Keyboard' /proc/bus/input/devices || true")).toBe("2");
    await page.getByRole("button", { name: "Pull it out" }).click();
    await soon(() => guest("grep -c 'QEMU QEMU USB Keyboard' /proc/bus/input/devices || true")).toBe("1");
    await shot(page, "hardware-disks");
    expect(await brokenRules(page)).toEqual([]);

    await go("/machines/parts/hardware");
    await page.getByLabel("Cores").selectOption("2");
    await page.getByRole("button", { name: "Keep these changes" }).click();
    await page
      .getByText(/2 cores: done while it runs/)
      .first()
      .waitFor({ timeout: 60_000 });
    expect(await guest("nproc")).toBe("2");
    await page.getByLabel("Sound", { exact: true }).selectOption("hda");
    await page.getByRole("button", { name: "Keep these changes" }).click();
    await page
      .getByText(/sound card: at its next start\. A sound card is built in while the machine is off/)
      .first()
      .waitFor();
    await page.getByText("At its next start: sound card").waitFor();
    await mimic.client.machines.change({ machine: "parts", hardware: { sound: "none" } });
    await shot(page, "hardware-parts");
    expect(await brokenRules(page)).toEqual([]);
    expect(await rounds()).toBeGreaterThan(before);
    expect(await guest("cat /tmp/bad 2>/dev/null | wc -l; touch /tmp/stop")).toBe("0");
  });
});

test("what cannot be now is the same at every door: with this hardware, or after a restart, and why", async () => {
  const { rows } = await mimic.client.machines.hardware({ machine: "parts" });
  const said = await says("set", "parts");
  await go("/machines/parts/hardware");
  const table = page.getByRole("region", { name: "Parts" });
  for (const { part, change, why } of rows) {
    expect(said).toContain(why);
    const row = table
      .getByRole("row")
      .filter({ has: page.getByRole("rowheader", { name: part, exact: true }) })
      .first();
    expect(await row.textContent()).toContain({ now: "Now", afterRestart: "After a restart", never: "Not" }[change]);
    expect(await row.textContent()).toContain(why);
  }
  expect(rows.find(({ part }) => part === "joystick")).toMatchObject({ change: "never" });
  const refused = await mimic.mimic(["disk", "add", "parts", "1G", "--bus", "sata"]);
  expect(refused.out).toContain("at its next start");
  await says("disk", "rm", "parts", "1");
});

describe("the screen", () => {
  const mode = () => guest("head -n 1 /sys/class/drm/card0-*/modes");
  /** The guest's own words for its input: events of Linux (input.h), as twelve numbers each: type, code and value are 9 to 11. */
  const inputs = (file: string, awk: string) =>
    guest(`od -An -v -tu2 -w24 /tmp/${file} | awk '${awk}' | sort -u | tr '\\n' ' ' | sed 's/ $//'`);

  test("takes another size while it runs, by the command line; a card that cannot tell its guest says so", async () => {
    expect(await says("set", "parts", "--display-size", "1024x768")).toContain("The guest follows: its screen is 1024 × 768 now");
    expect(await mode()).toBe("1024x768");
    expect((await show()).pending).toEqual([]);
    // Its text console has a frame buffer of the first size: it is told, and stays smaller.
    expect(await says("set", "parts", "--display-size", "1600x900")).toContain("The guest was told, and its screen stays at");
  });

  test("follows the window in the browser, catches the mouse, and takes a gamepad for keys", { timeout: 120_000 }, async () => {
    await page.addInitScript(`window.padsOfTest = [null]; navigator.getGamepads = () => window.padsOfTest;`);
    await go("/machines/parts/screen");
    await expect.poll(async () => (await seenScreen(page)).width, { timeout: 20_000 }).toBeGreaterThan(0);
    await page.getByRole("button", { name: "Let the machine’s screen follow this window" }).click();
    const place = await page.locator(".screen-place").boundingBox();
    await soon(mode).toMatch(new RegExp(`^${Math.floor((place?.width ?? 0) / 10)}\\d?x`));
    await page.setViewportSize({ width: 1000, height: 700 });
    await soon(async () => String((await seenScreen(page)).width)).toMatch(/^[6-9]\d\d$/);
    await shot(page, "screen-follows");
    await page.setViewportSize({ width: 1280, height: 860 });

    await guest("modprobe psmouse; for n in 1 2 3 4 5 6 7 8 9 10; do grep -q PS/2 /proc/bus/input/devices && break; sleep 0.3; done");
    const eventOf = (name: string) => guest(`awk -v RS= '/${name}/' /proc/bus/input/devices | grep -o 'event[0-9]*' | head -1`);
    const [mouse, keyboard, tablet] = [await eventOf("PS.2.*Mouse"), await eventOf("USB Keyboard"), await eventOf("USB Tablet")];
    for (const [event, file] of [
      [mouse, "mouse"],
      [keyboard, "keys"],
      [tablet, "tablet"],
    ])
      await guest(`(timeout 90 cat /dev/input/${event} > /tmp/${file} 2>&1 &)`);
    await page.getByRole("button", { name: "Catch the mouse (Esc gives it back)" }).click();
    await page.getByText("Your mouse moves in the machine alone").waitFor();
    await page.mouse.move(500, 400);
    await page.mouse.move(560, 430, { steps: 6 });
    await page.mouse.down();
    await page.mouse.up();
    // EV_REL (2) is the mouse's; the left button (EV_KEY 1, code 0x110) the tablet's, since this machine has one.
    await soon(() => inputs("mouse", "$9==2{print $10}")).toBe("0 1");
    await soon(() => inputs("tablet", "$9==1&&$10==272{print $11}")).toBe("0 1");
    await page.evaluate("document.exitPointerLock()");
    await page.getByText("Click into the picture to type").waitFor();

    await page.getByRole("button", { name: "Use a gamepad: it presses keys" }).click();
    await page.getByText("Gamepad: stick and cross are the arrows").waitFor();
    await page.evaluate("window.padsOfTest = [{ axes: [-1, 0], buttons: Array.from({ length: 16 }, (_, n) => ({ pressed: n === 0 })) }]");
    // 105 = left, 29 = left Ctrl (linux/input-event-codes.h).
    await soon(() => inputs("keys", "$9==1&&$11==1{print $10}")).toBe("105 29");
    await shot(page, "screen-gamepad");
    await page.evaluate("window.padsOfTest = [null]");
    await soon(() => inputs("keys", "$9==1&&$11==0{print $10}")).toBe("105 29");
    await page.getByRole("button", { name: "Put the gamepad away" }).click();
    expect(await brokenRules(page)).toEqual([]);
  });
});

test("a timetable written in the browser is told step by step while it happens: live, later and impossible", {
  timeout: 120_000,
}, async () => {
  await go("/machines/parts/hardware");
  const steps = [
    "- at: 1s\n  do: cores\n  to: 2",
    "- at: 1500ms\n  do: pull cable",
    "- at: 2s\n  do: remove disk\n  disk: 7",
    "- at: 2500ms\n  do: add disk\n  size: 1M\n  bus: sata",
    "- at: 3s\n  do: plug cable",
  ];
  await page.getByLabel("What happens when").fill(`${steps.join("\n")}\n`);
  await page.getByRole("button", { name: "Begin" }).click();
  const list = page.getByRole("list", { name: "What became of each step" });
  await list.getByText(/at 2 s: remove disk 7/).waitFor({ timeout: 30_000 });
  await list.getByText(/at 3 s: plug cable/).waitFor({ timeout: 30_000 });
  expect(await list.getByRole("listitem").allTextContents()).toEqual([
    expect.stringMatching(/^Done.*cores 2/),
    expect.stringMatching(/^Done.*pull cable/),
    expect.stringMatching(/^Impossible.*remove disk 7.*has no disk “7”/),
    expect.stringMatching(/^At its next start.*add disk 1048576 sata.*take no disk while it runs/),
    expect.stringMatching(/^Done.*plug cable/),
  ]);
  await shot(page, "timetable");
  expect(await brokenRules(page)).toEqual([]);
});

test("a USB device of this computer is listed with its harmless name, lent only when a person agrees, and refused with the engine's reason", async () => {
  const listed = await says("usb", "host");
  expect(listed).toMatch(/1-2 .*<b>Evil<\/b>.*Stick.* yes/);
  expect(listed).not.toContain("\u001b[31m");
  const silent = await mimic.mimic(["usb", "lend", "parts", "1-2"]);
  expect([silent.code, silent.err]).toEqual([expect.any(Number), expect.stringContaining("--yes")]);
  expect(silent.code).not.toBe(0);
  // An ordinary file is no USB device: it is handed into the cage, and the engine says no.
  const lent = await mimic.mimic(["usb", "lend", "parts", "1-2", "--yes"]);
  expect(lent.err).toMatch(/usb\.not_lent/);
  expect(await guest("uname -s")).toBe("Linux");
  await go("/machines/parts/disks");
  await page.getByRole("heading", { name: "USB devices of this computer" }).waitFor();
  await page.getByRole("button", { name: "Lend it" }).click();
  await page
    .getByRole("dialog")
    .getByText(/this computer cannot use it until it comes back/)
    .waitFor();
  await shot(page, "usb-consent");
  expect(await brokenRules(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Keep as it is" }).click();
});

describe("disks that were there from the start", () => {
  const run = promisify(execFile);
  /** Of what the guest wrote: read by qemu-img, when the machine is off. */
  const kept = async (machine: string, disk: string): Promise<string> => {
    const raw = `${mimic.home}/kept.raw`;
    await run("qemu-img", ["convert", "-O", "raw", `${mimic.home}/data/machines/${machine}/disks/${disk}.qcow2`, raw]);
    const bytes = await readFile(raw);
    await rm(raw);
    return createHash("sha256")
      .update(bytes.subarray(0, 1 << 20))
      .digest("hex");
  };

  for (const [board, drivers] of Object.entries({
    q35: { nvme: "nvme", sata: "ahci", scsi: "virtio-pci", ide: "ahci" },
    i440fx: { nvme: "nvme", sata: "ahci", scsi: "virtio-pci", ide: "ata_piix" },
  }))
    test(`NVMe, SATA, SCSI and IDE on ${board} are each on the controller that they should be, and hold what the guest wrote`, {
      timeout: 120_000,
    }, async () => {
      const { client } = mimic;
      const hardware = { memoryMiB: 256, board: board as "q35" | "i440fx" };
      await mimic.done(client.machines.create({ name: board, system: "tiny-linux-drivers", hardware, network: null, start: false }));
      for (const bus of Object.keys(drivers)) await says("disk", "add", board, "16M", "--bus", bus);
      await says("start", board);
      await guest("modprobe -a nvme ahci ata_piix", board);
      const { id, hardware: has } = await show(board);
      const digests = new Map<string, string>();
      for (const { id: disk, bus } of has.disks) {
        const [, driver] = Object.entries(drivers).find(([name]) => name === bus) ?? [];
        await soon(() => diskInside(disk.slice(-20), board)).toMatch(new RegExp(`^(sd|nvme)\\S+ ${driver}$`));
        const [name = ""] = (await diskInside(disk.slice(-20), board)).split(" ");
        digests.set(disk, await written(name, board));
      }
      await says("kill", board);
      expect(digests.size).toBe(4);
      for (const [disk, digest] of digests) expect(await kept(id, disk)).toBe(digest);
    });
});

describe("the same disk in another computer", () => {
  const digest = async (path: string): Promise<string> => {
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return hash.digest("hex");
  };

  test("is tried on layers that vanish when the trial stops; the machine's own disk is byte for byte as it was", {
    timeout: 240_000,
  }, async () => {
    const { client, home } = mimic;
    await mimic.done(client.machines.create({ name: "origin", system: "tiny-linux-drivers", diskBytes: 32 << 20, start: true }));
    await guest("echo the-first-words | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null", "origin");
    await mimic.done(client.machines.stop({ machine: "origin" }));
    const origin = await show("origin");
    const file = `${home}/data/machines/${origin.id}/disks/${origin.hardware.disks[0]?.id}.qcow2`;
    const before = await digest(file);
    const tried = await says("set", "origin", "--bus", "scsi", "--cpus", "2", "--try");
    expect(tried).toContain("“origin-try” is usable on the other hardware, and “origin” is as it was");
    expect(await guest("head -c 15 /dev/sda; nproc", "origin-try")).toBe("the-first-words\n2".replace("\n", ""));
    await guest("echo what-the-trial-wrote | dd of=/dev/sda conv=notrunc,fsync 2>/dev/null", "origin-try");
    const busy = await mimic.mimic(["start", "origin"]);
    expect(busy.err).toContain("“origin-try” tries its disks on other hardware");
    // The daemon is replaced meanwhile: the next one still knows whose disks these are.
    await mimic.killDaemon();
    await mimic.start();
    expect((await mimic.mimic(["start", "origin"])).err).toContain("origin-try");
    expect(await guest("head -c 20 /dev/sda", "origin-try")).toBe("what-the-trial-wrote");
    await says("stop", "origin-try");
    await soon(async () => (await mimic.mimic(["show", "origin-try"])).err).toContain("no machine");
    expect(await digest(file)).toBe(before);
    expect((await show("origin")).hardware).toEqual(origin.hardware);
    await says("start", "origin");
    expect(await guest("head -c 15 /dev/vda", "origin")).toBe("the-first-words");
    await says("kill", "origin");
  });
});

test("in all this the pages did nothing that they should not", () => {
  expect(misdeeds(seen)).toEqual(NOTHING);
});

/** The least that is taken for a CD: a volume descriptor of ISO 9660 in sector 16, with a text in it. */
function isoOf(text: string): Uint8Array {
  const bytes = Buffer.alloc(64 * 2048);
  bytes.write("\u0001CD001\u0001", 16 * 2048, "latin1");
  bytes.write("\u00ffCD001\u0001", 17 * 2048, "latin1");
  bytes.write(text, 16 * 2048 + 883, "latin1");
  return bytes;
}
