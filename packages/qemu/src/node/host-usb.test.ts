// A tree that looks like the kernel's: what a device says of itself may be anything.
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { SysfsUsb } from "./host-usb.ts";

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

interface Pretended {
  readonly socket: string;
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Interface → class and protocol. */
  readonly interfaces?: Readonly<Record<string, readonly [string, string]>>;
  readonly hasFile?: boolean;
}

async function put(path: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** As the kernel does: the real folders below /sys/devices, links to them in /sys/bus/usb/devices. */
async function aComputer(devices: readonly Pretended[], mounts = ""): Promise<SysfsUsb> {
  const root = await mkdtemp(join(tmpdir(), "mimic-usb-"));
  made.push(root);
  const bus = join(root, "sys/bus/usb/devices");
  await mkdir(bus, { recursive: true });
  for (const { socket, files, interfaces = {}, hasFile = true } of devices) {
    const at = join(root, "sys/devices", socket);
    for (const [name, text] of Object.entries(files)) await put(join(at, name), text);
    for (const [name, [kind, protocol]] of Object.entries(interfaces)) {
      await put(join(at, name, "bInterfaceClass"), `${kind}\n`);
      await put(join(at, name, "bInterfaceProtocol"), `${protocol}\n`);
      await symlink(join(at, name), join(bus, name));
    }
    await symlink(at, join(bus, socket));
    const number = String(files["devnum"] ?? "").trim();
    if (hasFile && /^\d+$/.test(number)) await put(join(root, `dev/bus/usb/001/${number.padStart(3, "0")}`), "");
  }
  await put(join(root, "proc/self/mounts"), mounts);
  return new SysfsUsb({ root });
}

const STICK = { idVendor: "0951\n", idProduct: "1666\n", busnum: "1\n", devnum: "4\n", bDeviceClass: "00\n" };
const options = { signal: new AbortController().signal };

describe("this computer's USB devices", () => {
  test("are told with what they are, in the order of their sockets; hubs stay here", async () => {
    const usb = await aComputer([
      {
        socket: "1-10",
        files: { ...STICK, manufacturer: "Kingston\n", product: "DataTraveler 3.0\n" },
        interfaces: { "1-10:1.0": ["08", "50"] },
      },
      { socket: "1-2", files: { ...STICK, devnum: "5", bDeviceClass: "09" } },
      { socket: "1-2.1", files: { ...STICK, devnum: "6" }, interfaces: { "1-2.1:1.0": ["03", "01"], "1-2.1:1.1": ["03", "02"] } },
      { socket: "usb1", files: { ...STICK, devnum: "1" } },
    ]);
    const { devices } = await usb.list(options);
    expect(devices.map(({ socket, words, kinds, whyNot }) => [socket, words, kinds, whyNot?.slice(0, 5)])).toEqual([
      ["1-2", "a device 0951:1666", [], "A hub"],
      ["1-2.1", "a device 0951:1666", ["keyboard", "mouse"], undefined],
      ["1-10", "Kingston DataTraveler 3.0", ["storage"], undefined],
    ]);
    expect(devices[2]?.file).toMatch(/dev\/bus\/usb\/001\/004$/);
  });
  test("that are mounted here are not lent, and it is said where; the same one unmounted is", async () => {
    const stick: Pretended = {
      socket: "1-3",
      files: { ...STICK, "1-3:1.0/host6/target6:0:0/6:0:0:0/block/sdb/sdb1/size": "1" },
    };
    const [mounted] = (
      await (await aComputer([stick], "/dev/sdb1 /media/my\\040stick vfat rw 0 0\n/dev/sda1 / ext4 rw 0 0\n")).list(options)
    ).devices;
    expect(mounted?.whyNot).toContain("mounted at /media/my stick");
    const [free] = (await (await aComputer([stick], "/dev/sda1 / ext4 rw 0 0\n")).list(options)).devices;
    expect(free?.whyNot).toBeUndefined();
  });
  test("without a device file, or without any USB, say why", async () => {
    const [device] = (await (await aComputer([{ socket: "1-3", files: STICK, hasFile: false }])).list(options)).devices;
    expect(device?.whyNot).toContain("device file is not here");
    expect(await (await aComputer([])).list(options)).toEqual({ devices: [], because: expect.stringContaining("Nothing is plugged") });
    const nowhere = new SysfsUsb({ root: "/nonexistent" });
    expect((await nowhere.list(options)).because).toContain("knows no USB here");
  });
  test("may say of themselves whatever they like: nothing breaks, and nothing of it moves a terminal", async () => {
    const anything = fc.oneof(fc.string({ maxLength: 300, unit: "binary" }), fc.uint8Array({ maxLength: 300 }));
    await fc.assert(
      fc.asyncProperty(anything, anything, fc.oneof(fc.constant("0951"), anything), anything, async (maker, product, idVendor, number) => {
        const usb = await aComputer([
          { socket: "1-1", files: { ...STICK, manufacturer: maker, product, idVendor, devnum: number }, hasFile: false },
          { socket: "1-9", files: { ...STICK, manufacturer: maker, product } },
        ]);
        const { devices } = await usb.list(options);
        expect(devices.some(({ socket }) => socket === "1-9")).toBe(true);
        for (const { words, file } of devices) {
          expect(words.length).toBeLessThanOrEqual(81);
          // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
          expect(words).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
          expect(file).toMatch(/\/dev\/bus\/usb\/\d{3}\/\d{3}$/);
        }
      }),
      { numRuns: 60 },
    );
  });
});
