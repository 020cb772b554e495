// Moments of a real machine: kept while it runs, gone back to, made into machines, deleted in the middle of the tree.
// What is on its disk and in its memory is asked of the guest itself, before and after.
import { readdir } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  await mimic.done(mimic.client.machines.create({ name: "box", system: "tiny-linux", diskBytes: 64 << 20, start: true }));
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const inside = async (machine: string, script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", machine, "-n", "--", "sh", "-c", script]);
  expect(ran.code, ran.err).toBe(0);
  return ran.out.trim();
};
/** A word on the disk at a place, and one in memory. */
const write = (word: string, at = 0) =>
  inside("box", `echo ${word} | dd of=/dev/vda bs=512 seek=${at} conv=notrunc,fsync 2>/dev/null; echo ${word} > /run/word`);
const onDisk = (machine = "box", at = 0) =>
  inside(machine, `dd if=/dev/vda bs=512 skip=${at} count=1 iflag=direct 2>/dev/null | tr -d '\\0'`);
const inMemory = (machine = "box") => inside(machine, "cat /run/word 2>/dev/null; true");
const moments = async (machine = "box") => (await mimic.client.moments.list({ machine })).moments;
/** With what it gives back. */
const remove = async (moment: string): Promise<void> => {
  const { job } = await mimic.client.moments.remove({ machine: "box", moment });
  if (job) await mimic.done({ job });
};
const layers = () => readdir(`${mimic.home}/data/layers`);

describe("moments of a machine", () => {
  test("a checkpoint and a snapshot are kept while it runs, and it does not notice", async () => {
    const boot = await inside("box", "cat /proc/sys/kernel/random/boot_id");
    await write("one");
    await mimic.done(mimic.client.moments.take({ machine: "box", kind: "checkpoint", name: "first", note: "the beginning" }));
    await write("two");
    await mimic.done(mimic.client.moments.take({ machine: "box", kind: "snapshot", name: "second" }));
    await write("three");
    expect(await inside("box", "cat /proc/sys/kernel/random/boot_id")).toBe(boot);
    expect(await onDisk()).toBe("three");
    const kept = await moments();
    expect(kept.map(({ name, kind, parent }) => [name, kind, kept.find(({ id }) => id === parent)?.name])).toEqual([
      ["first", "checkpoint", undefined],
      ["second", "snapshot", "first"],
    ]);
    expect(kept[0]?.hasPicture).toBe(true);
    expect(kept[0]?.sizeBytes).toBeGreaterThan(10 << 20);
  });

  test("going back to a checkpoint goes on in the middle of it, and the present is kept first", async () => {
    const boot = await inside("box", "cat /proc/sys/kernel/random/boot_id");
    await mimic.done(mimic.client.moments.restore({ machine: "box", moment: "first" }));
    expect([await onDisk(), await inMemory()]).toEqual(["one", "one"]);
    expect(await inside("box", "cat /proc/sys/kernel/random/boot_id")).toBe(boot);
    const present = (await moments()).find(({ automatic }) => automatic !== undefined);
    expect(present?.kind).toBe("checkpoint");
    // And forward again, to what was the present.
    await mimic.done(mimic.client.moments.restore({ machine: "box", moment: present?.id ?? "" }));
    expect([await onDisk(), await inMemory()]).toEqual(["three", "three"]);
    const late = Math.abs(Number(await inside("box", "date +%s")) - Date.now() / 1000);
    expect(late).toBeLessThan(30);
  });

  test("a moment becomes a machine of its own, which goes on beside the other one", async () => {
    await mimic.done(mimic.client.moments.restore({ machine: "box", moment: "first", as: "twin" }));
    expect([await onDisk("twin"), await inMemory("twin")]).toEqual(["one", "one"]);
    expect(await inside("twin", "hostname")).toBe("twin");
    const numbers = await Promise.all(
      ["box", "twin"].map((name) => inside(name, "head -c 16 /dev/urandom | hexdump -v -e '1/1 \"%02x\"'")),
    );
    expect(numbers[0]).not.toBe(numbers[1]);
    await inside("twin", "echo mine | dd of=/dev/vda bs=512 conv=notrunc,fsync 2>/dev/null");
    expect(await onDisk("box")).toBe("three");
    await mimic.client.machines.kill({ machine: "twin" });
    await mimic.client.machines.remove({ machine: "twin" });
    await mimic.client.trash.empty({});
  });

  test("a snapshot is gone back to by switching on from its disks", async () => {
    await mimic.done(mimic.client.moments.restore({ machine: "box", moment: "second" }));
    expect([await onDisk(), await inMemory()]).toEqual(["two", ""]);
  });

  test("moments are deleted anywhere in the tree: the others stay whole, and room is given back", async () => {
    await mimic.client.machines.kill({ machine: "box" });
    const before = (await layers()).length;
    await mimic.client.moments.change({ machine: "box", moment: "first", isProtected: true });
    await expect(mimic.client.moments.remove({ machine: "box", moment: "first" })).rejects.toMatchObject({ code: "moment.protected" });
    await remove("second");
    for (const moment of (await moments()).filter(({ automatic }) => automatic)) await remove(moment.id);
    expect((await moments()).map(({ name }) => name)).toEqual(["first"]);
    expect((await layers()).length).toBeLessThan(before);
    await mimic.done(mimic.client.machines.start({ machine: "box" }));
    expect(await onDisk()).toBe("two");
    await mimic.done(mimic.client.moments.restore({ machine: "box", moment: "first" }));
    expect([await onDisk(), await inMemory()]).toEqual(["one", "one"]);
  });

  test("a machine sleeps and wakes up where it was, also when the daemon was replaced meanwhile", async () => {
    await write("asleep");
    const boot = await inside("box", "cat /proc/sys/kernel/random/boot_id");
    await mimic.done(mimic.client.moments.suspend({ machine: "box" }));
    expect((await mimic.client.machines.show({ machine: "box" })).power).toBe("stopped");
    await expect(mimic.done(mimic.client.moments.take({ machine: "box", kind: "snapshot" }))).rejects.toMatchObject({
      code: "machine.asleep",
    });
    await mimic.killDaemon();
    await mimic.start();
    await mimic.done(mimic.client.machines.start({ machine: "box" }));
    expect([await onDisk(), await inMemory()]).toEqual(["asleep", "asleep"]);
    expect(await inside("box", "cat /proc/sys/kernel/random/boot_id")).toBe(boot);
  });

  test("what cannot be kept is refused before anything is done, with the reason", async () => {
    await mimic.client.machines.kill({ machine: "box" });
    await expect(mimic.client.moments.take({ machine: "box", kind: "checkpoint" })).rejects.toMatchObject({ code: "moment.not_running" });
    await expect(mimic.client.moments.restore({ machine: "box", moment: "never" })).rejects.toMatchObject({ code: "moment.unknown" });
  });
});
