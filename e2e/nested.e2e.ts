// Mimic inside a machine of Mimic: the tiny Linux gets a disk with this very Mimic, its Node and its QEMU, starts a daemon
// there, and that one makes a machine of its own from a template that was made outside: a whole Linux in a guest. Switched on
// it would take minutes, imitated twice over; going on from a template's memory it only has to wake up.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install, ROOT } from "./kit/installation.ts";

const PROGRAMS = ["/usr/bin/qemu-system-x86_64", "/usr/bin/qemu-img", "/usr/bin/bwrap", "/usr/bin/setpriv", "/bin/bash", "/bin/cat"];
/** What QEMU reads beside itself: the part that imitates processors, and the firmware of a PC. */
const MODULES = "/usr/lib/x86_64-linux-gnu/qemu";
const FIRMWARE = ["bios-256k.bin", "vgabios-stdvga.bin", "vgabios-virtio.bin"];
const LOADERS = ["kvmvapic.bin", "linuxboot_dma.bin", "multiboot_dma.bin", "pvh.bin"];

let mimic: Installation;
let folder: string;

beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  folder = await mkdtemp(join(tmpdir(), "mimic-nest-"));
}, 120_000);
afterAll(async () => {
  await mimic?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** The libraries that a program names, by the loader's own words; nothing of it runs but the loader. */
const librariesOf = (program: string): readonly string[] =>
  execFileSync("ldd", [program], { encoding: "utf8" }).match(/\/\S+\.so\S*/g) ?? [];

/** A root file system for a chroot: programs where they are here, and Mimic below /opt/mimic. */
async function aRoot(): Promise<string> {
  const root = join(folder, "root");
  for (const name of ["proc", "sys", "dev", "run", "tmp", "etc", "home/data", "usr/bin", "usr/sbin", "usr/lib64", "usr/lib"])
    await mkdir(join(root, name), { recursive: true });
  for (const name of ["bin", "sbin", "lib", "lib64"]) await symlink(`usr/${name}`, join(root, name));
  const put = async (from: string, to: string): Promise<void> => {
    await mkdir(join(root, dirname(to)), { recursive: true });
    if (!existsSync(join(root, to))) await copyFile(from, join(root, to));
  };
  for (const program of [...PROGRAMS, process.execPath]) {
    await put(program, `usr/bin/${program === process.execPath ? "node" : basename(program)}`);
    for (const library of librariesOf(program)) await put(library, library.replace(/^\/(usr\/)?/, "usr/"));
  }
  for (const name of ["accel-tcg-x86_64.so"])
    if (existsSync(`${MODULES}/${name}`)) await put(`${MODULES}/${name}`, `${MODULES.slice(1)}/${name}`);
  for (const name of FIRMWARE) await put(`/usr/share/seabios/${name}`, `usr/share/seabios/${name}`);
  for (const name of LOADERS) await put(`/usr/share/qemu/${name}`, `usr/share/qemu/${name}`);
  await symlink("bash", join(root, "usr/bin/sh"));
  await cp("/usr/share/qemu/keymaps", join(root, "usr/share/qemu/keymaps"), { recursive: true, dereference: true });
  await cp(join(ROOT, ".mimic/build"), join(root, "opt/mimic/.mimic/build"), { recursive: true });
  for (const name of ["content", "package.json"]) await cp(join(ROOT, name), join(root, "opt/mimic", name), { recursive: true });
  // A home that was moved as a whole: images and templates are what they were.
  for (const part of ["images", "templates"])
    await cp(`${mimic.home}/data/${part}`, join(root, "home/data", part), { recursive: true, preserveTimestamps: true });
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n");
  await writeFile(join(root, "etc/group"), "root:x:0:\nnogroup:x:65534:\n");
  return root;
}

const guest = async (script: string): Promise<string> => {
  const ran = await mimic.mimic(["exec", "outer", "-n", "--", "sh", "-c", script]);
  if (ran.code !== 0) throw new Error(`${script.slice(0, 100)}: ${ran.code} ${ran.out} ${ran.err}`);
  return ran.out.trim();
};
const ENVIRONMENT =
  "HOME=/home PATH=/usr/bin MIMIC_HOME=/home MIMIC_PORT=0 MIMIC_ROOT=/opt/mimic MIMIC_DAEMON_MAIN=/opt/mimic/.mimic/build/daemon/main.js MIMIC_SWITCH_MAIN=/opt/mimic/.mimic/build/switch/main.js";
/** The inner command line. */
const inner = (words: string) => guest(`${ENVIRONMENT} chroot /mnt /usr/bin/node /opt/mimic/.mimic/build/cli/main.js ${words} 2>&1`);

test("a machine of Mimic runs Mimic, which runs a machine: a whole Linux, a guest in a guest, does what it is told", {
  timeout: 1_200_000,
}, async ({ annotate }) => {
  const { client } = mimic;
  const hardware = { memoryMiB: 128, display: "none" } as const;
  await mimic.done(client.machines.create({ name: "seed", system: "tiny-linux", hardware, network: null, start: true }));
  await mimic.done(client.templates.make({ machine: "seed", name: "small" }));
  await client.machines.kill({ machine: "seed" });
  const image = join(folder, "nest.raw");
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", await aRoot(), image, "640m"]);
  await mimic.mimic(["image", "import", image, "--name", "nest", "--format", "raw"]);
  await mimic.done(
    client.machines.create({ name: "outer", system: "tiny-linux", hardware: { memoryMiB: 1536, cpus: 2 }, network: null, start: true }),
  );
  await client.machines.change({ machine: "outer", addDisk: { image: "nest" } });
  const began = performance.now();
  await expect
    .poll(() => guest("mkdir -p /mnt; mount -t ext4 /dev/vda /mnt && echo ok || true"), { timeout: 30_000, interval: 500 })
    .toBe("ok");
  await guest(
    "mount -t proc proc /mnt/proc; mount -t sysfs sys /mnt/sys; mount --bind /dev /mnt/dev; for t in tmp run; do mount -t tmpfs $t /mnt/$t; done",
  );
  await guest(
    `${ENVIRONMENT} chroot /mnt /usr/bin/bash -c 'node $MIMIC_DAEMON_MAIN > /home/daemon.log 2>&1 < /dev/null &' > /dev/null 2>&1 &`,
  );
  await expect.poll(() => guest("ls /mnt/home/run/daemon.sock 2>/dev/null || true"), { timeout: 120_000, interval: 2000 }).not.toBe("");
  const served = performance.now();
  await inner("new inner --template small --net none --start --no-wait");
  const started = performance.now();
  // Somebody of its own, with a kernel that began where the template was, and that computes.
  const said = () => inner('exec inner -n -- sh -c "uname -sn; cat /proc/sys/kernel/random/boot_id; expr 6 \\* 7" || true');
  await expect.poll(said, { timeout: 900_000, interval: 5000 }).toMatch(/^Linux inner\n[0-9a-f-]{36}\n42$/);
  const seconds = (from: number, to: number) => Math.round((to - from) / 1000);
  await annotate(
    `inner daemon after ${seconds(began, served)} s, its machine started after ${seconds(served, started)} s and did it after ${seconds(started, performance.now())} s more`,
  );
  expect(await inner("ls")).toMatch(/inner +running/);
  // The guest of the guest runs in a QEMU of the outer guest, in a cage like any.
  expect(await guest("ps -o args | grep -c '^/usr/bin/qemu-system-x86_64 -nodefaults'")).toBe("1");
});
