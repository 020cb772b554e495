// The program as a process of its own: the quick list, the daemon that starts by itself, broken pipes.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { aMachine, FakeDaemon } from "./fake-daemon.ts";

const MAIN = new URL("../src/main.ts", import.meta.url).pathname;

async function mimic(words: readonly string[], env: Record<string, string>): Promise<{ code: number | null; out: string; err: string }> {
  return await run(process.execPath, [MAIN, ...words], env);
}

async function run(program: string, words: readonly string[], env: Record<string, string>): ReturnType<typeof mimic> {
  const child = spawn(program, words, {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, out, err };
}

/** As above, with a terminal on both ends. */
const onTerminal = (words: readonly string[], env: Record<string, string>) =>
  run("script", ["-qec", [process.execPath, MAIN, ...words].join(" "), "/dev/null"], env);

describe("the quick list", () => {
  test("prints the table, and with --json exactly what the daemon said", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.machines([aMachine()]);
    const env = { MIMIC_HOME: daemon.home, HOME: daemon.home };
    expect((await mimic(["ls"], env)).out).toMatch(/^NAME {3}STATE .*\nhello {2}running {2}Tiny Linux {2}128 MiB {2}.* ago\n$/);
    expect(JSON.parse((await mimic(["ls", "--json"], env)).out)).toEqual({ machines: [JSON.parse(JSON.stringify(aMachine()))] });
    expect(daemon.asked).toHaveLength(2);
  });

  test("says on a terminal how many records cannot be read", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("GET", "/machines", { body: { machines: [aMachine()], unreadable: 1 } });
    const env = { MIMIC_HOME: daemon.home, HOME: daemon.home };
    const told = "The record of one more machine cannot be read. Which, and what to do: mimic doctor";
    expect((await onTerminal(["ls"], env)).out).toContain(told);
    const ran = await mimic(["ls"], env);
    expect([ran.out.includes("hello"), ran.err]).toEqual([true, ""]);
    expect(daemon.asked).toHaveLength(2);
  });

  test("hands errors to the ordinary program", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.refuse("GET", "/machines", 500, "store.unreadable");
    const ran = await mimic(["ls"], { MIMIC_HOME: daemon.home, HOME: daemon.home });
    expect([ran.code, ran.out]).toEqual([1, ""]);
    expect(ran.err).toContain("(store.unreadable)");
  });
});

describe("the daemon", () => {
  const home = () => {
    const path = mkdtempSync(join(tmpdir(), "mimic-main-"));
    return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
  };

  test("starts by itself, for one or for several at once", async () => {
    using at = home();
    const main = join(at.path, "daemon.mjs");
    writeFileSync(
      main,
      `import http from "node:http"; import fs from "node:fs";
       const run = process.env.MIMIC_HOME + "/run";
       fs.mkdirSync(run, { recursive: true, mode: 0o700 });
       fs.appendFileSync(process.env.MIMIC_HOME + "/pids", process.pid + "\\n");
       setTimeout(() => http.createServer((q, r) => r.end(JSON.stringify({ machines: [] }))).listen(run + "/daemon.sock").on("error", () => process.exit(3)), 150);
       setTimeout(() => process.exit(0), 8000);`,
    );
    const env = { MIMIC_HOME: at.path, HOME: at.path, MIMIC_DAEMON_MAIN: main };
    try {
      const ran = await Promise.all([mimic(["ls"], env), mimic(["ls"], env)]);
      expect(ran.map(({ code, out }) => [code, out])).toEqual([
        [0, "No machines yet.\nMake one: mimic new NAME --os tiny-linux\n"],
        [0, "No machines yet.\nMake one: mimic new NAME --os tiny-linux\n"],
      ]);
    } finally {
      for (const pid of readFileSync(join(at.path, "pids"), "utf8").trim().split("\n")) {
        try {
          process.kill(Number(pid));
        } catch {
          // Ended by itself already.
        }
      }
    }
  });

  test("that ends early shows its own code and words, or its last words, and ends with 5", async () => {
    using at = home();
    const main = join(at.path, "daemon.mjs");
    const env = { MIMIC_HOME: at.path, HOME: at.path, MIMIC_DAEMON_MAIN: main };
    writeFileSync(
      main,
      `console.error(JSON.stringify({ level: 50, code: "store.newer_data", message: "The data is of a newer Mimic.", hint: "Update it." })); process.exit(1);`,
    );
    const told = await mimic(["ls"], env);
    expect([told.code, told.err]).toEqual([5, "mimic: The data is of a newer Mimic.\n  Update it.\n  (store.newer_data)\n"]);
    writeFileSync(main, `console.error("something \\u001b[31mbroke"); process.exit(7);`);
    const silent = await mimic(["ls"], env);
    expect(silent.code).toBe(5);
    expect(silent.err).toContain("did not start (exit 7)");
    expect(silent.err).toContain("| something broke");
    expect(silent.err).toContain("(daemon.did_not_start)");
  });
});

test("a reader that stops early is no failure", async () => {
  const child = spawn("sh", ["-c", `"${process.execPath}" "${MAIN}" help | head -1; true`], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", HOME: tmpdir(), MIMIC_HOME: "/tmp/mimic-none" },
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect([out, err]).toEqual(["Mimic: make, use and look after virtual machines on this computer.\n", ""]);
});
