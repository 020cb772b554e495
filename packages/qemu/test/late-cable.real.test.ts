// A cable's socket listens in a thread of QEMU's, and now and then that thread is late. Here it always is: a small library, put
// before the C library, holds `listen` up wherever the main thread does not call it.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { HardwareSpec, NicSpec } from "@mimic/model";
import { connectQmp, connectWhenThere } from "@mimic/qmp/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { netdevOptions, nicOptions } from "../src/argv/nics.ts";
import { pullAllTillPlugged } from "../src/node/nics.ts";
import { nic } from "./context.ts";
import { patient } from "./real-ports.ts";

const LATE = `#define _GNU_SOURCE
#include <sys/syscall.h>
#include <unistd.h>
int listen(int socket, int backlog) {
  if (syscall(SYS_gettid) != getpid()) usleep(3000000);
  return syscall(SYS_listen, socket, backlog);
}
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp("/tmp/mimic-late-");
  await writeFile(`${folder}/late.c`, LATE);
  execFileSync("cc", ["-shared", "-fPIC", "-O2", "-o", `${folder}/late.so`, `${folder}/late.c`]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A machine with one card whose cable nobody plugged in; `announce_self` makes QEMU send frames out of it, as a guest would. */
async function announces({ pulled }: { readonly pulled: boolean }): Promise<string> {
  const card = NicSpec.parse(nic(1, "virtio"));
  const monitor = `${folder}/${pulled}.qmp`;
  const child = spawn(
    "qemu-system-x86_64",
    [
      ...["-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-machine", "q35", "-m", "16M"],
      ...["-netdev", JSON.stringify(netdevOptions(card.id, folder)), "-device", JSON.stringify(nicOptions(card, {}, undefined))],
      ...["-chardev", `socket,id=m,path=${monitor},server=on,wait=off`, "-mon", "chardev=m,mode=control"],
      ...["-chardev", `socket,id=h,path=${monitor}.human,server=on,wait=off`, "-mon", "chardev=h,mode=readline"],
    ],
    { stdio: "ignore", env: { ...process.env, LD_PRELOAD: `${folder}/late.so` } },
  );
  const exited = once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
  try {
    const session = await connectQmp(monitor, { ...patient(), patienceMs: 20_000 });
    if (pulled) await pullAllTillPlugged(session, HardwareSpec.parse({ nics: [card] }), patient());
    const human = await connectWhenThere(`${monitor}.human`, 20_000, patient().signal);
    human.write("announce_self\n");
    return await Promise.race([
      exited.then(([code, signal]) => `ended: ${signal ?? code}`),
      // By then every frame was sent, and the socket listens.
      setTimeout(4000).then(async () => (await session.execute("query-status", {}, patient())).status),
    ]);
  } finally {
    child.kill("SIGKILL");
    await exited;
    await rm(`${folder}/nic1.sock`, { force: true });
  }
}

test("frames before anybody plugged the cable in are lost and harm nothing", async () => {
  expect(await announces({ pulled: true })).toBe("running");
}, 60_000);

test("such a frame ends a QEMU whose cable was not taken out first (positive control)", async ({ skip }) => {
  const version = execFileSync("qemu-system-x86_64", ["--version"]).toString();
  skip(!/version 7\./.test(version), "seen in QEMU 7.2 only");
  expect(await announces({ pulled: false })).toMatch(/^ended: SIG(SEGV|ABRT)$/);
}, 60_000);
