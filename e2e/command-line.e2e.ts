// The verbs of the command line by what they do to one real tiny Linux: each is called as a person or a program calls it, and
// the guest, the file or the next verb tells whether it happened.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Event, ImageView, JobView, MachineView } from "@mimic/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install, ROOT, startTinyLinux } from "./kit/installation.ts";

let mimic: Installation;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mimic-verbs-"));
  mimic = await install({ tinyLinux: true });
  await startTinyLinux(mimic, "desk");
  await mimic.client.machines.change({ machine: "desk", addDisk: { sizeBytes: 4 << 20, bus: "virtio" } });
}, 300_000);
afterAll(async () => {
  await mimic?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** A command that must succeed; answers what it said. */
const says = async (...words: string[]): Promise<string> => {
  const ran = await mimic.mimic(words);
  expect(ran.code, `${words.join(" ")}: ${ran.err}`).toBe(0);
  return ran.out;
};
/** The same for a program. */
const data = async <T>(...words: string[]): Promise<T> => JSON.parse(await says(...words, "--json")) as T;
const guest = (script: string, machine = "desk") => says("exec", machine, "-n", "--", "sh", "-c", script);
const soon = (look: () => Promise<unknown>) => expect.poll(look, { timeout: 15_000, interval: 200 });
const bootId = (machine = "desk") => guest("cat /proc/sys/kernel/random/boot_id", machine);

/** A program that goes on, and what it said so far. */
function begin(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(program, args, { env: { ...mimic.env, ...env }, stdio: ["pipe", "pipe", "pipe"] });
  let out = "";
  let err = "";
  child.stdin.on("error", () => {});
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    err += bytes.toString();
  });
  return { child, closed: once(child, "close").then(([code]) => code as number | null), out: async () => out, err: async () => err };
}
const MIMIC = join(ROOT, "mimic");
/** On a terminal of its own. */
const onTerminal = (words: string, env: NodeJS.ProcessEnv = {}) => begin("script", ["-qefc", `${MIMIC} ${words}`, "/dev/null"], env);

describe("its power and its name", () => {
  test("restart: the same machine in another boot", async () => {
    const before = await bootId();
    const job = await data<JobView>("restart", "desk");
    expect([job.kind, job.state]).toEqual(["machine.restart", "done"]);
    expect(await bootId()).not.toBe(before);
  });

  test("rename: the old name is unknown, the new one works, and the guest goes on", async () => {
    const before = await bootId();
    expect(await says("rename", "desk", "bench")).toBe("It is called “bench” now.\n");
    const gone = await mimic.mimic(["show", "desk", "--json"]);
    expect([gone.code, JSON.parse(gone.err)]).toEqual([4, expect.objectContaining({ code: "machine.unknown" })]);
    expect(await bootId("bench")).toBe(before);
    expect((await data<MachineView>("rename", "bench", "desk")).name).toBe("desk");
  });

  test("pause and resume: what the guest counts stands still and goes on, and the machine says which", async () => {
    await guest("(n=0; while [ ! -e /tmp/enough ]; do n=$((n+1)); echo tick $n > /dev/ttyS0; sleep 0.1; done > /dev/null 2>&1 &)");
    const count = async () =>
      Number(
        (await says("logs", "desk", "--serial"))
          .match(/tick (\d+)/g)
          ?.at(-1)
          ?.slice(5) ?? 0,
      );
    await soon(count).toBeGreaterThan(2);
    expect((await data<MachineView>("pause", "desk")).power).toBe("paused");
    const still = await count();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await count()).toBe(still);
    expect((await data<MachineView>("resume", "desk")).power).toBe("running");
    await soon(count).toBeGreaterThan(still + 2);
    await guest("touch /tmp/enough");
  });
});

describe("its keyboard, its screen and its serial line", () => {
  test("type: words, a line with Enter, and a text from standard input", async () => {
    expect(await says("type", "desk", "echo", "'A_b|c>\"~'", ">", "/tmp/typed", "--enter")).toContain("Typed 29 characters into “desk”.");
    await soon(() => guest("cat /tmp/typed 2>/dev/null || true")).toBe('A_b|c>"~\n');
    const piped = await mimic.mimic(["type", "desk", "-", "--json"], { input: "echo one >> /tmp/piped\necho two >> /tmp/piped\n" });
    expect([piped.code, JSON.parse(piped.out)]).toEqual([0, expect.any(Object)]);
    await soon(() => guest("cat /tmp/piped 2>/dev/null || true")).toBe("one\ntwo\n");
  });

  test("key: Enter sends what waits, and a chord interrupts what runs", async () => {
    await says("type", "desk", "sleep 500");
    await says("key", "desk", "enter");
    await soon(() => guest("ps | grep -c '[s]leep 500' || true")).toBe("1\n");
    expect(await says("key", "desk", "ctrl-c")).toBe("Pressed “ctrl-c” in “desk”.\n");
    await soon(() => guest("ps | grep -c '[s]leep 500' || true")).toBe("0\n");
    await says("type", "desk", "echo $? > /tmp/ended", "--enter");
    await soon(() => guest("cat /tmp/ended 2>/dev/null || true")).toBe("130\n");
    const nonsense = await mimic.mimic(["key", "desk", "ctrl-nonesuch"]);
    expect([nonsense.code, nonsense.err]).toEqual([2, expect.stringContaining("nonesuch")]);
  });

  test("screenshot: a picture of what is on the screen, into a file, under a name with the time, or onward", async () => {
    const file = join(folder, "screen.png");
    const picture = async () => {
      const saved = await data<{ file: string; bytes: number }>("screenshot", "desk", file);
      const bytes = await readFile(file);
      expect([saved, bytes.subarray(1, 4).toString()]).toEqual([{ file, bytes: bytes.length }, "PNG"]);
      return bytes;
    };
    await says("type", "desk", "clear", "--enter");
    const empty = await picture();
    // The text console of a PC: 80 × 25 characters of 9 × 16 dots, or the frame buffer that took its place.
    expect([empty.readUInt32BE(16) >= 640, empty.readUInt32BE(20) >= 400]).toEqual([true, true]);
    await says("type", "desk", "seq 1 12", "--enter");
    await soon(async () => (await picture()).length - empty.length).toBeGreaterThan(200);
    const { child, closed, out } = begin("sh", ["-c", `cd ${folder} && exec ${MIMIC} screenshot desk`]);
    child.stdin.end();
    expect([await closed, await out()]).toEqual([0, expect.stringMatching(/^The screen of “desk” is in desk-\d{8}-\d{6}\.png$/m)]);
    expect((await readdir(folder)).filter((name) => name.startsWith("desk-"))).toHaveLength(1);
    expect(await says("screenshot", "desk", "-")).toMatch(/PNG[\s\S]*IEND/);
  });

  test("console on a terminal: what was said before, answers to what is typed, and Ctrl-] leaves the machine running", async () => {
    const { child, closed, out } = onTerminal("console desk");
    await soon(out).toContain("Leave with Ctrl-].");
    child.stdin.write("echo answer-$((40+2))\r");
    await soon(out).toContain("answer-42");
    expect(await out()).toContain("tick 1");
    child.stdin.write("\x1d");
    expect(await closed).toBe(0);
    expect(await out()).toContain("Left “desk”. It goes on.");
    expect(await guest("echo here")).toBe("here\n");
  });

  test("console with pipes: a program talks with the guest; one that only watches types nothing", async () => {
    const watching = begin(MIMIC, ["console", "desk", "--view-only"]);
    watching.child.stdin.write("echo never-$((1+1))\r");
    const talking = begin(MIMIC, ["console", "desk"]);
    talking.child.stdin.end("echo piped-$((1+1))\r");
    await soon(talking.out).toContain("piped-2");
    await soon(watching.out).toContain("piped-2");
    expect(await talking.out()).not.toContain("never-2");
    for (const { child } of [watching, talking]) child.kill("SIGINT");
    await Promise.all([watching.closed, talking.closed]);
  });
});

describe("what happens", () => {
  test("events: one JSON object a line, or one sentence, of what happens meanwhile; Ctrl-C ends it", async () => {
    const [forPrograms, forPeople] = [begin(MIMIC, ["events", "--json"]), begin(MIMIC, ["events"])];
    const facts = async () =>
      (await forPrograms.out())
        .split("\n")
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as Event).fact);
    // Something happens until both listen.
    await soon(async () => {
      await says("pause", "desk");
      await says("resume", "desk");
      return (await facts()).length > 0 && (await forPeople.out()) !== "";
    }).toBe(true);
    await says("rename", "desk", "bench");
    await says("rename", "bench", "desk");
    const { id } = await data<MachineView>("show", "desk");
    await soon(facts).toEqual(
      expect.arrayContaining([
        { kind: "machine.power_changed", machineId: id, from: "running", to: "paused", because: expect.any(String) },
        { kind: "machine.renamed", machineId: id, from: "desk", to: "bench" },
        { kind: "machine.renamed", machineId: id, from: "bench", to: "desk" },
      ]),
    );
    await soon(forPeople.out).toMatch(/^\d\d:\d\d:\d\d {2}.*“desk”.*“bench”/m);
    for (const { child } of [forPrograms, forPeople]) child.kill("SIGINT");
    expect(await Promise.all([forPrograms.closed, forPeople.closed])).toEqual([130, 130]);
    // Whoever comes later asks for what followed an event.
    const seen = (await forPrograms.out()).split("\n").filter(Boolean);
    const again = begin(MIMIC, ["events", "--json", "--after", String((JSON.parse(seen[0] ?? "") as Event).seq)]);
    await soon(again.out).toContain(`${seen.slice(1).join("\n")}\n`);
    again.child.kill("SIGINT");
    await again.closed;
  });

  test("logs: its story in sentences, its engine's words, its serial line, and each as data", async () => {
    const story = await says("logs", "desk");
    expect(story).toContain("Usable: the guest agent answered.");
    expect(story).toMatch(/Changed: name \(it was “.+”\)\./);
    expect((await data<{ story: unknown[] }>("logs", "desk")).story.length).toBeGreaterThan(3);
    expect((await data<{ text: string }>("logs", "desk", "--serial")).text).toContain("answer-42");
    expect(typeof (await data<{ text: string }>("logs", "desk", "--engine")).text).toBe("string");
  });

  test("jobs: a long one is shown while it runs and cancelled, and what it would have done does not happen", async () => {
    const plan = join(folder, "plan.yaml");
    const steps = ["first", "second"].map((word, at) => `- at: ${at * 2}s\n  do: type\n  text: "echo ${word} >> /tmp/steps\\n"`);
    await writeFile(plan, `${steps.join("\n")}\n- at: 1h\n  do: kill\n`);
    const { id } = await data<JobView>("timetable", "desk", plan, "--no-wait");
    await soon(() => guest("cat /tmp/steps 2>/dev/null || true")).toBe("first\n");
    expect(await says("jobs", "show", id)).toMatch(/Timetable for “desk”[\s\S]*running[\s\S]*Next, at 2 s/);
    expect(await says("jobs", "cancel", id)).toMatch(/^(Being cancelled|It is cancelled): Timetable for “desk”/);
    await soon(async () => (await data<JobView>("jobs", "show", id)).state).toBe("cancelled");
    expect(await says("jobs", "ls")).toMatch(/cancelled.*Timetable|Timetable.*cancelled/);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(await guest("cat /tmp/steps")).toBe("first\n");
    const again = await mimic.mimic(["jobs", "cancel", "job_nonesuch", "--json"]);
    expect([again.code, JSON.parse(again.err).code]).toEqual([4, "job.unknown"]);
  });
});

describe("timetables from a file", () => {
  const tell = async (name: string, text: string) => {
    await writeFile(join(folder, name), text);
    return await mimic.mimic(["timetable", "desk", join(folder, name)]);
  };

  test("YAML: each step is told as live, later or impossible, with the reason, and has happened or waits", async () => {
    const text = [
      "steps:",
      "  - at: 300ms\n    do: add disk\n    size: 1M\n    bus: sata",
      "  - at: 100ms\n    do: pull cable",
      "  - at: 500ms\n    do: remove disk\n    disk: 7",
    ].join("\n");
    const told = await tell("day.yaml", `${text}\n`);
    expect(told.out.trim().split("\n"), told.err).toEqual([
      expect.stringMatching(/^live – at 0\.1 s: pull cable 1/),
      expect.stringMatching(/^later – at 0\.3 s: add disk 1048576 sata: .*take no disk while it runs/),
      expect.stringMatching(/^impossible – at 0\.5 s: remove disk 7: “desk” has no disk “7”/),
      "1 done, 1 at the next start, 1 not possible.",
    ]);
    expect(told.code).toBe(0);
    expect(await guest("cat /sys/class/net/eth0/carrier; ls /sys/block | grep -c '^sd' || true")).toBe("0\n0\n");
    expect((await data<MachineView>("show", "desk")).pending).not.toEqual([]);
  });

  test("JSON, the list alone", async () => {
    const told = await tell("day.json", JSON.stringify([{ at: 0, do: "plug cable" }]));
    expect([told.code, told.out]).toEqual([0, expect.stringMatching(/^live – at 0 s: plug cable 1[\s\S]*\n1 done/)]);
    await soon(() => guest("cat /sys/class/net/eth0/carrier")).toBe("1\n");
  });

  test.each([
    ["a fault of YAML names its line", "steps:\n  - at: 1s\n    do: [pull cable\n", /line [34]/],
    ["a fault of JSON too", '[\n  {"at": "1s", "do": "kill"},\n  {"at": "2s" "do": "reset"}\n]\n', /line 3/],
    ["an unknown deed names its step", "- at: 1s\n  do: pull cable\n- at: 2s\n  do: fly\n", /step 2, “do”/],
    ["a time that is none names its step", "- at: soon\n  do: kill\n", /step 1, “at”: a time such as 10s/],
    ["what is no list is said", "at: 1s\ndo: kill\n", /no list of steps/],
  ])("a file with a fault is refused whole: %s", async (_, text, words) => {
    const refused = await tell("bad", text);
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(words)]);
    expect(refused.err).toContain("timetable.unreadable");
    expect((await data<MachineView>("show", "desk")).power).toBe("running");
  });
});

describe("copies and the trash", () => {
  test("clone, rm, trash, restore: the copy comes back with what its disk held; then the trash is emptied", async () => {
    await guest("echo the-first-words | dd of=/dev/vda conv=notrunc,fsync 2>/dev/null");
    await says("stop", "desk");
    expect(await says("clone", "desk", "copy")).toContain("“copy” is made.");
    expect((await data<JobView>("clone", "desk", "whole", "--full")).state).toBe("done");
    await says("rm", "copy");
    expect(await says("trash", "ls")).toMatch(/^copy /m);
    expect((await mimic.mimic(["show", "copy"])).code).toBe(4);
    expect((await data<MachineView>("trash", "restore", "copy")).name).toBe("copy");
    expect(await says("trash")).toBe("The trash is empty.\n");
    await says("start", "copy");
    expect(await guest("head -c 15 /dev/vda", "copy")).toBe("the-first-words");
    await says("kill", "copy");
    for (const name of ["copy", "whole"]) await says("rm", name);
    const unsure = await mimic.mimic(["trash", "empty"]);
    expect([unsure.code, unsure.err]).toEqual([3, expect.stringMatching(/2 machines in the trash[\s\S]*--yes/)]);
    expect((await data<{ trash: { name: string }[] }>("trash", "ls")).trash.map(({ name }) => name).sort()).toEqual(["copy", "whole"]);
    expect(await data("trash", "empty", "--yes")).toEqual({ forgotten: 2 });
    expect(await says("trash", "empty")).toBe("The trash is empty already.\n");
    expect((await readdir(join(mimic.home, "data/machines"))).filter((name) => name.startsWith("mch_"))).toHaveLength(1);
  });
});

describe("what there is", () => {
  test("os and image: what can be had, and where what is here came from", async () => {
    expect(await says("os", "ls")).toMatch(/^tiny-linux +Tiny Linux +here /m);
    expect(await says("os", "show", "tiny-linux")).toMatch(/put together here from Debian packages[\s\S]*image +here/);
    const { images } = await data<{ images: ImageView[] }>("image", "ls");
    const [image] = images;
    expect(await says("image", "show", image?.name ?? "")).toContain(image?.digest.slice(0, 12));
    expect((await mimic.mimic(["image", "show", "nonesuch"])).code).toBe(4);
  });

  test("version: of the command line, the daemon and the engine", async () => {
    const versions = await data<Record<string, string>>("version");
    const { version, qemuVersion } = await mimic.client.host.show({});
    expect(versions).toEqual({ mimic: version, daemon: version, qemu: qemuVersion, node: process.versions.node });
    const lines = [`mimic   ${version}`, `daemon  ${version}`, `qemu    ${qemuVersion}`, `node    ${process.versions.node}`];
    expect(await says("version")).toBe(`${lines.join("\n")}\n`);
  });

  test("open: an address that lets in once; in a browser where there is a display", async () => {
    const address = (await says("open")).trim();
    const trade = async () => {
      const code = decodeURIComponent(new URL(address).hash.slice(3));
      const { origin } = new URL(address);
      const headers = { "content-type": "application/json", origin };
      return (await fetch(`${origin}/api/v1/sessions`, { method: "POST", headers, body: JSON.stringify({ code }) })).status;
    };
    expect([await trade(), await trade()]).toEqual([200, 401]);
    const bin = join(folder, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "xdg-open"), `#!/bin/sh\necho "$1" > ${folder}/opened\n`);
    await chmod(join(bin, "xdg-open"), 0o755);
    const { closed, out } = onTerminal("open", { DISPLAY: ":99", PATH: `${bin}:${process.env["PATH"]}` });
    expect(await closed).toBe(0);
    expect(await out()).toContain("Opened in your browser.");
    await soon(() => readFile(join(folder, "opened"), "utf8").catch(() => "")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#c=\S+\n$/);
    expect(await out()).toContain((await readFile(join(folder, "opened"), "utf8")).trim());
  });

  test("completion: what the verb prints is taken by the shell, and knows this computer's machines", async () => {
    const script = `source <(${MIMIC} completion bash); COMP_WORDS=(${MIMIC} show de); COMP_CWORD=2; _mimic; echo "\${COMPREPLY[*]}"`;
    const { child, closed, out } = begin("bash", ["-c", script]);
    child.stdin.end();
    expect([await closed, await out()]).toEqual([0, "desk\n"]);
    expect(await says("completion", "zsh")).toMatch(/^#compdef mimic\n/);
    expect(await says("completion", "fish")).toContain("complete -c mimic");
    expect((await data<{ shell: string }>("completion", "fish")).shell).toBe("fish");
    expect((await mimic.mimic(["completion", "csh"])).code).toBe(2);
  });

  test("every verb that only tells has data for programs, and every refusal too", async () => {
    const telling = [
      ["ls"],
      ["show", "desk"],
      ["explain", "desk"],
      ["disk", "ls", "desk"],
      ["usb", "ls", "desk"],
      ["usb", "host"],
      ["storage", "ls"],
      ["moments", "ls", "desk"],
      ["template", "ls"],
      ["trash", "ls"],
      ["os", "ls"],
      ["os", "show", "tiny-linux"],
      ["image", "ls"],
      ["image", "show", (await mimic.client.images.list({})).images[0]?.name ?? ""],
      ["net", "ls"],
      ["net", "show", "home"],
      ["net", "lease", "home"],
      ["net", "why", "home"],
      ["net", "lan"],
      ["jobs", "ls"],
      ["help"],
      ["open"],
      ["version"],
    ];
    for (const words of telling) expect(await data<object>(...words), words.join(" ")).toEqual(expect.any(Object));
    const { verbs } = await data<{ verbs: { path: string; args?: { optional?: boolean }[]; isConversation?: true }[] }>("help");
    const wanting = verbs.filter(({ path, args, isConversation }) => args?.[0] && !args[0].optional && !isConversation && path !== "exec");
    expect(wanting.length).toBeGreaterThan(40);
    const refuse = async ({ path }: { path: string }) => {
      const refused = await mimic.mimic([...path.split(" "), "--nonesuch", "--json"]);
      expect([path, refused.code, refused.out, JSON.parse(refused.err)]).toEqual([
        path,
        2,
        "",
        expect.objectContaining({ code: "cli.usage" }),
      ]);
    };
    for (let at = 0; at < wanting.length; at += 4) await Promise.all(wanting.slice(at, at + 4).map(refuse));
  });
});
