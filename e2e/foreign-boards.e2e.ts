// A machine of each processor as a person makes it: with its usual board, an empty disk and a cable to the home network.
// It starts, and firmware that has a console says so there.
import { existsSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
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
  ["m68k", "m68k", ""],
  ["loongarch64", "loongarch64", ""],
] as const) {
  test.skipIf(!existsSync(`/usr/bin/qemu-system-${qemu}`))(
    `a machine with a processor ${processor} and a network card starts${sign === "" ? "" : `: “${sign}”`}`,
    async () => {
      const made = await mimic.mimic(["new", processor, "--arch", processor, "--empty", ...more, "--start"]);
      expect(made.code, made.err).toBe(0);
      const { power, hardware } = await mimic.client.machines.show({ machine: processor });
      expect([power, hardware.nics.length]).toEqual(["running", 1]);
      await expect
        .poll(async () => (await mimic.client.machines.log({ machine: processor, which: "serial" })).text, { timeout: 60_000 })
        .toContain(sign);
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
