// The main job, as a stranger does it: one command to a machine, a shell in it, and a daemon that may come and go.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install } from "./kit/installation.ts";

let mimic: Installation;
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  // `up` must start a daemon by itself, so this one goes.
  await mimic.stop();
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

const json = async (args: string[]) => JSON.parse((await mimic.mimic([...args, "--json"])).out) as Record<string, unknown>;

describe("from nothing to a machine", () => {
  test("mimic up makes, starts and waits for “hello” without a question, and says where to look and what to try", async () => {
    const up = await mimic.mimic(["up"]);
    expect(up.err + up.out).toMatch(/http:\/\/127\.0\.0\.1:\d+\/#c=/);
    expect(up.out).toContain("hello");
    expect(up.out.match(/mimic \w+/g)?.length).toBeGreaterThanOrEqual(3);
    expect(up.code).toBe(0);
  }, 300_000);

  test("mimic exec runs a program in it, with its output and its exit status", async () => {
    const uname = await mimic.mimic(["exec", "hello", "--", "uname", "-a"]);
    expect(uname).toMatchObject({ code: 0, out: expect.stringMatching(/^Linux hello .*x86_64/) });
    const failing = await mimic.mimic(["exec", "hello", "--", "sh", "-c", "echo out; echo err >&2; exit 7"]);
    expect(failing).toMatchObject({ code: 7, out: "out\n", err: "err\n" });
  });

  test("mimic shell leads to a prompt; “exit” comes back, and so does the end of what is piped in", async () => {
    const exited = await mimic.mimic(["shell", "hello"], { input: "echo $((6 * 7))\nexit\n" });
    expect(exited).toMatchObject({ code: 0, out: expect.stringMatching(/[\r\n]42[\r\n]/) });
    // The next shell needs a moment; what is typed before its prompt is lost, as on any terminal.
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const piped = await mimic.mimic(["shell", "hello"], { input: "echo $((6 * 8))\n" });
    expect(piped).toMatchObject({ code: 0, out: expect.stringMatching(/[\r\n]48[\r\n]/) });
  }, 60_000);

  test("standard input reaches the program, and a megabyte comes back unchanged", async () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${i} of a text that is long enough to need many pieces\n`).join("");
    const echoed = await mimic.mimic(["exec", "-i", "hello", "--", "cat"], { input: text });
    expect(echoed.code).toBe(0);
    expect(echoed.out.length).toBe(text.length);
    expect(echoed.out === text).toBe(true);
  }, 120_000);

  test("files are copied in and out unchanged", async () => {
    const there = await mimic.mimic(["cp", "package.json", "hello:/root/copy.json"]);
    expect(there.code).toBe(0);
    const back = await mimic.mimic(["cp", "hello:/root/copy.json", `${mimic.home}/back.json`]);
    expect(back.code).toBe(0);
    expect(await readFile(`${mimic.home}/back.json`, "utf8")).toBe(await readFile("package.json", "utf8"));
  }, 60_000);

  test("mimic up again changes nothing and says so", async () => {
    const before = await json(["show", "hello"]);
    const up = await mimic.mimic(["up"]);
    expect(up.code).toBe(0);
    expect(up.out).toMatch(/already|nothing/i);
    const after = await json(["show", "hello"]);
    expect(after.since).toBe(before.since);
  }, 60_000);

  test("mimic down leaves it running, and the next command finds it again", async () => {
    const { id } = (await json(["show", "hello"])) as { id: string };
    const pid = await mimic.machinePid(id);
    expect((await mimic.mimic(["down"])).code).toBe(0);
    expect(await readFile(`/proc/${pid}/comm`, "utf8")).toContain("qemu");
    const list = await mimic.mimic(["ls"]);
    expect(list.out).toMatch(/hello +running/);
    expect(await mimic.machinePid(id)).toBe(pid);
    expect((await mimic.mimic(["exec", "hello", "--", "true"])).code).toBe(0);
    expect((await mimic.mimic(["ping", "hello"])).out).toMatch(/^“hello” answers within \d+ ms\.$/m);
  }, 60_000);

  test("its screen is a picture, its console has the boot messages, its arguments are explained", async () => {
    expect((await mimic.mimic(["screenshot", "hello", `${mimic.home}/screen.png`])).code).toBe(0);
    const png = await readFile(`${mimic.home}/screen.png`);
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    const explained = await mimic.mimic(["explain", "hello"]);
    expect(explained.out).toContain("-nodefaults");
    expect((await mimic.mimic(["logs", "hello"])).code).toBe(0);
  });

  test("what there is not is refused with a code of its own, and the exit status says so", async () => {
    const missing = await mimic.mimic(["start", "nowhere"]);
    expect(missing.code).toBe(4);
    expect(missing.err).toContain("There is no machine called “nowhere”");
    const bad = await mimic.mimic(["new", "Bad Name, with commas", "--os", "tiny-linux"]);
    expect(bad.code).not.toBe(0);
    expect(bad.err).toContain("bad-name-with-commas");
  });

  test("mimic stop asks the guest, which shuts down by itself", async () => {
    expect((await mimic.mimic(["stop", "hello"])).code).toBe(0);
    expect(await json(["show", "hello"])).toMatchObject({ power: "stopped", because: "switched off" });
  }, 60_000);

  test("mimic rm moves it to the trash and mimic trash brings it back", async () => {
    expect((await mimic.mimic(["rm", "hello"])).code).toBe(0);
    expect((await mimic.mimic(["ls"])).out).not.toContain("hello");
    expect((await mimic.mimic(["trash", "restore", "hello"])).code).toBe(0);
    expect((await mimic.mimic(["ls"])).out).toContain("hello");
  });

  test("mimic down --all shuts machines down first", async () => {
    expect((await mimic.mimic(["start", "hello"])).code).toBe(0);
    const { id } = (await json(["show", "hello"])) as { id: string };
    const pid = await mimic.machinePid(id);
    expect((await mimic.mimic(["down", "--all"])).code).toBe(0);
    await expect(readFile(`/proc/${pid}/comm`)).rejects.toThrow();
  }, 120_000);
});
