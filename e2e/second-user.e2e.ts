// Another user of the same computer, and whoever breaks out of a guest into its QEMU: what they can reach while two
// machines run. Assertions look for secret bytes, not for status codes, and each has its positive control.
import { randomBytes } from "node:crypto";
import { chmod, readdir, readFile, readlink, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Installation, install, startTinyLinux } from "./kit/installation.ts";
import { runAs, STRANGER } from "./kit/stranger.ts";

let mimic: Installation;
let first: string;
let second: string;
const canaries = Array.from({ length: 20 }, () => `canary${randomBytes(12).toString("hex")}`);

const isRoot = process.getuid?.() === 0;
beforeEach(({ skip }) => skip(!isRoot, "needs root, or there is no second user: run it in a container or with sudo"));
beforeAll(async () => {
  if (!isRoot) return;
  mimic = await install({ tinyLinux: true });
  first = await startTinyLinux(mimic, "first");
  await mimic.client.machines.change({ machine: "first", addDrive: { kind: "cd" } }).catch(() => {});
  const made = await mimic.done(
    mimic.client.machines.create({ name: "second", system: "tiny-linux", diskBytes: 16 << 20, note: canaries[0] ?? "", start: true }),
  );
  second = made.result?.machine ?? "";
  // A port for other programs, and one that gets copies: both are sockets at which the switch listens.
  await mimic.client.networks.addPort({ network: "home", name: "plug", leads: { to: "socket" } });
  await mimic.client.networks.addPort({ network: "home", name: "copies", leads: { to: "mirror", of: ["first"] } });
}, 300_000);
afterAll(() => mimic?.[Symbol.asyncDispose]());

/** Every path of the installation: folders, files, sockets. */
async function everyPath(): Promise<string[]> {
  const paths = await readdir(mimic.home, { recursive: true });
  return [mimic.home, ...paths.map((path) => `${mimic.home}/${path}`)];
}

const TRY = `for (const path of process.argv.slice(1)) {
  const fs = require("node:fs"), net = require("node:net");
  try { fs.readFileSync(path); console.log("READ " + path); } catch (error) { if (error.code === "EISDIR") console.log("READ " + path); }
  try { fs.readdirSync(path); console.log("LIST " + path); } catch {}
  try { fs.appendFileSync(path, ""); console.log("WROTE " + path); } catch {}
  net.connect(path, function () { console.log("JOINED " + path); this.destroy(); }).on("error", () => {});
}`;

describe("another user of this computer (U1)", () => {
  test("reads, lists, writes and joins nothing of the installation; its owner can", async () => {
    const paths = (await everyPath()).filter((path) => !path.includes("/cache/"));
    const sockets = [/daemon\.sock$/, /qmp\.sock$/, /net\/control\.sock$/, /mch_\w+\/nic_\w+\.sock$/, /net\/ports\/prt_\w+\.sock$/];
    for (const wanted of [...sockets, /data\/token$/, /\.qcow2$/, /run\.json$/])
      expect(
        paths.some((path) => wanted.test(path)),
        `${wanted}`,
      ).toBe(true);
    for (const uid of [STRANGER, 65_534]) {
      const tried = await runAs(uid, process.execPath, ["-e", TRY, ...paths]);
      expect(tried.err).toBe("");
      // Node itself runs as that user (else nothing above was tried).
      expect((await runAs(uid, process.execPath, ["-e", "console.log(process.getuid())"])).out).toBe(`${uid}\n`);
      expect(tried.out).toBe("");
    }
    const ports = paths.filter((path) => /prt_\w+\.sock$/.test(path));
    const own = [`${mimic.home}/data/token`, `${mimic.home}/run/daemon.sock`, `${mimic.home}/run/net/control.sock`, ...ports];
    const owner = await runAs(0, process.execPath, ["-e", TRY, ...own]);
    expect(owner.out).toContain(`READ ${mimic.home}/data/token`);
    expect(ports).toHaveLength(2);
    for (const socket of own.slice(1)) expect(owner.out).toContain(`JOINED ${socket}`);
  }, 60_000);

  test("is answered 401 at the browser's door without the token; with it, it would be answered", async () => {
    const ask = async (token?: string) => {
      const script = `fetch("http://127.0.0.1:${await mimic.port()}/api/v1/machines", { headers: ${JSON.stringify(token ? { authorization: `Bearer ${token}` } : {})} })
        .then(async (answer) => console.log(answer.status, await answer.text()))`;
      return (await runAs(STRANGER, process.execPath, ["-e", script])).out;
    };
    expect(await ask()).toMatch(/^401 /);
    expect(await ask("0".repeat(64))).toMatch(/^401 /);
    expect(await ask()).not.toContain("first");
    expect(await ask(await mimic.token())).toMatch(/^200 .*first/);
  });

  test("finds no TCP or UDP socket of ours beyond loopback, and no other than the browser's door", async () => {
    const listeners = (await Promise.all(["tcp", "tcp6", "udp", "udp6"].map((kind) => socketsOf(kind)))).flat();
    const pids = await family();
    const inodes = new Set((await Promise.all(pids.map(socketInodes))).flat());
    const ours = listeners.filter((each) => inodes.has(each.inode));
    const port = (await mimic.port()).toString(16).toUpperCase().padStart(4, "0");
    expect(ours.map((each) => each.local).sort()).toEqual(
      [`0100007F:${port}`, `00000000000000000000000001000000:${port}`].filter((each) => ours.some((one) => one.local === each)).sort(),
    );
    expect(ours.length).toBeGreaterThan(0);
    // Each QEMU has a network of its own, with nothing in it.
    for (const id of [first, second]) {
      const pid = await mimic.machinePid(id);
      expect(await readlink(`/proc/${pid}/ns/net`)).not.toBe(await readlink("/proc/self/ns/net"));
      for (const table of ["tcp", "tcp6", "udp", "udp6"])
        expect((await readFile(`/proc/${pid}/net/${table}`, "utf8")).trim().split("\n")).toHaveLength(1);
      expect((await readFile(`/proc/${pid}/net/dev`, "utf8")).match(/^\s*(\w+):/gm)?.map((each) => each.trim())).toEqual(["lo:"]);
    }
  });
});

describe("data that is open to others (U2)", () => {
  test("keeps the daemon from starting, and the path is named; closed again, it starts", async () => {
    await mimic.client.daemon.shutdown({ machines: false });
    await new Promise((done) => mimic.daemon?.once("exit", done));
    for (const [path, mode] of [
      ["data", 0o700],
      ["data/token", 0o600],
      ["data/machines", 0o700],
      ["data/images", 0o700],
      ["run", 0o700],
    ] as const) {
      await chmod(`${mimic.home}/${path}`, 0o777);
      await expect(mimic.start(), path).rejects.toThrow(`${mimic.home}/${path}`);
      await chmod(`${mimic.home}/${path}`, mode);
    }
    await mimic.start();
    expect((await mimic.client.machines.show({ machine: "first" })).power).toBe("running");
  }, 60_000);
});

describe("secrets (U3)", () => {
  test("are in no argument and no environment of any process that Mimic starts", async () => {
    const [, ...rest] = canaries;
    await writeFile(`${mimic.home}/secret.txt`, rest.slice(0, 5).join("\n"));
    const secrets = [...canaries, await mimic.token(), (await mimic.client.sessions.code({})).code];
    secrets.push((await readFile(`${mimic.home}/data/ssh/id_ed25519`, "utf8").catch(() => "")).split("\n")[2] ?? "");
    const seen = new Map<number, string>();
    let watching = true;
    const watch = (async () => {
      while (watching) {
        for (const pid of await family()) {
          const text = await Promise.all(["cmdline", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "latin1").catch(() => "")));
          seen.set(pid, (seen.get(pid) ?? "") + text.join(" "));
        }
        await new Promise((done) => setTimeout(done, 15));
      }
    })();
    // Secrets through every channel that carries some: typed text, a command's input, arguments and files, notes, keys.
    await mimic.client.machines.type({ machine: "first", text: `${rest[5]}\n` });
    await mimic.client.machines.change({ machine: "first", note: rest[6] ?? "" });
    await mimic.client.machines.type({ machine: "second", text: rest[7] ?? "" });
    await mimic.done(mimic.client.machines.create({ name: "third", system: "tiny-linux", note: rest[8] ?? "", diskBytes: 1 << 20 }));
    await mimic.done(mimic.client.machines.start({ machine: "third" }));
    watching = false;
    await watch;
    expect(seen.size).toBeGreaterThanOrEqual(4);
    const text = [...seen.values()].join("\n");
    expect(text).toContain("qemu-system");
    for (const secret of secrets.filter((each) => each.length > 8)) expect(text).not.toContain(secret);
    await mimic.client.machines.kill({ machine: "third" });
  }, 120_000);

  test("would be found there (control)", async () => {
    const { spawn } = await import("node:child_process");
    const child = spawn("sleep", ["5"], { env: { SECRET: canaries[1] }, argv0: `sleep-${canaries[2]}` });
    try {
      await expect.poll(() => readFile(`/proc/${child.pid}/environ`, "latin1")).toContain(canaries[1]);
      expect(await readFile(`/proc/${child.pid}/cmdline`, "latin1")).toContain(canaries[2]);
    } finally {
      child.kill();
    }
  });
});

describe("a QEMU that a guest took over (Q3)", () => {
  test("is no root, has no capabilities, may gain none, and is held by a filter", async () => {
    for (const id of [first, second]) {
      const status = await readFile(`/proc/${await mimic.machinePid(id)}/status`, "utf8");
      const field = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1];
      for (const ids of ["Uid", "Gid"])
        expect(
          field(ids)
            ?.split(/\s+/)
            .every((each) => each !== "0"),
          ids,
        ).toBe(true);
      expect(
        field("Groups")
          ?.trim()
          .split(/\s+/)
          .filter((each) => each === "0"),
      ).toEqual([]);
      expect([field("Seccomp"), field("NoNewPrivs"), field("CapEff"), field("CapBnd")]).toEqual(["2", "1", "0".repeat(16), "0".repeat(16)]);
    }
    // Control: the same file about ourselves says otherwise.
    expect(await readFile("/proc/self/status", "utf8")).toMatch(/^Seccomp:\s*0$/m);
  });

  test("sees its own machine's folder and no other's, none of ours, and no other process", async () => {
    const [one, two] = [await mimic.machinePid(first), await mimic.machinePid(second)];
    const tree = async (pid: number) => (await readdir(`/proc/${pid}/root/m`, { recursive: true })).join("\n");
    expect(await tree(one)).toContain("qmp.sock");
    for (const [pid, other] of [
      [one, second],
      [two, first],
    ] as const) {
      const mounts = await readFile(`/proc/${pid}/mountinfo`, "utf8");
      expect(mounts).not.toContain(other);
      for (const path of [mimic.home, `${mimic.home}/data/token`, "/root", "/home", "/etc/shadow", "/etc/passwd", "/var"])
        await expect(readFile(`/proc/${pid}/root${path}`), path).rejects.toMatchObject({ code: "ENOENT" });
      for (const kind of ["pid", "mnt", "ipc", "uts", "net"])
        expect(await readlink(`/proc/${pid}/ns/${kind}`), kind).not.toBe(await readlink(`/proc/self/ns/${kind}`));
      expect(await readlink(`/proc/${pid}/ns/pid`)).not.toBe(await readlink(`/proc/${pid === one ? two : one}/ns/pid`));
    }
    // The open files of one are not open in the other.
    const disks = async (pid: number) =>
      (await Promise.all((await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")))).join("\n");
    expect(await disks(two)).toContain(`${second}/disks/`);
    expect(await disks(two)).not.toContain(first);
    expect(await disks(one)).not.toContain(second);
  });
});

/** The daemon and everything it started, QEMUs that have outlived a daemon included. */
async function family(): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => undefined);
    if (stat) parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const machines = await readdir(`${mimic.home}/data/machines`);
  const roots = [mimic.daemon?.pid, ...(await Promise.all(machines.map((id) => mimic.machinePid(id).catch(() => undefined))))];
  const found = new Set(roots.filter((pid) => pid !== undefined));
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [pid, parent] of parents) if (found.has(parent)) found.add(pid);
  }
  return [...found];
}

async function socketsOf(kind: string): Promise<{ local: string; inode: string }[]> {
  const lines = (await readFile(`/proc/net/${kind}`, "utf8")).trim().split("\n").slice(1);
  // TCP: 0A = listening. UDP sockets have no such state: each counts.
  return lines
    .map((line) => line.trim().split(/\s+/))
    .flatMap((f) => (kind.startsWith("udp") || f[3] === "0A" ? [{ local: f[1] ?? "", inode: f[9] ?? "" }] : []));
}

async function socketInodes(pid: number): Promise<string[]> {
  const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(names.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.slice(1) ?? []);
}
