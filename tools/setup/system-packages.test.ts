// What is installed, in which words, and when somebody is asked: the real thing, with a PATH in which the package manager is
// a script that writes down what it was told.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Manager, managers, needs } from "./needs.ts";
import { type Host, installLine, planPackages } from "./system-packages.ts";

const nothingThere: Host = { hasProgram: () => false, hasFile: () => false };
const allManagers = Object.keys(managers) as Manager[];

describe("what is to be installed", () => {
  test("is everything on an empty computer, each package once, by every package manager that is known", () => {
    for (const manager of allManagers) {
      const { missing, packages, unavailable } = planPackages(["machines"], manager, nothingThere);
      expect(missing).toEqual(needs.filter((need) => need.for === "machines"));
      expect(new Set(packages).size).toBe(packages.length);
      expect(
        unavailable.filter((need) => need.isVital),
        manager,
      ).toEqual([]);
    }
  });

  test("leaves out what one program or one file proves to be there, and what only tests need", () => {
    const [first] = needs.filter((need) => need.for === "machines" && need.programs);
    const has: Host = { hasProgram: (name) => name === first?.programs?.[0], hasFile: () => false };
    const { missing } = planPackages(["machines"], "apt", has);
    expect(missing).not.toContain(first);
    expect(missing.every((need) => need.for === "machines")).toBe(true);
  });

  test("is one line to type, with sudo for who is not root, and without switches that only a program wants", () => {
    expect(installLine("apt", ["qemu-utils"], { isRoot: false })).toBe("sudo apt-get install -y --no-install-recommends qemu-utils");
    expect(installLine("apt", ["qemu-utils"], { isRoot: true })).toBe("apt-get install -y --no-install-recommends qemu-utils");
    expect(installLine("brew", ["qemu"], { isRoot: false })).toBe("brew install qemu");
  });
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync("/tmp/mimic-setup-test-");
  mkdirSync(join(folder, "bin"));
  for (const name of ["env", "sh", "touch", "chmod", "dirname"]) symlinkSync(`/usr/bin/${name}`, join(folder, "bin", name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const programs = needs.filter((need) => need.for === "machines").flatMap((need) => need.programs?.[0] ?? []);
function script(name: string, body: string): void {
  const path = join(folder, "bin", name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}
/** Its last argument but for switches is what it was told; installing makes the programs. */
const aptGet = (outcome = "exit 0"): void => {
  script("sudo", 'exec "$@"');
  script(
    "apt-get",
    `echo "$*" >>${folder}/told
case "$*" in *install*) for one in ${programs.join(" ")}; do touch ${folder}/bin/$one; chmod 755 ${folder}/bin/$one; done; ${outcome};; esac`,
  );
};
const told = (): string => (existsSync(join(folder, "told")) ? readFileSync(join(folder, "told"), "utf8") : "");

const CALL = `
import { installSystemPackages } from ${JSON.stringify(join(import.meta.dirname, "system-packages.ts"))};
import { showFailure } from ${JSON.stringify(join(import.meta.dirname, "failure.ts"))};
await installSystemPackages(["machines"], { yes: false }).catch((error) => process.exit(showFailure(error)));`;

function setUp(): { code: number | null; said: string } {
  writeFileSync(join(folder, "call.mts"), CALL);
  const ran = spawnSync(process.execPath, [join(folder, "call.mts")], {
    env: { PATH: join(folder, "bin"), MIMIC_ROOT: folder, HOME: folder },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
  return { code: ran.status, said: ran.stdout + ran.stderr };
}

describe.skipIf(process.platform !== "linux")("without a terminal", () => {
  test("nobody is asked: it says what is missing, what for, and with which line it comes, installs it, and then never again", () => {
    aptGet();
    const first = setUp();
    expect([first.code, first.said]).toEqual([
      0,
      expect.stringMatching(/This computer lacks[\s\S]*QEMU for PCs +runs the machines[\s\S]*apt-get install/),
    ]);
    expect(told()).toContain("qemu-system-x86");
    rmSync(join(folder, "told"));
    expect(setUp()).toEqual({ code: 0, said: "" });
    expect(told()).toBe("");
  });

  test("a computer whose package manager is not known gets the exact list, and nothing is tried", () => {
    const { code, said } = setUp();
    expect(code).toBe(69);
    expect(said).toContain("Its package manager is none that Mimic knows");
    // What is proved by a file may be there.
    const vital = needs.filter((need) => need.for === "machines" && need.isVital && need.programs);
    expect(vital.length).toBeGreaterThan(1);
    for (const { what, packages } of vital) expect(said).toMatch(new RegExp(`${what} .*Debian it is ${packages.apt}`));
  });

  test("where the package manager fails twice its line to type is told; old lists are renewed before the second time", () => {
    aptGet("exit 100");
    const { code, said } = setUp();
    expect(code).not.toBe(0);
    expect(said).toMatch(/could not install[\s\S]*By hand: .*apt-get install/);
    expect(told()).toMatch(/install[^\n]*\n[^\n]*update\n[^\n]*install/);
  });
});
