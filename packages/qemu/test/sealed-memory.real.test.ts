// A template's memory in the hands of a program that wants to change it: as a QEMU would that its guest has taken over.
// The same attacks on a plain file, as QEMU's own way would hand it over, succeed: that is the control.
import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { probeCage } from "../src/node/cage.ts";
import { freshMemory, SealedMemories } from "../src/node/sealed-memory.ts";
import { runCaged } from "../src/node/spawn.ts";
import { environmentOf } from "../src/node/tools.ts";
import { aWorkshop, patient } from "./real-ports.ts";

const BYTES = 8 * 1024 ** 2;
const ATTACKS: Readonly<Record<string, string>> = {
  writing: "echo poison | dd of=/proc/self/fd/3 conv=notrunc 2>/dev/null",
  "punching holes": "fallocate --punch-hole --offset 0 --length 4096 /proc/self/fd/3",
  cutting: "truncate -s 4096 /proc/self/fd/3",
  growing: "truncate -s 16M /proc/self/fd/3",
};

/** Size and content, read through the descriptor itself. */
function digestOf(fd: number): string {
  const { size } = fstatSync(fd);
  const bytes = Buffer.alloc(size);
  readSync(fd, bytes, 0, size, 0);
  return `${size} ${createHash("sha256").update(bytes).digest("hex")}`;
}

test("a sealed memory stays byte for byte what it is, whatever is done with the descriptor; a plain file does not (control)", async () => {
  await using shop = await aWorkshop();
  const cage = await probeCage(environmentOf(process.env), `${shop.folder}/tmp`);
  const path = `${shop.folder}/memory`;
  writeFileSync(path, Buffer.alloc(BYTES, 0x5a), { mode: 0o600 });
  const memories = new SealedMemories();
  const sealed = (await memories.hold(path, patient())) as number;
  expect(sealed).toBeGreaterThan(2);
  const changed: string[] = [];
  for (const [name, script] of Object.entries(ATTACKS)) {
    const before = digestOf(sealed);
    await runCaged(cage, { argv: ["/bin/sh", "-c", script], folder: shop.folder, files: [sealed] }, 10_000);
    expect(digestOf(sealed), name).toBe(before);
    // The control: a file that the caged user may open, as it would have to be without seals.
    const plainPath = `${shop.folder}/plain`;
    writeFileSync(plainPath, Buffer.alloc(BYTES, 0x5a), { mode: 0o666 });
    const plain = openSync(plainPath, "r+");
    const was = digestOf(plain);
    await runCaged({ ...cage, user: undefined }, { argv: ["/bin/sh", "-c", script], folder: shop.folder, files: [plain] }, 10_000);
    if (digestOf(plain) !== was) changed.push(name);
    closeSync(plain);
  }
  expect(changed).toEqual(Object.keys(ATTACKS));
  await memories.release(path);
});

test("what a memory never held costs nothing on the disk, and a full one comes back as it was", async () => {
  await using shop = await aWorkshop();
  await using memory = await freshMemory(64 * 1024 ** 2, `${shop.folder}/tmp`, { user: undefined });
  const path = `${shop.folder}/kept`;
  const sha256 = await memory.writeTo(path, patient());
  const fd = openSync(path, "r");
  expect(fstatSync(fd).size).toBe(64 * 1024 ** 2);
  expect(fstatSync(fd).blocks * 512).toBeLessThan(1024 ** 2);
  expect(sha256).toBe(
    createHash("sha256")
      .update(Buffer.alloc(64 * 1024 ** 2))
      .digest("hex"),
  );
  closeSync(fd);
});

test("a program may be started with small pages only, and the next one has what is usual", async () => {
  await using shop = await aWorkshop();
  const cage = await probeCage(environmentOf(process.env), `${shop.folder}/tmp`);
  const look = async (smallPages: boolean) =>
    (await runCaged(cage, { argv: ["/bin/grep", "THP_enabled", "/proc/self/status"], folder: shop.folder, smallPages }, 10_000)).output;
  expect(await look(true)).toMatch(/THP_enabled:\s0/);
  expect(await look(false)).toMatch(/THP_enabled:\s1/);
});
