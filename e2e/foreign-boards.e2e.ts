// A machine of each processor as a person makes it: with its usual board, an empty disk and a cable to the home network.
// It starts, and firmware that has a console says so there.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BareBoard, bareMetal } from "../packages/qemu/test/bare-metal.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install();
}, 300_000);
afterAll(async () => {
  await mimic?.[Symbol.asyncDispose]();
});

for (const [processor, qemu, sign, more = []] of [
  ["arm64", "aarch64", "UEFI firmware", ["--firmware", "uefi"]],
  ["riscv64", "riscv64", "OpenSBI v"],
  ["ppc64le", "ppc64", "SLOF"],
  ["ppc", "ppc", "Welcome to OpenBIOS", ["--display", "none"]],
  ["s390x", "s390x", "LOADPARM="],
  ["sparc", "sparc", "Welcome to OpenBIOS"],
  // No firmware: they wait for a kernel that is loaded directly.
  ["arm", "arm", ""],
  ["mips", "mips", ""],
  ["mipsel", "mipsel", ""],
  ["mips64el", "mips64el", ""],
  ["m68k", "m68k", ""],
  ["loongarch64", "loongarch64", ""],
] as const) {
  test.skipIf(!existsSync(`/usr/bin/qemu-system-${qemu}`))(
    `a machine with a processor ${processor} and a network card starts${sign === "" ? "" : `: “${sign}”`}`,
    async () => {
      const made = await mimic.mimic(["new", processor, "--arch", processor, "--empty", ...more, "--start"]);
      expect(made.code, made.err).toBe(0);
      const { hardware } = await mimic.client.machines.show({ machine: processor });
      expect(hardware.nics.length).toBe(1);
      await expect
        .poll(async () => (await mimic.client.machines.log({ machine: processor, which: "serial" })).text, { timeout: 60_000 })
        .toContain(sign);
      // IBM Z's firmware stops its processor where it finds nothing to start, and the machine stands still with the reason.
      const stands = processor === "s390x" ? "paused" : "running";
      await expect.poll(async () => (await mimic.client.machines.show({ machine: processor })).power, { timeout: 30_000 }).toBe(stands);
      await mimic.client.machines.kill({ machine: processor });
    },
    120_000,
  );
}

test("what is known of a processor's boards is listed with the systems for it, and stands beside each system", async () => {
  const listed = await mimic.mimic(["os", "ls", "--arch", "ppc"]);
  expect(listed.out).toMatch(/Power Mac G4 of 1999 \(--board mac99\): .*OpenBIOS[\s\S]*Power Mac G3 of 1997 \(--board g3beige\)/);
  expect(listed.out).toMatch(/^netbsd-10-macppc /m);
  expect(listed.out).not.toContain("tiny-linux");
  const none = await mimic.mimic(["os", "ls", "--arch", "loongarch64"]);
  expect(none.out).toMatch(/LoongArch[\s\S]*No system of the catalogue is for it/);
  const shown = await mimic.mimic(["os", "show", "netbsd-10-sparc"]);
  expect(shown.out).toMatch(/^runs on +32-bit SPARC, a SPARCstation 5 of 1994/m);
  expect((await mimic.mimic(["os", "ls", "--arch", "z80"])).err).toContain("no processor “z80”");
});

for (const board of ["m68k", "loongarch64", "mips"] satisfies BareBoard[])
  test.skipIf(!existsSync(`/usr/bin/qemu-system-${board}`))(
    `a kernel of one’s own starts on ${board}, which has no firmware`,
    async () => {
      const file = `${mimic.home}/kernel-${board}`;
      await writeFile(file, bareMetal(board, `my kernel runs on ${board}\r\n`));
      const brought = await mimic.mimic(["image", "import", file, "--kernel", "--name", `my-${board}`]);
      expect(brought.code, brought.err).toBe(0);
      const words = ["--kernel-words", "console=of-mine"];
      const made = await mimic.mimic(["new", `own-${board}`, "--image", `my-${board}`, "--arch", board, ...words, "--start"]);
      expect(made.code, made.err).toBe(0);
      await expect
        .poll(async () => (await mimic.client.machines.log({ machine: `own-${board}`, which: "serial" })).text, { timeout: 30_000 })
        .toContain(`my kernel runs on ${board}`);
      expect((await mimic.mimic(["explain", `own-${board}`])).out).toContain("console=of-mine");
      await mimic.client.machines.kill({ machine: `own-${board}` });
    },
    60_000,
  );

test("a kernel brings its first file system along, and an empty file is no kernel", async () => {
  const [kernel, initrd, empty] = ["k", "i", "e"].map((name) => `${mimic.home}/boot-${name}`) as [string, string, string];
  await Promise.all([writeFile(kernel, "kernel"), writeFile(initrd, "first files"), writeFile(empty, "")]);
  const brought = await mimic.mimic(["image", "import", kernel, "--kernel", "--initrd", initrd, "--name", "both"]);
  expect(brought.code, brought.err).toBe(0);
  const { images } = await mimic.client.images.list({});
  const both = images.find(({ name }) => name === "both");
  expect([both?.kind, both?.parts.map(({ name, sizeBytes }) => [name, sizeBytes])]).toEqual([
    "boot",
    [
      ["kernel", 6],
      ["initrd", 11],
    ],
  ]);
  const refused = await mimic.mimic(["image", "import", empty, "--kernel", "--name", "nothing"]);
  expect(refused.err).toMatch(/boot-e.*is empty[\s\S]*image\.unsupported/);
  expect((await mimic.mimic(["image", "import", kernel, "--initrd", initrd])).err).toContain("goes with a kernel");
});

/** A script as U-Boot finds it on a disk: its old image format (include/image.h), type 6, for RISC-V. */
function bootScript(script: string): Uint8Array {
  const text = new TextEncoder().encode(script);
  const image = new Uint8Array(64 + 8 + text.length);
  const view = new DataView(image.buffer);
  view.setUint32(64, text.length);
  image.set(text, 72);
  view.setUint32(0, 0x27051956);
  view.setUint32(12, image.length - 64);
  view.setUint32(24, crc32(image.subarray(64)));
  image.set([5, 26, 6, 0], 28);
  view.setUint32(4, crc32(image.subarray(0, 64)));
  return image;
}

test.skipIf(!existsSync("/usr/bin/qemu-system-riscv64"))(
  "a disk of one’s own starts on RISC-V by U-Boot",
  async () => {
    const folder = `${mimic.home}/disk`;
    await mkdir(folder);
    await writeFile(`${folder}/boot.scr`, bootScript("echo this came from my $devtype disk\n"));
    for (const command of [
      ["image", "import", folder, "--files", "--name", "mine"],
      ["new", "board", "--os", "riscv64-uboot"],
      ["disk", "add", "board", "--image", "mine"],
      ["start", "board"],
    ]) {
      const ran = await mimic.mimic(command);
      expect(ran.code, ran.err).toBe(0);
    }
    await expect
      .poll(async () => (await mimic.client.machines.log({ machine: "board", which: "serial" })).text, { timeout: 60_000 })
      .toContain("this came from my virtio disk");
    await mimic.client.machines.kill({ machine: "board" });
  },
  200_000,
);
