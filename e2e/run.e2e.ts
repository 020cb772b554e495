// `mimic run` as handy as a container: streams, numbers, files, networks, signals, many at once; and nothing stays.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Installation, install, ROOT } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  const hardware = { memoryMiB: 128 };
  await mimic.done(mimic.client.machines.create({ name: "mould", system: "tiny-linux", hardware, diskBytes: 16 << 20, start: true }));
  await mimic.done(mimic.client.templates.make({ machine: "mould", name: "base" }));
  await mimic.client.machines.kill({ machine: "mould" });
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

/** The command line with bytes, in a folder, and as something that can be ended from outside. */
function begin(args: readonly string[], options: { readonly cwd?: string } = {}) {
  const child = spawn(join(ROOT, "mimic"), args, { env: mimic.env, stdio: ["pipe", "pipe", "pipe"], cwd: options.cwd });
  const parts: Buffer[] = [];
  let err = "";
  child.stdin.on("error", () => {});
  child.stdout.on("data", (bytes: Buffer) => parts.push(bytes));
  child.stderr.on("data", (bytes: Buffer) => {
    err += bytes.toString();
  });
  const closed = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
    out: Buffer.concat(parts),
    err,
  }));
  return { child, closed, said: () => Buffer.concat(parts).toString() };
}
const run = async (args: readonly string[], input: Uint8Array = Buffer.alloc(0)) => {
  const { child, closed } = begin(["run", "base", ...args]);
  child.stdin.end(input);
  return await closed;
};
const digest = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const machines = async (): Promise<string[]> => (await mimic.client.machines.list({})).machines.map(({ name }) => name);
const nothingStays = () => expect.poll(machines, { timeout: 15_000, interval: 100 }).toEqual(["mould"]);

test("any bytes go in and come out as they are, outputs stay apart, and much of it arrives whole", async () => {
  const bytes = randomBytes(300_000);
  const through = await run(["--", "sh", "-c", "cat; echo beside >&2; exit 7"], bytes);
  expect([through.code, digest(through.out)]).toEqual([7, digest(bytes)]);
  expect(through.err).toContain("beside");
  const much = await run(["-n", "--", "sh", "-c", "dd if=/dev/zero bs=64k count=64 2>/dev/null; echo end"]);
  expect([much.code, much.out.length, much.out.subarray(-4).toString()]).toEqual([0, 64 * 65_536 + 4, "end\n"]);
  await nothingStays();
});

test("numbers are those of a shell: the command's own, 127 where there is none, 128 and the signal", async () => {
  const [own, none, killed, closed] = await Promise.all([
    run(["--", "sh", "-c", "exit 5"]),
    run(["--", "nonesuch"]),
    run(["--", "sh", "-c", "kill -9 $$"]),
    // An input that is over at once ends what reads it.
    run(["--", "sh", "-c", "cat; echo $?"]),
  ]);
  expect([own.code, none.code, killed.code]).toEqual([5, 127, 137]);
  expect([closed.code, closed.out.toString()]).toEqual([0, "0\n"]);
  await nothingStays();
});

test("files and folders go in and come out", async () => {
  const here = await mkdtemp("/tmp/mimic-run-");
  try {
    const bytes = randomBytes(50_000);
    await mkdir(`${here}/site`);
    await writeFile(`${here}/site/page`, bytes);
    await writeFile(`${here}/note`, "a note");
    const script = "cat /srv/page > /tmp/result && cat /tmp/note && mkdir /tmp/built && echo done > /tmp/built/log";
    const args = ["run", "base", "--in", "site:/srv", "--in", "note", "--out", "/tmp/result", "--out", "/tmp/built:here", "-n"];
    const { closed } = begin([...args, "--", "sh", "-c", script], { cwd: here });
    const ran = await closed;
    expect([ran.code, ran.out.toString()], ran.err).toEqual([0, "a note"]);
    expect(digest(await readFile(`${here}/result`))).toBe(digest(bytes));
    expect(await readFile(`${here}/here/log`, "utf8")).toBe("done\n");
  } finally {
    await rm(here, { recursive: true });
  }
  await nothingStays();
});

test("ten at once are ten machines, each with its own number", async () => {
  const ran = await Promise.all(Array.from({ length: 10 }, (_, at) => run(["-n", "--", "sh", "-c", `hostname; exit ${at}`])));
  expect(ran.map(({ code }) => code)).toEqual(Array.from({ length: 10 }, (_, at) => at));
  expect(new Set(ran.map(({ out }) => out.toString())).size).toBe(10);
  await nothingStays();
});

test("however it is ended, its machine is gone: Ctrl-C, a signal, a reader that goes, and without a chance to say so", async () => {
  const endings: readonly [string, (child: ReturnType<typeof begin>["child"]) => void, number | null][] = [
    ["Ctrl-C", (child) => void child.kill("SIGINT"), 130],
    ["told to end", (child) => void child.kill("SIGTERM"), 130],
    ["its terminal goes", (child) => void child.kill("SIGHUP"), 130],
    ["its reader goes", (child) => void child.stdout.destroy(), 0],
    ["killed", (child) => void child.kill("SIGKILL"), null],
  ];
  for (const [how, end, number] of endings) {
    const { child, closed, said } = begin(["run", "base", "-n", "--", "sh", "-c", "while echo here; do sleep 0.2; done"]);
    await expect.poll(said, { timeout: 20_000, interval: 20, message: how }).toContain("here");
    expect(await machines()).toHaveLength(2);
    end(child);
    expect((await closed).code, how).toBe(number);
    await nothingStays();
  }
});

test("one that is ended before its machine is there leaves none", async () => {
  const { child, closed } = begin(["run", "base", "-n", "--", "sleep", "100"]);
  // Its question is with the daemon; what comes of it is not with us yet.
  await expect
    .poll(async () => (await mimic.client.jobs.list({})).jobs.some(({ kind, state }) => kind === "disposable.run" && state === "running"), {
      timeout: 10_000,
      interval: 2,
    })
    .toBe(true);
  child.kill("SIGINT");
  expect((await closed).code).toBe(130);
  await nothingStays();
});

test("without a network it has no card; “nat” leads to the Internet's gateway, and another network to whoever is there", async () => {
  const cards = "ls /sys/class/net";
  expect((await run(["-n", "--net", "none", "--", "sh", "-c", cards])).out.toString()).toBe("lo\n");
  expect((await run(["-n", "--", "sh", "-c", cards])).out.toString()).toBe("lo\n");
  const address =
    "for n in 1 2 3 4 5 6 7 8 9 10 11 12; do ip -4 addr show eth0 2>/dev/null | grep -o 'inet [0-9.]*' && break; sleep 1; done";
  const nat = await run(["-n", "--net", "nat", "--", "sh", "-c", `${address}; ping -c 1 -W 5 10.77.0.1 >/dev/null && echo answered`]);
  expect(nat.out.toString()).toMatch(/^inet 10\.77\.0\.\d+\nanswered\n$/);
  await mimic.client.networks.create({ name: "apart", kind: "isolated" });
  const [one, two] = await Promise.all(["one", "two"].map(() => run(["-n", "--net", "apart", "--", "sh", "-c", address])));
  expect(one?.out.toString()).toMatch(/^inet (?!10\.77\.0\.)/);
  expect(one?.out.toString()).not.toBe(two?.out.toString());
  const unknown = await run(["-n", "--net", "nowhere", "--", "true"]);
  expect([unknown.code, unknown.err]).toEqual([1, expect.stringContaining("network.unknown")]);
  await nothingStays();
});

test("one with a name stays, off, and is as new at its next start", async () => {
  const write = "echo here | dd of=/dev/vda bs=512 conv=notrunc,fsync 2>/dev/null; head -c 4 /dev/vda";
  expect((await run(["-n", "--name", "again", "--", "sh", "-c", write])).out.toString()).toBe("here");
  await expect.poll(async () => (await mimic.client.machines.show({ machine: "again" })).power).toBe("stopped");
  await mimic.done(mimic.client.machines.start({ machine: "again" }));
  const ran = await mimic.mimic(["exec", "again", "-n", "--", "sh", "-c", "head -c 4 /dev/vda | hexdump -v -e '1/1 \"%02x\"'"]);
  expect(ran.out).toBe("00000000");
  await mimic.client.machines.kill({ machine: "again" });
  await wait(100);
  await mimic.client.machines.remove({ machine: "again" });
});
