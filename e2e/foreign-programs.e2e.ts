// Programs for other processors, in a small machine of that kind; and each of these machines by itself.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { armProgram } from "../apps/cli/test/arm-program.ts";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mimic-foreign-"));
  mimic = await install();
}, 300_000);
afterAll(async () => {
  await mimic?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("a program for another processor runs in a small machine of that kind: streams, exit number, files in and back; nothing stays", {
  timeout: 240_000,
}, async () => {
  await writeFile(join(folder, "hello"), armProgram(), { mode: 0o755 });
  await writeFile(join(folder, "note"), "a file beside it\n");
  const ran = await mimic.mimic(["run", "--arch", "arm64", "--in-machine", join(folder, "hello")]);
  expect([ran.code, ran.out]).toEqual([7, "arm64 says hello\na file beside it\n"]);
  // Any program of that machine will do to write, read and fail: its own shell is one of ARM.
  const shell = join(folder, "sh");
  await writeFile(shell, "#!/bin/busybox sh\nuname -m > made; cat >&2; exit 9\n", { mode: 0o755 });
  const wrote = await mimic.mimic(["run", "--arch", "arm64", "--in-machine", "--write", shell], { input: "through\n" });
  expect([wrote.code, wrote.out]).toEqual([9, ""]);
  expect(wrote.err).toContain("through");
  expect(await readFile(join(folder, "made"), "utf8")).toBe("aarch64\n");
  await expect
    .poll(async () => (await mimic.client.machines.list({})).machines.filter(({ forgets }) => forgets).length, { timeout: 10_000 })
    .toBe(0);
});

for (const [system, processor] of [
  ["tiny-linux-armhf", "armv7l"],
  ["tiny-linux-ppc64el", "ppc64le"],
  ["tiny-linux-s390x", "s390x"],
  ["tiny-linux-riscv64", "riscv64"],
] as const) {
  test(`${system} runs a command, and its kernel names the processor: ${processor}`, { timeout: 300_000 }, async () => {
    const ran = await mimic.mimic(["run", system, "--", "uname", "-m"]);
    expect([ran.code, ran.out], ran.err).toEqual([0, `${processor}\n`]);
  });
}

test("a program for which there is no such machine is refused with what to do", async () => {
  const refused = await mimic.mimic(["run", "--arch", "sparc", "--in-machine", "/bin/true"]);
  expect(refused.err).toMatch(/no small machine with a 32-bit SPARC processor[\s\S]*qemu-user-static[\s\S]*run\.no_emulator/);
});
