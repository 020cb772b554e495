// Debian's installers for other processors, as a person starts them: fetched from Debian's packages, made, started, and
// usable by their own sign, the first question.
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

for (const [release, debian, qemu] of [
  ["12", "armhf", "arm"],
  ["12", "ppc64el", "ppc64"],
  ["12", "i386", "x86_64"],
  ["12", "mipsel", "mipsel"],
  ["12", "mips64el", "mips64el"],
  ["13", "riscv64", "riscv64"],
]) {
  test.skipIf(!existsSync(`/usr/bin/qemu-system-${qemu}`))(
    `Debian’s installer for ${debian} comes to its first question on the serial console`,
    async () => {
      const system = `debian-${release}-installer-${debian}`;
      const made = await mimic.mimic(["new", debian as string, "--os", system, "--start"]);
      expect(made.err + made.out).toContain("“Select a language” appeared on the serial console");
      expect(made.code).toBe(0);
      expect((await mimic.client.machines.log({ machine: debian as string, which: "serial" })).text).toContain("Select a language");
      await mimic.client.machines.kill({ machine: debian as string });
    },
    // About half a minute of processor time; a busy computer takes its time over it.
    600_000,
  );
}
