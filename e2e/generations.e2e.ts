// Generations of a template with real guests: a machine that follows begins with the newest one and keeps its home; an
// ordinary one is renewed, and can go back.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  await mimic.done(
    mimic.client.machines.create({
      name: "mould",
      system: "tiny-linux",
      hardware: { memoryMiB: 128 },
      diskBytes: 16 << 20,
      network: null,
      start: true,
    }),
  );
  await generation("gen1");
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
const write = (text: string, sector = 0) => `echo ${text} | dd of=/dev/vda bs=512 seek=${sector} conv=notrunc,fsync 2>/dev/null`;
const SYSTEM = "head -c 4 /dev/vda";
const cli = async (...args: string[]): Promise<string> => {
  const ran = await mimic.mimic(args);
  expect(ran.code, ran.err).toBe(0);
  return ran.out;
};
async function generation(text: string): Promise<void> {
  await inside("mould", write(text));
  await mimic.done(mimic.client.templates.make({ machine: "mould", name: "base" }));
}
const ready = (machine: string) => mimic.done(mimic.client.machines.start({ machine }));
const off = async (machine: string) => {
  await mimic.client.machines.kill({ machine });
  await expect.poll(async () => (await mimic.client.machines.show({ machine })).power).toBe("stopped");
};

test("a machine that follows begins with each newer generation, keeps its home and forgets the rest, across a killed daemon too", async () => {
  await cli("new", "work", "--template", "base", "--home", "32M", "--net", "none", "--start");
  expect(await inside("work", SYSTEM)).toBe("gen1");
  await inside("work", `${write("forgotten", 8)}; echo mine > /root/file; mkdir /home/me; sync`);
  await generation("gen2");
  expect(await cli("show", "work")).toMatch(/follows\s+the template base: 2 at its next start/);
  // It restarts itself: its home is in its place again, and its system is still the old one.
  const bootOf = () => inside("work", "cat /proc/sys/kernel/random/boot_id");
  const before = await bootOf();
  await mimic.mimic(["exec", "work", "-n", "--", "reboot"]);
  await expect.poll(() => bootOf().catch(() => before), { timeout: 60_000, interval: 500 }).not.toBe(before);
  await expect.poll(() => inside("work", "cat /root/file").catch(() => ""), { timeout: 30_000, interval: 500 }).toBe("mine");
  expect(await inside("work", SYSTEM)).toBe("gen1");
  await mimic.done(mimic.client.machines.stop({ machine: "work" }));
  await mimic.killDaemon();
  await mimic.start();
  await ready("work");
  expect(await inside("work", SYSTEM)).toBe("gen2");
  expect(await inside("work", "cat /root/file; ls /home; dd if=/dev/vda bs=512 skip=8 count=1 2>/dev/null | tr -d '\\0'")).toBe("mine\nme");
  expect(await cli("show", "work")).toMatch(/follows\s+the template base: the newest generation/);
});

test("an ordinary machine stays on its generation until it is renewed, and goes back to what it was", async () => {
  await cli("new", "plain", "--template", "base", "--net", "none", "--start");
  await inside("plain", write("mine"));
  await generation("gen3");
  await off("plain");
  await ready("plain");
  expect(await inside("plain", SYSTEM)).toBe("mine");
  await off("plain");
  expect(await cli("renew", "plain")).toContain("stands on generation 3 of “base” now");
  await ready("plain");
  expect(await inside("plain", SYSTEM)).toBe("gen3");
  await off("plain");
  await cli("restore", "plain", "before generation 3 of base");
  await ready("plain");
  expect(await inside("plain", SYSTEM)).toBe("mine");
  expect(await cli("show", "plain")).toMatch(/generation 2; 3 is the newest/);
  await off("plain");
});

test("an old generation goes, and who stands on it goes on; kept after all, a machine has what it had", async () => {
  expect(await cli("template", "show", "base")).toMatch(/3, made.*\n.*2, made.*under work, plain/);
  await cli("template", "rm", "base", "--generation", "2");
  expect(await inside("work", SYSTEM)).toBe("gen2");
  await off("work");
  await cli("clone", "work", "twin");
  await ready("twin");
  expect(await inside("twin", `${SYSTEM}; cat /root/file`)).toBe("gen3mine");
  await off("twin");
  const full = await mimic.mimic(["clone", "plain", "whole", "--full"]);
  expect(full.code, full.err).toBe(0);
  await ready("whole");
  expect(await inside("whole", SYSTEM)).toBe("mine");
  await off("whole");
});
