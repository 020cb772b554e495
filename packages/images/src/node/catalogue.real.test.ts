// What the catalogue promises about systems that come from Debian packages, for real: fetched from a mirror,
// put together, and started in a bare QEMU.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRefusal, silentLog } from "@mimic/base";
import { ImageRecord } from "@mimic/model";
import type { ImageSources, NewImage } from "@mimic/workbench/ports";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createImageSources } from "./create-image-sources.ts";

const work = { signal: new AbortController().signal, report() {} };
let folder: string;
let sources: ImageSources;
let count = 0;
let running: ChildProcess | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "mimic-catalogue-"));
  chmodSync(folder, 0o755);
  sources = createImageSources({
    quarantine: async () => {
      const path = join(folder, `q${count++}`);
      mkdirSync(path, { mode: 0o755 });
      return path;
    },
    cacheDirectory: join(folder, "cache"),
    contentDirectory: new URL("../../../../content", import.meta.url).pathname,
    clock: { nowMs: () => Date.now(), monotonicMs: () => performance.now(), sleep: async () => {} },
    log: silentLog,
    environment: process.env,
  });
});
afterEach(() => running?.kill("SIGKILL"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function acquire(id: string): Promise<NewImage> {
  const system = sources.systems().find((one) => one.id === id);
  if (!system) throw new Error(`no ${id}`);
  const image = await sources.acquire(system, work);
  if (isRefusal(image)) throw new Error(image.why);
  ImageRecord.parse(image.record);
  return image;
}

/** Waits until it holds, at most two minutes, and not for a machine that is gone. */
async function until(what: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + 120_000;
  while (!holds()) {
    if (performance.now() > end || running?.exitCode != null) throw new Error(`${what} did not come`);
    await sleep(5);
  }
}

class Qemu {
  readonly #folder: string;
  #hvc: Socket | undefined;
  #monitor: Socket | undefined;
  #said = "";
  heard = "";
  constructor(args: readonly string[]) {
    this.#folder = join(folder, `run${count++}`);
    mkdirSync(this.#folder);
    chmodSync(this.#folder, 0o777);
    const socket = (id: string) => ["-chardev", `socket,id=${id},path=${this.#folder}/${id},server=on,wait=off`];
    const all = ["-M", "q35", "-cpu", "max", "-nodefaults", "-no-user-config", "-display", "none", "-accel", "tcg", "-device", "VGA"];
    all.push(
      "-chardev",
      `file,id=ser,path=${this.#folder}/serial`,
      "-serial",
      "chardev:ser",
      "-qmp",
      `unix:${this.#folder}/qmp,server=on,wait=off`,
    );
    all.push(...socket("ga"), ...socket("hvc"), "-device", "virtio-serial-pci");
    all.push("-device", "virtserialport,chardev=ga,name=org.qemu.guest_agent.0", "-device", "virtconsole,chardev=hvc", ...args);
    const asOther = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
    const [program = "", ...rest] = [...asOther, "qemu-system-x86_64", ...all];
    running = spawn(program, rest, { stdio: "ignore" });
  }
  async #open(name: string): Promise<Socket> {
    await until(`the socket ${name}`, () => existsSync(join(this.#folder, name)));
    return connect(join(this.#folder, name));
  }
  async #ask(name: string, lines: readonly object[], done: (text: string) => boolean): Promise<string> {
    const socket = await this.#open(name);
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (bytes) => {
      text += String(bytes);
    });
    const say = () => lines.forEach((line) => void socket.write(`${JSON.stringify(line)}\n`));
    say();
    // What is asked in the moment that the guest opens its channel is lost.
    const again = name === "ga" ? setInterval(say, 5000) : undefined;
    try {
      await until(`the answer on ${name}`, () => done(text));
    } finally {
      clearInterval(again);
      socket.destroy();
    }
    return text;
  }
  ping(): Promise<string> {
    return this.#ask("ga", [{ execute: "guest-ping" }], (text) => text.includes("\n"));
  }
  /** One connection for all: QEMU talks with one at a time, and may miss one that comes while another goes. */
  async qmp(command: object): Promise<void> {
    if (!this.#monitor) {
      this.#monitor = await this.#open("qmp");
      this.#monitor.on("error", () => {});
      this.#monitor.on("data", (bytes) => {
        this.#said += String(bytes);
      });
      this.#monitor.write(`${JSON.stringify({ execute: "qmp_capabilities" })}\n`);
    }
    const id = `ask${count++}`;
    this.#monitor.write(`${JSON.stringify({ ...command, id })}\n`);
    await until("the answer on qmp", () => this.#said.includes(`"${id}"`));
  }
  async shell(command: string): Promise<string> {
    if (!this.#hvc) {
      this.#hvc = await this.#open("hvc");
      this.#hvc.on("error", () => {});
      this.#hvc.on("data", (bytes) => {
        this.heard += String(bytes);
      });
    }
    this.heard = "";
    this.#hvc.write(`${command}; echo "do""ne"\n`);
    await until(`the end of “${command}”`, () => /^done\r?$/m.test(this.heard));
    return this.heard;
  }
  async screenSize(): Promise<number> {
    await this.qmp({ execute: "screendump", arguments: { filename: join(this.#folder, "screen") } });
    return readFileSync(join(this.#folder, "screen")).filter((byte) => byte > 128).length;
  }
  serial(): string {
    return readFileSync(join(this.#folder, "serial"), "utf8");
  }
  gone(): Promise<unknown> {
    return new Promise((resolve) => running?.once("exit", resolve));
  }
}

function bootArgs(image: NewImage, commandLine: string): string[] {
  chmodSync(image.path, 0o755);
  for (const name of ["kernel", "initrd"]) chmodSync(join(image.path, name), 0o644);
  return ["-m", "256", "-kernel", join(image.path, "kernel"), "-initrd", join(image.path, "initrd"), "-append", commandLine];
}

describe("the tiny Linux", () => {
  test("is put together, always the same, and starts to a usable machine", { timeout: 240_000 }, async () => {
    const [image, again] = [await acquire("tiny-linux"), await acquire("tiny-linux")];
    expect(again.record.digest).toBe(image.record.digest);
    expect(image.record.parts.map((part) => part.name).sort()).toEqual(["initrd", "kernel"]);
    const system = sources.systems().find((one) => one.id === "tiny-linux");
    const commandLine = system?.source.way === "assemble" ? (system.source.options["commandLine"] ?? "") : "";

    const seed = join(folder, "seed.iso");
    writeFileSync(seed, sources.seed({ hostname: "seeded", user: "ada", authorizedKeys: ["ssh-ed25519 AAAA"], instanceId: "mch_x" }));
    const disk = join(folder, "disk.raw");
    writeFileSync(disk, Buffer.alloc(8 * 1024 ** 2));
    chmodSync(disk, 0o666);
    const drives = [
      "-drive",
      `if=none,id=d0,file=${disk},format=raw`,
      "-device",
      "virtio-blk-pci,drive=d0",
      "-drive",
      `if=none,id=c0,file=${seed},format=raw,readonly=on`,
      "-device",
      "virtio-scsi-pci",
      "-device",
      "scsi-cd,drive=c0",
    ];
    const qemu = new Qemu([...bootArgs(image, `${commandLine} mimic.hostname=hello-there`), ...drives]);
    expect(await qemu.ping()).toContain('"return": {}');

    expect(await qemu.shell("uname -n; tty")).toMatch(/hello-there[\s\S]*\/dev\/hvc0/);
    expect(
      await qemu.shell(
        "mke2fs -q /dev/vda && mount /dev/vda /mnt && echo kept > /mnt/x && umount /mnt && mount /dev/vda /mnt && cat /mnt/x",
      ),
    ).toContain("\nkept");
    expect(
      await qemu.shell(
        "umount /mnt; mount -t iso9660 /dev/sr0 /mnt && ls /mnt && cat /mnt/meta-data && dd if=/dev/sr0 bs=1 skip=32808 count=6 2>/dev/null; echo",
      ),
    ).toMatch(/meta-data\s+mimic-seed\s+user-data[\s\S]*"local-hostname":"seeded"[\s\S]*cidata/);
    // The resident helper takes randomness, the time (2023-11-14), a machine id (there is none to replace) and a name.
    const time = "\\000\\361\\123\\145\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000\\000";
    const tell = (words: string) =>
      `{ head -c 64 /dev/zero; printf '${time}${words}'; } > /tmp/q; cat /tmp/q > /run/identity/ask; cat /run/identity/done`;
    expect(await qemu.shell(`${tell(`${"0".repeat(32)}ada`)}; date +%Y; uname -n; cat /etc/hosts`)).toMatch(
      /\nrandom time name\s+2023\s+ada\s+127\.0\.0\.1 localhost ada\r?\n/,
    );
    expect(await qemu.shell(`echo '10.0.0.1 box' >> /etc/hosts; ${tell(`${"0".repeat(32)}bob`)}; hostname; cat /etc/hosts`)).toMatch(
      /\nrandom time name\s+bob\s+127\.0\.0\.1 localhost bob\s+10\.0\.0\.1 box\r?\n/,
    );
    // Wait for the screen's own shell, then type on its keyboard.
    await sleep(1500);
    const before = await qemu.screenSize();
    expect(before).toBeGreaterThan(1000);
    for (const key of ["l", "s", "spc", "slash", "spc", "shift", "ret"])
      await qemu.qmp({ execute: "send-key", arguments: { keys: [{ type: "qcode", data: key }] } });
    await sleep(1500);
    expect(await qemu.screenSize()).toBeGreaterThan(before + 200);
    expect(qemu.serial()).toContain("Welcome to the tiny Linux");
    const gone = qemu.gone();
    await qemu.qmp({ execute: "system_powerdown" });
    await gone;
  });
});

describe("other systems from Debian packages", () => {
  test("memtest86+ and iPXE are CDs that start", { timeout: 240_000 }, async () => {
    for (const id of ["memtest86plus", "ipxe"]) {
      const image = await acquire(id);
      expect(image.record).toMatchObject({ kind: "cd", format: "raw", system: id });
      chmodSync(image.path, 0o644);
      const qemu = new Qemu(["-m", "128", "-cdrom", image.path]);
      const text = id === "ipxe" ? "iPXE" : "Memtest";
      for (let i = 0; ; i++) {
        // The text screen's characters stand at 0xb8000, every second byte.
        const dump = join(folder, `text${count++}`);
        writeFileSync(dump, "");
        chmodSync(dump, 0o666);
        await qemu.qmp({ execute: "pmemsave", arguments: { val: 0xb8000, size: 4000, filename: dump } });
        const screen = Buffer.from(readFileSync(dump).filter((_, at) => at % 2 === 0)).toString("latin1");
        if (screen.includes(text)) break;
        if (i > 100)
          throw new Error(
            `${id} did not start; the screen: ${screen
              .replace(/[^ -~]/g, " ")
              .trim()
              .slice(0, 500)}`,
          );
        await sleep(300);
      }
      running?.kill("SIGKILL");
    }
  });

  test("the Debian installer is kernel and initrd", { timeout: 240_000 }, async () => {
    const image = await acquire("debian-12-installer");
    expect(image.record).toMatchObject({ kind: "boot", system: "debian-12-installer" });
    expect(execFileSync("file", ["-b", join(image.path, "kernel")], { encoding: "utf8" })).toContain("Linux kernel");
  });
});
