// A computer whose /dev/kvm is there and cannot run guests, as virtual machines without nesting often are: Mimic finds out
// within its limit, emulates, and the doctor says why. Whether guests run is tried by hand first, without Mimic's own probe.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "@mimic/base";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { kvmTestArgs, kvmTestImage, PROVED_STATUS } from "../src/kvm-test.ts";
import { probeCage } from "../src/node/cage.ts";
import { diagnose } from "../src/node/diagnose.ts";
import { Probe } from "../src/node/probe.ts";
import type { Cage } from "../src/node/spawn.ts";
import { environmentOf } from "../src/node/tools.ts";
import { patient } from "./real-ports.ts";

/** One second, then three, and what starting takes on a busy computer. */
const LIMIT_MS = 7000;

let folder: string;
let cage: Cage;
/** Why it cannot be shown here. */
let why: string | undefined;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mimic-kvm-"));
  cage = await probeCage(environmentOf(process.env), `${folder}/state`);
  why = existsSync("/dev/kvm") ? undefined : "there is no /dev/kvm here";
  if (why === undefined && (await byHand("kvm", "host")) === PROVED_STATUS) why = "KVM runs guests here";
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(({ skip }) => skip(why !== undefined, why));

/** How QEMU ends with the small guest, as whoever runs this test. */
async function byHand(accelerator: "kvm" | "tcg", cpuModel: string): Promise<number | null> {
  await writeFile(`${folder}/test.rom`, kvmTestImage());
  return spawnSync(cage.tools.qemu as string, kvmTestArgs(accelerator, cpuModel, `${folder}/test.rom`), {
    timeout: 10_000,
    killSignal: "SIGKILL",
  }).status;
}

/** As it is here; and with a QEMU that may open /dev/kvm, where only root may. */
const cages = () => [cage, ...(process.getuid?.() === 0 && cage.user !== undefined ? [{ ...cage, user: undefined }] : [])];

test("the same guest runs where it is emulated (control)", async () => {
  expect(await byHand("tcg", "max")).toBe(PROVED_STATUS);
});

test("Mimic says no within its limit, and remembers it", async () => {
  for (const [n, one] of cages().entries()) {
    const probe = new Probe(`${folder}/probe${n}`, silentLog);
    const capabilities = await probe.capabilities(one, patient());
    const began = performance.now();
    const verdict = await probe.kvm(one, capabilities, "host");
    expect(performance.now() - began).toBeLessThan(LIMIT_MS);
    expect(verdict).toMatchObject({ works: false, because: expect.stringMatching(/^\/dev\/kvm is there, but/) });
    const again = performance.now();
    expect(await probe.kvm(one, capabilities, "host")).toEqual(verdict);
    expect(performance.now() - again).toBeLessThan(200);
  }
}, 60_000);

test("the doctor says that it is there and does not work, what that means, and what can be done", async () => {
  for (const [n, one] of cages().entries()) {
    const probe = new Probe(`${folder}/doctor${n}`, silentLog);
    const finding = (await diagnose({ cage: one, probe }, patient())).find(({ id }) => id === "accelerator");
    expect(finding).toMatchObject({ state: "limited", found: expect.stringMatching(/^\/dev\/kvm is there, but/) });
    expect(finding?.mend).toMatch(/emulated/);
    expect(finding?.mend).toMatch(/may not open/.test(finding?.found ?? "") ? /group “kvm”/ : /does not pass virtualization on/);
  }
}, 60_000);
