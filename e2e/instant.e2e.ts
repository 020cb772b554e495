// Templates and disposables with a real guest: copies that are nobody's double, traces that are not left, and one that
// is kept after all.
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

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
const gone = async (machine: string) => {
  for (let tries = 0; tries < 100; tries++) {
    const { machines } = await mimic.client.machines.list({});
    if (!machines.some(({ id }) => id === machine)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not vanish");
};

describe("machines that go on from a template", () => {
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
