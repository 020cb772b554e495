// A memory that was saved while its guest wrote to it is the memory of one moment. The guest here is made to catch what
// is not: it counts in 128 pages in turn and looks, after each, whether the page counted along with its processor.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { Waiting } from "@mimic/base";
import type { QmpSession } from "@mimic/qmp";
import { connectQmp } from "@mimic/qmp/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { notesWrites } from "../src/index.ts";
import { restoreState, type SaveOptions, saveState } from "../src/node/saved-state.ts";
import { patient, realClock } from "./real-ports.ts";

/** Each page caught behind its processor says X on the serial port; every 65,536 rounds it says a dot. 16-bit code at 7c00h. */
const COUNTER = [
  // cli; xor ebx,ebx; ax = 1000h…8f00h: es = ax, dword es:[0] = ebx; dx = 3f8h
  0xfa, 0x66, 0x31, 0xdb, 0xb8, 0x00, 0x10, 0x8e, 0xc0, 0x26, 0x66, 0x89, 0x1e, 0x00, 0x00, 0x05, 0x00, 0x01, 0x3d, 0x00, 0x90, 0x75, 0xf0,
  0xba, 0xf8, 0x03,
  // round: inc ebx; ax = 1000h
  0x66, 0x43, 0xb8, 0x00, 0x10,
  // page: es = ax; inc dword es:[0]; if it is not ebx: out dx,'X', dword es:[0] = ebx
  0x8e, 0xc0, 0x26, 0x66, 0xff, 0x06, 0x00, 0x00, 0x26, 0x66, 0x39, 0x1e, 0x00, 0x00, 0x74, 0x0b, 0x50, 0xb0, 0x58, 0xee, 0x58, 0x26, 0x66,
  0x89, 0x1e, 0x00, 0x00,
  // ax += 100h until 9000h; each 65,536th round: out dx,'.'
  0x05, 0x00, 0x01, 0x3d, 0x00, 0x90, 0x75, 0xdd, 0x85, 0xdb, 0x75, 0xd4, 0xb0, 0x2e, 0xee, 0xeb, 0xcf,
];

let folder: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp("/tmp/mimic-saved-");
  const disk = new Uint8Array(1024 ** 2);
  disk.set(COUNTER);
  disk.set([0x55, 0xaa], 510);
  await writeFile(`${folder}/disk`, disk);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function aQemu(more: readonly string[] = [], state?: number) {
  const name = `${folder}/${count++}`;
  const child: ChildProcess = spawn(
    "qemu-system-x86_64",
    [
      ...["-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-machine", "pc", "-m", "64M"],
      ...["-drive", `file=${folder}/disk,format=raw,if=ide,snapshot=on`, "-serial", `file:${name}.serial`],
      ...["-chardev", `socket,id=m,path=${name}.qmp,server=on,wait=off`, "-mon", "chardev=m,mode=control", ...more],
    ],
    { stdio: ["ignore", "ignore", "inherit", ...(state === undefined ? [] : [state])] },
  );
  const session = await connectQmp(`${name}.qmp`, { ...patient(), patienceMs: 20_000 });
  return {
    session,
    said: () => readFile(`${name}.serial`, "latin1"),
    async [Symbol.asyncDispose]() {
      session.close();
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** As on a slow disk: 3 MB a second, so that the guest writes much while it is saved. */
const slowly = (session: QmpSession): QmpSession =>
  new Proxy(session, {
    get(target, key) {
      if (key !== "execute") return Reflect.get(target, key).bind(target);
      const execute = target.execute.bind(target);
      return (command: "migrate-set-parameters", args: Record<string, unknown>, options: Waiting) =>
        execute(command, { ...args, ...("max-bandwidth" in args && { "max-bandwidth": 3e6 }) }, options);
    },
  });

/** How many of the pages were older than the processor, in each of three savings. */
async function lostPages(live: SaveOptions["live"]): Promise<readonly number[]> {
  const lost: number[] = [];
  await using guest = await aQemu();
  await expect.poll(guest.said, { timeout: 60_000 }).toContain(".");
  while (lost.length < 3) {
    const path = `${folder}/state${count++}`;
    await saveState(slowly(guest.session), path, { ...patient(), clock: realClock, live, goOn: true });
    const state = openSync(path, "r");
    await using again = await aQemu(["-incoming", "defer", "-S"], state);
    closeSync(state);
    await restoreState(again.session, 3, { ...patient(), withoutMemory: false });
    await again.session.execute("cont", {}, patient());
    await expect.poll(again.said, { timeout: 60_000 }).toContain(".");
    lost.push((await again.said()).split("X").length - 1);
    await rm(path);
  }
  expect(await guest.said(), "the guest itself never lost anything").not.toContain("X");
  return lost;
}

test("saved in one round while it writes, or standing still, no page is older than its processor", async () => {
  expect(await lostPages("one round")).toEqual([0, 0, 0]);
  expect(await lostPages(false)).toEqual([0, 0, 0]);
}, 180_000);

test("in many rounds a QEMU that does not note every write loses pages (control); one that does loses none", async () => {
  await using qemu = await aQemu();
  const { version } = await qemu.session.ready;
  const lost = await lostPages("many rounds");
  if (notesWrites({ qemuVersion: version, accelerator: "tcg" })) expect(lost).toEqual([0, 0, 0]);
  else expect(Math.max(...lost)).toBeGreaterThan(0);
}, 180_000);
