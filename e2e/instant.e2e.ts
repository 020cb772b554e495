// Templates and disposables with a real guest: copies that are nobody's double, traces that are not left, and one that
// is kept after all.
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

const COPIES = 20;
const AT_ONCE = 4;

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const { client } = mimic;
  await mimic.done(
    client.machines.create({ name: "mould", system: "tiny-linux", hardware: { memoryMiB: 128 }, diskBytes: 32 << 20, start: true }),
  );
  await mimic.mimic(["exec", "mould", "-n", "--", "sh", "-c", "echo base | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null"]);
  await mimic.done(client.templates.make({ machine: "mould", name: "base" }));
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const disposable = async (): Promise<string> => (await mimic.done(mimic.client.disposables.run({ of: "base" }))).result?.machine ?? "";
const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
/** Files of the installation that hold this text; images of systems apart. */
async function filesWith(text: string): Promise<string[]> {
  const places = (await readdir(mimic.home)).map((name) => `${mimic.home}/${name}`);
  const found = await promisify(execFile)("grep", ["-rlaF", "--exclude-dir=images", text, ...places]).catch(() => ({ stdout: "" }));
  return found.stdout.split("\n").filter(Boolean);
}
const gone = async (machine: string) => {
  for (let tries = 0; tries < 100; tries++) {
    const { machines } = await mimic.client.machines.list({});
    if (!machines.some(({ id }) => id === machine)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not vanish");
};

describe("machines that go on from a template", () => {
  test(`${COPIES} copies have random numbers, names and times of their own, and the template's disk below`, async () => {
    const template = await mimic.client.templates.show({ template: "base" });
    expect(template.isInstant, template.because).toBe(true);
    const facts: { name: string; random: string; late: number }[] = [];
    const one = async (): Promise<void> => {
      const machine = await disposable();
      const said = await inside(
        machine,
        "hostname; head -c 16 /dev/urandom | hexdump -v -e '1/1 \"%02x\"'; echo; date +%s; head -c 4 /dev/vda",
      );
      const [name = "", random = "", seconds = "", disk = ""] = said.split("\n");
      expect(disk).toBe("base");
      facts.push({ name, random, late: Math.abs(Number(seconds) - Date.now() / 1000) });
      await mimic.client.disposables.discard({ machine });
    };
    for (let done = 0; done < COPIES; done += AT_ONCE) await Promise.all(Array.from({ length: AT_ONCE }, one));
    expect(new Set(facts.map(({ random }) => random)).size).toBe(COPIES);
    expect(new Set(facts.map(({ name }) => name)).size).toBe(COPIES);
    for (const { random, late } of facts) {
      expect(random).toMatch(/^[0-9a-f]{32}$/);
      expect(late).toBeLessThan(60);
    }
  });

  test("a disposable whose system is all in memory ends when it restarts, since nothing of it would be left", async () => {
    const machine = await disposable();
    await mimic.mimic(["exec", machine, "-n", "--", "reboot"]);
    await gone(machine);
    // The control: an ordinary machine of the same template comes back.
    await mimic.done(mimic.client.machines.create({ name: "restarts", template: "base", start: true }));
    const bootOf = () => inside("restarts", "cat /proc/sys/kernel/random/boot_id");
    const before = await bootOf();
    await mimic.mimic(["exec", "restarts", "-n", "--", "reboot"]);
    await expect.poll(() => bootOf().catch(() => before), { timeout: 60_000, interval: 500 }).not.toBe(before);
    await mimic.client.machines.kill({ machine: "restarts" });
    await expect.poll(async () => (await mimic.client.machines.show({ machine: "restarts" })).power).toBe("stopped");
    await mimic.client.machines.remove({ machine: "restarts" });
    await mimic.client.trash.empty({});
  });

  test("what a disposable wrote is nowhere in the files, neither while it runs nor afterwards; of an ordinary machine it is", async () => {
    const canary = `canary-${Math.random().toString(36).slice(2)}-${Date.now()}`;
    const write = `echo ${canary} | dd of=/dev/vda bs=512 seek=8 conv=notrunc,fsync 2>/dev/null; echo ${canary} > /dev/ttyS0`;
    const machine = await disposable();
    await inside(machine, write);
    expect(await inside(machine, "dd if=/dev/vda bs=512 skip=8 count=1 iflag=direct 2>/dev/null | head -n 1")).toBe(canary);
    expect(await filesWith(canary)).toEqual([]);
    await mimic.client.disposables.discard({ machine });
    await gone(machine);
    expect(await filesWith(canary)).toEqual([]);
    // The control: the same words in the same place of a machine that stays.
    await mimic.done(mimic.client.machines.create({ name: "stays", template: "base", start: true }));
    await inside("stays", write);
    expect((await filesWith(canary)).filter((path) => path.includes("/disks/"))).toHaveLength(1);
    expect((await filesWith(canary)).filter((path) => path.includes("serial.log"))).toHaveLength(1);
    await mimic.client.machines.kill({ machine: "stays" });
    await mimic.client.machines.remove({ machine: "stays" });
    await mimic.client.trash.empty({});
  });

  test("a disposable that is kept has what it wrote after a stop and a start", async () => {
    const machine = await disposable();
    await inside(machine, "echo kept | dd of=/dev/vda bs=512 seek=8 conv=notrunc,fsync 2>/dev/null");
    const kept = await mimic.client.disposables.keep({ machine, name: "kept" });
    expect([kept.name, kept.forgets]).toEqual(["kept", undefined]);
    await mimic.client.machines.kill({ machine: "kept" });
    await mimic.done(mimic.client.machines.start({ machine: "kept" }));
    expect(await inside("kept", "dd if=/dev/vda bs=512 skip=8 count=1 2>/dev/null | head -n 1; head -c 4 /dev/vda")).toBe("kept\nbase");
    await mimic.client.machines.kill({ machine: "kept" });
    await mimic.client.machines.remove({ machine: "kept" });
  });

  test("the command line runs one command in one: streams, number, files in and out; and nothing stays", async () => {
    const ran = await mimic.mimic(["run", "base", "--", "sh", "-c", "cat; echo err >&2; exit 7"], { input: "through\n" });
    expect(ran).toMatchObject({ code: 7, out: "through\n" });
    expect(ran.err).toContain("err");
    for (let tries = 0; tries < 50 && (await mimic.client.machines.list({})).machines.some(({ forgets }) => forgets); tries++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await mimic.client.machines.list({})).machines.map(({ name }) => name)).toEqual(["mould"]);
  });

  test("a daemon that is killed takes what waits with it, keeps what runs, and nothing is left over", async () => {
    const machine = await disposable();
    await mimic.killDaemon();
    await mimic.start();
    expect(await inside(machine, "hostname")).toMatch(/^disp-/);
    await mimic.client.disposables.discard({ machine });
    await gone(machine);
    const folders = (await readdir(`${mimic.home}/data/machines`)).filter((name) => !name.startsWith(".draft-"));
    expect(folders).toHaveLength((await mimic.client.machines.list({})).machines.length);
  });

  test("a template outlives the machine that it was made of, and machines outlive the template", async () => {
    await mimic.client.machines.kill({ machine: "mould" });
    await mimic.client.machines.remove({ machine: "mould" });
    await mimic.client.trash.empty({});
    await mimic.done(mimic.client.machines.create({ name: "heir", template: "base", start: true }));
    await mimic.client.templates.remove({ template: "base" });
    await mimic.client.machines.kill({ machine: "heir" });
    await mimic.done(mimic.client.machines.start({ machine: "heir" }));
    expect(await inside("heir", "head -c 4 /dev/vda; hostname")).toBe("baseheir");
    await mimic.client.machines.kill({ machine: "heir" });
    await mimic.client.machines.remove({ machine: "heir" });
    await mimic.client.trash.empty({});
    expect(await readdir(`${mimic.home}/data/layers`)).toEqual([]);
  });
});
