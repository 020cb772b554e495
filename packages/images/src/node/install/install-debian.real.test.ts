// The way “install”, for real: packages from a mirror, a machine that sets them up, and the image that comes out started
// until it is usable. Everything emulated, so this takes minutes.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, IdMaker, isRefusal, type LongWork, plainBlock, silentLog } from "@mimic/base";
import { ImageRecord, MachineRecord } from "@mimic/model";
import { createQemu, environmentOf } from "@mimic/qemu/node";
import type { NewImage, RunningMachine } from "@mimic/workbench/ports";
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
const timings: string[] = [];

let folder: string;
let qemu: ReturnType<typeof createQemu>;
let count = 0;

function makeSources() {
  return createImageSources({
    quarantine: async () => mkdtempSync(`${folder}/q-`),
    cacheDirectory: `${process.env.XDG_CACHE_HOME ?? `${homedir()}/.cache`}/mimic-tests/downloads`,
    contentDirectory: content,
    clock,
    log: { ...silentLog, info: (message, facts) => void timings.push(`${message} ${JSON.stringify(facts)}`) },
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

async function boot(image: NewImage): Promise<RunningMachine> {
  const place = `${folder}/m${count++}`;
  mkdirSync(`${place}/log`, { recursive: true, mode: 0o700 });
  const ids = new IdMaker(clock, random);
  const disk = ids.make("dsk");
  const system = makeSources()
    .systems()
    .find((one) => one.id === "debian-12-install");
  const record = MachineRecord.parse({
    id: ids.make("mch"),
    name: "installed",
    createdAt: new Date().toISOString(),
    hardware: {
      ...system?.hardware,
      disks: [{ id: disk, bus: "virtio", sizeBytes: image.record.virtualBytes, base: image.record.digest }],
    },
    readiness: { sign: { kind: "agent" } },
  });
  await qemu.diskTool.createOverlay(`${place}/disk.qcow2`, { path: image.path, format: "qcow2" }, image.record.virtualBytes, patient(1));
  const layers = [
    { path: `${place}/disk.qcow2`, format: "qcow2" },
    { path: image.path, format: "qcow2" },
  ] as const;
  const files = {
    runDirectory: `${folder}/r/${count}`,
    logDirectory: `${place}/log`,
    nvramDirectory: `${place}/nvram`,
    disks: { [disk]: layers },
    media: {},
  };
  return await qemu.hypervisor.boot({ record, files }, patient(1));
}

async function run(machine: RunningMachine, command: string): Promise<{ code: number; output: string }> {
  let output = "";
  const keep = (bytes: Uint8Array): void => {
    output += new TextDecoder().decode(bytes);
  };
  const agent = machine.agent;
  if (!agent) throw new Error("no agent");
  const exit = await agent.exec(
    {
      program: "/bin/sh",
      args: ["-c", command],
      env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"],
      onStdout: keep,
      onStderr: keep,
    },
    patient(5),
  );
  return { code: exit.kind === "exited" ? exit.code : -1, output: output.trim() };
}

const heard = async (port: RunningMachine["shell"], pattern: RegExp): Promise<string> => {
  for (let i = 0; i < 1200; i++) {
    const text = new TextDecoder().decode(port?.history());
    if (pattern.test(text)) return text;
    await sleep(100);
  }
  throw new Error(`never heard: ${pattern}; but: ${new TextDecoder().decode(port?.history()).slice(-2000)}`);
};

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

  test("makes an image that starts to a whole, usable system", { timeout: 2_400_000 }, async ({ annotate }) => {
    const said: string[] = [];
    const startedAt = performance.now();
    const image = await install({ ...patient(25), report: ({ words }) => void said.push(words) });
    timings.push(`image after ${Math.round(performance.now() - startedAt)} ms, ${Math.round(image.record.sizeBytes / 1024 ** 2)} MiB`);
    ImageRecord.parse(image.record);
    expect(image.record).toMatchObject({
      kind: "disk",
      format: "qcow2",
      system: "debian-12-install",
      sizeBytes: statSync(image.path).size,
    });
    expect(said).toContain("Setting up the packages");
    expect(said.some((words) => words.startsWith("Setting up openssh-server"))).toBe(true);
    execFileSync("qemu-img", ["check", "-f", "qcow2", image.path]);

    const bootedAt = performance.now();
    const machine = await boot(image);
    try {
      await machine.agent?.waitUntilReady(patient(12));
      timings.push(`agent after ${Math.round(performance.now() - bootedAt)} ms`);
      const state = await run(machine, "systemctl is-system-running --wait; systemctl --failed --no-legend --plain");
      timings.push(`system ${state.output} after ${Math.round(performance.now() - bootedAt)} ms`);
      expect(state.output).toBe("running");

      expect(await run(machine, "dpkg --audit && apt-get check -qq && dpkg -V && echo whole")).toEqual({ code: 0, output: "whole" });
      expect((await run(machine, "dpkg -l | awk 'NR > 5 {print $1}' | sort -u")).output).toBe("ii");
      const traces = "test -s /boot/initrd.img-$(uname -r) && ! test -e /usr/sbin/policy-rc.d && ! test -e /run/install && echo tidy";
      expect(await run(machine, traces)).toEqual({ code: 0, output: "tidy" });
      expect((await run(machine, "findmnt -n -o SOURCE,FSTYPE,OPTIONS /; cat /proc/cmdline")).output).toMatch(
        /\/dev\/vda1 +ext4 +rw.*UUID=/s,
      );
      // Own keys and an own identity, made in this machine; nobody can log in with a password.
      expect(
        (await run(machine, "systemctl is-active ssh; ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key; wc -c </etc/machine-id")).output,
      ).toMatch(/^active\n256 .*\n33$/s);
      expect((await run(machine, "awk -F: '$2 !~ /^[!*]/ {print $1}' /etc/shadow; passwd -S root mimic 2>&1")).output).not.toMatch(/ P /);
      expect((await run(machine, "date +%Z; . /etc/default/locale; echo $LANG; cat /etc/hostname")).output).toBe("UTC\nC.UTF-8\ndebian");
      timings.push(`checked after ${Math.round(performance.now() - bootedAt)} ms`);

      await heard(machine.shell, /mimic@debian:~\$ $/);
      machine.shell?.write(new TextEncoder().encode("sudo -n id -u; tty\n"));
      await heard(machine.shell, /[\r\n]0\r\n\/dev\/hvc0/);
      await heard(machine.serial[0], /mimic@debian:~\$/);
      expect(await machine.screenText(patient(1))).toContain("mimic@debian");

      const gone = Promise.withResolvers<string>();
      using _ = machine.listen((news) => news.kind === "exited" && gone.resolve(news.why));
      await machine.pressPowerButton(patient(1));
      expect(await gone.promise).toBe("its system shut down");
    } finally {
      timings.push(`serial console, at the end: ${plainBlock(new TextDecoder().decode(machine.serial[0]?.history().slice(-3000)), 3000)}`);
      await machine.end(patient(1));
      await machine.release();
      await annotate(timings.join("\n"));
    }
  });
});
