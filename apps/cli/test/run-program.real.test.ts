// A program for another processor, for real: Debian's static busybox of 64-bit ARM, where this computer has QEMU's
// user-mode emulation.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, expect, test } from "vitest";
import { armProgram } from "./arm-program.ts";
import { runCli } from "./run-cli.ts";
import { i386Program, riscvProgram } from "./small-programs.ts";

const here = existsSync("/usr/bin/qemu-aarch64-static") && existsSync("/usr/bin/bwrap");
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(`${tmpdir()}/mimic-run-`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(!here)("an ARM program runs with its files, its own exit number comes back, and it sees nothing else", async () => {
  writeFileSync(`${folder}/hello`, armProgram(), { mode: 0o755 });
  writeFileSync(`${folder}/note`, "a file beside it\n");
  // Control: this computer's own processor cannot run it.
  expect(() => execFileSync(`${folder}/hello`, { stdio: "ignore" })).toThrow();
  const ran = await runCli(["run", "--arch", "arm64", `${folder}/hello`], { home: "/nonexistent" });
  expect(ran).toEqual({ code: 7, out: "arm64 says hello\na file beside it\n", err: "" });
});

test.skipIf(!here).each([
  ["i386", i386Program],
  ["riscv64", riscvProgram],
])("a program for %s runs here too, and its own exit number comes back", async (processor, program) => {
  writeFileSync(`${folder}/${processor}`, program(), { mode: 0o755 });
  const ran = await runCli(["run", "--arch", processor, `${folder}/${processor}`], { home: "/nonexistent" });
  expect(ran).toEqual({ code: 7, out: `${processor} says hello\n`, err: "" });
});

test.skipIf(!here)("in its cage a program finds its folder read-only, and of this computer only the system's own", async () => {
  // busybox of this computer stands for any program: same cage.
  const run = (more: string[], script: string) =>
    runCli(["run", "--arch", "amd64", ...more, `${folder}/sh`, "--", "-c", script], { home: "/nonexistent" });
  writeFileSync(`${folder}/sh`, readFileSync("/bin/sh"), { mode: 0o755 });
  expect((await run([], "cd /program && echo x > made")).code).not.toBe(0);
  expect(await run(["--write"], "cd /program && echo x > made && echo ok")).toEqual({ code: 0, out: "ok\n", err: "" });
  expect(readFileSync(`${folder}/made`, "utf8")).toBe("x\n");
  expect((await run([], "ls / | tr '\\n' ' '")).out).not.toMatch(/home|root|etc|var/);
  expect((await run([], "echo $SECRET; cat /proc/net/route | wc -l")).out).toBe("\n1\n");
});
