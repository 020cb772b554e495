// The way “install”, cut short: packages from a mirror, a machine that sets them up, and nothing left of either. What comes
// out when it is let be is tried in e2e/debian.e2e.ts.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, IdMaker, isRefusal, type LongWork, silentLog } from "@mimic/base";
import { createQemu, environmentOf } from "@mimic/qemu/node";
import type { NewImage } from "@mimic/workbench/ports";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createImageSources } from "../create-image-sources.ts";

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, { signal }) => sleep(ms, undefined, { signal }),
};
const random = { bytes: (count: number) => randomBytes(count) };
const patient = (minutes: number) => ({ signal: AbortSignal.timeout(minutes * 60_000), report() {} });
const content = new URL("../../../../../content", import.meta.url).pathname;

let folder: string;
let qemu: ReturnType<typeof createQemu>;

function makeSources() {
  return createImageSources({
    quarantine: async () => mkdtempSync(`${folder}/q-`),
    cacheDirectory: `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/mimic-tests/downloads`,
    contentDirectory: content,
    clock,
    log: silentLog,
    environment: process.env,
    diskTool: qemu.diskTool,
    installing: { ...qemu, ids: new IdMaker(clock, random), runDirectory: (name) => `${folder}/r/${name}` },
  });
}

async function install(work: LongWork): Promise<NewImage> {
  const sources = makeSources();
  const system = sources.systems().find((one) => one.id === "debian-12-install");
  if (!system) throw new Error("the catalogue has no Debian to install");
  const image = await sources.acquire(system, work);
  if (isRefusal(image)) throw new Error(image.why);
  return image;
}

/** QEMUs whose command line leads to this test's installation. */
function ourGuests(): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "latin1").includes("mimic-") && cwdIsOurs(pid);
    } catch {
      return false;
    }
  }).length;
}
const cwdIsOurs = (pid: string): boolean => readFileSync(`/proc/${pid}/mountinfo`, "latin1").includes(folder);

beforeAll(() => {
  folder = mkdtempSync("/tmp/mimic-install-");
  mkdirSync(`${folder}/state`, { mode: 0o700 });
  qemu = createQemu({ stateDirectory: `${folder}/state`, log: silentLog, clock, random, environment: environmentOf(process.env) });
});
afterAll(async () => {
  await qemu.hypervisor.sweep(new Set(), patient(1));
  rmSync(folder, { recursive: true, force: true });
});

describe("installing Debian", () => {
  test("can be cancelled in the middle, and leaves neither a machine nor a file", { timeout: 600_000 }, async () => {
    const cancel = new AbortController();
    let guests = 0;
    const report: LongWork["report"] = ({ words }) => {
      if (!words.startsWith("Setting up ")) return;
      guests = ourGuests();
      cancel.abort(new Error("changed my mind"));
    };
    await expect(install({ signal: cancel.signal, report })).rejects.toThrow("changed my mind");
    // The control: there was one to be ended.
    expect(guests).toBeGreaterThan(0);
    expect(ourGuests()).toBe(0);
    expect(readdirSync(folder).filter((name) => name.startsWith("q-"))).toEqual([]);
    expect(readdirSync(`${folder}/r`)).toEqual([]);
  });
});
