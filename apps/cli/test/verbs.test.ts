import { describe, expect, test } from "vitest";
import { aJob, aMachine, FakeDaemon, problem } from "./fake-daemon.ts";
import { runCli } from "./run-cli.ts";

describe("exit numbers", () => {
  test.each([
    [400, "input.invalid", 2],
    [403, "sessions.only_local", 3],
    [404, "machine.unknown", 4],
    [409, "machine.still_stopping", 3],
    [409, "machine.unknown", 4],
    [500, "qemu.exited_early", 1],
    [507, "host.disk_full", 1],
  ])("an answer of %i with %s ends with %i and says code, words and hint", async (status, code, exit) => {
    await using daemon = await FakeDaemon.start();
    daemon.refuse("POST", "/machines/hello/start", status, code);
    const ran = await runCli(["start", "hello"], daemon);
    expect(ran).toEqual({ code: exit, out: "", err: `mimic: It was said no: ${code}.\n  Try it another way.\n  (${code})\n` });
  });

  test("with --json an error is one JSON object on standard error, and standard output stays empty", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.refuse("GET", "/machines/hello", 404, "machine.unknown");
    const ran = await runCli(["show", "hello", "--json"], daemon);
    expect(ran.code).toBe(4);
    expect(ran.out).toBe("");
    expect(JSON.parse(ran.err)).toEqual({
      code: "machine.unknown",
      message: "It was said no: machine.unknown.",
      hint: "Try it another way.",
    });
  });

  test.each([
    ["--before", "0", "from 1 to 500"],
    ["--before", "500000", "from 1 to 500"],
    ["--before-days", "3651", "from 0 to 3650"],
    ["--hourly", "501", "from 1 to 500"],
  ])("%s %s is refused with what would fit, before anything is changed", async (option, count, fits) => {
    await using daemon = await FakeDaemon.start();
    daemon.on("GET", "/machines/hello/moments", { body: { moments: [], retention: { keep: 10, days: 7 } } });
    const ran = await runCli(["moments", "routine", "hello", option, count], daemon);
    expect(ran.code).toBe(2);
    expect(ran.err).toContain(`mimic: ${option} takes a whole number ${fits}, and ${count} is none of these.`);
    expect(daemon.asked.filter(({ method }) => method !== "GET")).toEqual([]);
  });

  test("an unknown verb ends with 2 and names the nearest", async () => {
    const ran = await runCli(["strat", "hello"], { home: "/nonexistent" });
    expect(ran).toEqual({ code: 2, out: "", err: "mimic: There is no verb “strat”.\n  Did you mean: mimic start\n  (cli.unknown_verb)\n" });
  });

  test.each([
    [["start"]],
    [["start", "a", "--nonsense"]],
    [["rename", "a", "b", "c"]],
    [["stop", "a", "--grace"]],
    [["stop", "a", "--grace", "soon"]],
    [["new", "x"]],
    [["new", "x", "--os", "a", "--empty"]],
    [["image", "import", "vmlinux", "--initrd", "initrd.gz"]],
    [["image", "import", "vmlinux", "--kernel", "--kind", "cd"]],
    [["image", "import", "vmlinux", "--kernel", "--format", "qcow2"]],
    [["image", "import", "vmlinux", "--kernel", "--files"]],
    [["cp", "a", "b"]],
    [["cp", "a:/x", "b:/y"]],
    [["cp", "a:x", "b"]],
    [["exec", "a"]],
    [["image", "nonsense"]],
    [["set", "a", "--memory", "lots"]],
  ])("%j is a usage error: 2, with a hint, before the daemon is asked", async (words) => {
    const ran = await runCli(words, { home: "/nonexistent" });
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/^mimic: .+\n {2}.+\n {2}.*\((cli\.usage|cli\.unknown_verb)\)\n$/s);
  });

  test("a daemon that cannot be found ends with 5", async () => {
    const ran = await runCli(["start", "hello"], { home: "/tmp/mimic-none", env: { MIMIC_DAEMON_MAIN: "/nonexistent/main.js" } });
    expect(ran.code).toBe(5);
    expect(ran.err).toContain("(daemon.missing)");
  });

  test("a run folder that others may enter is not used, and is named", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.machines([aMachine()]);
    expect((await runCli(["show", "hello"], daemon)).code).toBe(0);
    const { chmodSync } = await import("node:fs");
    chmodSync(`${daemon.home}/run`, 0o755);
    const ran = await runCli(["show", "hello"], daemon);
    expect(ran.code).toBe(5);
    expect(ran.err).toContain("(daemon.run_folder_unsafe)");
    expect(ran.err).toContain(`${daemon.home}/run`);
  });
});

describe("records that cannot be read", () => {
  test("are counted beside the list on a terminal, with where to look; a program that reads along gets the list alone", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("GET", "/machines", { body: { machines: [aMachine()], unreadable: 2 } });
    const there = await runCli(["ls"], { home: daemon.home, terminal: true, env: { NO_COLOR: "1" } });
    expect(there.out).toContain("hello");
    expect(there.err).toBe("The records of 2 more machines cannot be read. Which, and what to do: mimic doctor\n");
    expect((await runCli(["ls"], daemon)).err).toBe("");
  });

  test("are findings of the doctor with their code", async () => {
    await using daemon = await FakeDaemon.start();
    const finding = { id: "record x", title: "A machine's record", state: "bad", found: "It cannot be read.", mend: "Put it back." };
    daemon.on("POST", "/host/diagnosis", { body: { bestGrade: "C", findings: [{ ...finding, code: "store.unreadable_record" }] } });
    const ran = await runCli(["doctor"], daemon);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/^bad +A machine's record: It cannot be read\.\n +Put it back\.\n +\(store\.unreadable_record\)\n/);
  });
});

describe("long work", () => {
  const waits = (daemon: FakeDaemon, states: readonly Partial<Parameters<typeof aJob>[0]>[]) => {
    let turn = 0;
    daemon.on("POST", "/machines/hello/start", { body: { job: aJob() } });
    daemon.on("GET", "/jobs/job_00000000000000000000000001/end", () => aJob(states[Math.min(turn++, states.length - 1)] ?? {}));
    return daemon.machines([aMachine()]);
  };
  const HALF = { words: "Getting the image", done: 50, total: 100, unit: "bytes" as const };

  test("is shown as plain lines where there is no terminal, and the result is on standard output", async () => {
    await using daemon = await FakeDaemon.start();
    waits(daemon, [{ words: "Getting the image", done: 0, total: 100, unit: "bytes" }, HALF, { words: "Booting" }, { state: "done" }]);
    const ran = await runCli(["start", "hello"], daemon);
    expect(ran).toEqual({
      code: 0,
      out: "“hello” is usable: the guest agent answered.\n",
      err: "Getting the image\nBooting\n",
    });
  });

  test("is one line drawn again on a terminal, and nothing of it stays", async () => {
    await using daemon = await FakeDaemon.start();
    waits(daemon, [HALF, { state: "done" }]);
    const ran = await runCli(["start", "hello"], { home: daemon.home, terminal: true, env: { NO_COLOR: "1" } });
    expect(ran.err).toContain("██████████░░░░░░░░░░  50 %  Getting the image · 50 B of 100 B");
    const drawn = ran.err.lastIndexOf("50 %");
    expect(ran.err.slice(drawn)).toContain("\r\u001b[2K");
  });

  test("that fails ends with 1 and says why", async () => {
    await using daemon = await FakeDaemon.start();
    waits(daemon, [
      { state: "failed", problem: problem("qemu.exited_early", "QEMU for “hello” stopped before it was ready.", "Run: mimic doctor") },
    ]);
    const ran = await runCli(["start", "hello"], daemon);
    expect(ran).toEqual({
      code: 1,
      out: "",
      err: "mimic: QEMU for “hello” stopped before it was ready.\n  Run: mimic doctor\n  (qemu.exited_early)\n",
    });
  });

  test("is cancelled by the first Ctrl-C, which is said, and ends with 130", async () => {
    await using daemon = await FakeDaemon.start();
    let cancelled = false;
    daemon.on("POST", "/machines/hello/start", { body: { job: aJob() } });
    daemon.on("POST", "/jobs/job_00000000000000000000000001/cancel", () => {
      cancelled = true;
      return aJob();
    });
    let press = () => {};
    daemon.on("GET", "/jobs/job_00000000000000000000000001/end", () => {
      if (!cancelled) press();
      return aJob({ state: cancelled ? "cancelled" : "running" });
    });
    const ran = await runCli(["start", "hello"], {
      home: daemon.home,
      interrupts: (fn) => {
        press = fn;
      },
    });
    expect(cancelled).toBe(true);
    expect(ran.code).toBe(130);
    expect(ran.err).toContain("Cancelling: Start hello…");
    expect(ran.err).toContain("Cancelled: Start hello.");
  });

  test("of a disposable machine that is there when the cancelling comes takes the machine away again", async () => {
    await using daemon = await FakeDaemon.start();
    const job = { kind: "disposable.run", title: "A disposable machine" };
    const machine = "mch_00000000000000000000000001";
    let pressed = false;
    const discarded: string[] = [];
    daemon.on("POST", "/disposables", { body: { job: aJob(job) } });
    daemon.on("POST", "/jobs/job_00000000000000000000000001/cancel", () => aJob({ ...job, state: "done", result: { machine } }));
    daemon.on("POST", `/machines/${machine}/discard`, () => {
      discarded.push(machine);
      return { status: 204 };
    });
    const presses: (() => void)[] = [];
    daemon.on("GET", "/jobs/job_00000000000000000000000001/end", () => {
      if (!pressed) for (const press of presses) press();
      pressed = true;
      return aJob(job);
    });
    const ran = await runCli(["run", "base", "-n", "--", "true"], { home: daemon.home, interrupts: (fn) => presses.push(fn) });
    expect(ran.code).toBe(130);
    expect(discarded).toEqual([machine]);
  });

  test("--no-wait comes back at once with the job", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("POST", "/machines/hello/start", { body: { job: aJob() } });
    const ran = await runCli(["start", "hello", "--no-wait", "--json"], daemon);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.out)).toEqual(aJob());
  });
});

describe("what goes to the daemon", () => {
  test("“new” sends only what was given", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("POST", "/machines", { body: { job: aJob({ state: "done" }) } }).machines([aMachine({ name: "web" })]);
    const words = [
      "new",
      "web",
      "--os",
      "debian-12",
      "--memory",
      "2G",
      "--cpus",
      "2",
      "--boot",
      "cd,disk",
      "--tpm",
      "off",
      "--disk",
      "20GB",
      "--more-disk",
      "1G",
      "--more-disk",
      "2G",
    ];
    expect((await runCli(words, daemon)).out).toBe("“web” is made: 1 core, 128 MiB memory, no disk.\n");
    expect(daemon.asked.find(({ method }) => method === "POST")?.body).toEqual({
      name: "web",
      system: "debian-12",
      hardware: { memoryMiB: 2048, cpus: 2, bootOrder: ["cd", "disk"], tpm: false },
      diskBytes: 20e9,
      moreDisks: [{ sizeBytes: 2 ** 30 }, { sizeBytes: 2 ** 31 }],
    });
  });

  test("several names are acted on one after the other, and the first failure ends it", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("POST", "/machines/a/kill", { body: aMachine({ name: "a" }) }).refuse("POST", "/machines/b/kill", 404, "machine.unknown");
    const ran = await runCli(["kill", "a", "b", "c"], daemon);
    expect([ran.code, ran.out]).toEqual([4, "“a” was ended.\n"]);
    expect(daemon.asked.map(({ path }) => path)).toEqual(["/machines/a/kill", "/machines/b/kill"]);
  });

  test("a name with a slash, a space or dots stays one part of the path", async () => {
    await using daemon = await FakeDaemon.start();
    await runCli(["show", "../../daemon/shutdown x"], daemon);
    expect(daemon.asked[0]?.path).toBe("/machines/../../daemon/shutdown x");
    expect(daemon.asked[0]?.method).toBe("GET");
  });

  test("what is lost for ever needs a yes, and without a terminal --yes", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.on("DELETE", "/trash/old", { body: {} });
    const ran = await runCli(["trash", "rm", "old"], daemon);
    expect([ran.code, daemon.asked.length]).toEqual([3, 0]);
    expect(ran.err).toContain("(cli.needs_yes)");
    expect((await runCli(["trash", "rm", "old", "--yes"], daemon)).out).toBe("“old” is gone for ever.\n");
  });
});

describe("up", () => {
  const session = (daemon: FakeDaemon) =>
    daemon.on("POST", "/sessions/codes", { body: { code: "c0de", address: "http://127.0.0.1:7717" } });

  test("makes and starts “hello” from the tiny Linux, then names the address and three commands", async () => {
    await using daemon = await FakeDaemon.start();
    session(daemon).machines([]);
    daemon.on("GET", "/machines/hello", { body: aMachine() }).on("POST", "/machines", { body: { job: aJob({ state: "done" }) } });
    const ran = await runCli(["up"], daemon);
    expect(ran.code).toBe(0);
    expect(daemon.asked.find(({ path, method }) => path === "/machines" && method === "POST")?.body).toEqual({
      name: "hello",
      system: "tiny-linux",
      start: true,
    });
    expect(ran.out).toContain("Mimic runs. “hello” is usable: the guest agent answered.");
    expect(ran.out).toContain("http://127.0.0.1:7717/#c=c0de");
    expect(ran.out.match(/^ {2}mimic .*$/gm)).toHaveLength(3);
  });

  test("run again it changes nothing and says so", async () => {
    await using daemon = await FakeDaemon.start();
    session(daemon).machines([aMachine()]);
    const ran = await runCli(["up"], daemon);
    expect(ran.out).toContain("Nothing was changed.");
    expect(daemon.asked.filter(({ method }) => method !== "GET").map(({ path }) => path)).toEqual(["/sessions/codes"]);
  });
});

describe("set", () => {
  test("what a machine is already changes nothing, and it says so; a note alone is kept", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.machines([aMachine()]).on("PATCH", "/machines/hello", { body: { ...aMachine(), changes: [] } });
    const same = await runCli(["set", "hello", "--cpu-model", "quick"], daemon);
    expect(same).toMatchObject({ code: 0, out: "Nothing changed: “hello” is like that already.\n" });
    expect((await runCli(["set", "hello", "--note", "for the course"], daemon)).out).not.toContain("Nothing changed");
  });
});

describe("down", () => {
  test("does not start a daemon in order to end it", async () => {
    const ran = await runCli(["down"], { home: "/tmp/mimic-none" });
    expect(ran).toEqual({ code: 0, out: "Mimic does not run. Nothing was changed.\n", err: "" });
  });
});
