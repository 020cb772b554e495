import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { completeWords } from "../src/completion.ts";
import { completionScript } from "../src/completion-scripts.ts";
import { loadAll } from "../src/registry.ts";
import { aMachine, FakeDaemon } from "./fake-daemon.ts";
import { runCli } from "./run-cli.ts";

const specs = await loadAll();
const look = async (what: string) => (what === "machine" ? ["hello", "help-desk", "web"] : [what]).map((value) => ({ value, about: "" }));
const values = async (...words: string[]) => (await completeWords(specs, words, look)).candidates.map(({ value }) => value);

describe("what may come next", () => {
  test.each([
    [["st"], ["start", "stop", "storage"]],
    [
      ["start", "he"],
      ["hello", "help-desk"],
    ],
    [
      ["start", "hello", ""],
      ["help-desk", "web"],
    ],
    [["rename", "hello", ""], []],
    [["new", "x", "--os", ""], ["system"]],
    [["new", "x", "--board", "i"], ["i440fx"]],
    [
      ["new", "x", "--bo"],
      ["--board", "--boot"],
    ],
    [
      ["net", "set", "home", "--loss", ""],
      ["up=", "down="],
    ],
    [["net", "set", "home", "--loss", "up=5%", "--lo"], ["--loss"]],
    [["image", "p"], ["pull"]],
    [["image", "rm", ""], ["image"]],
    [["trash", "restore", ""], ["trash"]],
    [["jobs", "wait", ""], ["job"]],
    [["key", "hello", "ctrl-alt"], ["ctrl-alt-delete"]],
    [
      ["media", "hello", "c"],
      ["cd0", "cd1"],
    ],
    [
      ["cp", "he"],
      ["hello:", "help-desk:"],
    ],
    [["help", "imp"], []],
    [["help", "image", "imp"], ["import"]],
    [["nonsense", ""], []],
    [["exec", "hello", "--", ""], []],
  ])("after %j", async (words, expected) => {
    expect(await values(...words)).toEqual(expected);
  });

  test("files where files belong", async () => {
    expect((await completeWords(specs, ["image", "import", ""], look)).mode).toBe("files");
    expect((await completeWords(specs, ["cp", ""], look)).mode).toBe("files");
  });

  test("pressing Tab starts no daemon and is no error", async () => {
    const ran = await runCli(["__complete", "bash", "start", ""], { home: "/tmp/mimic-none" });
    expect(ran).toEqual({ code: 0, out: "values\n", err: "" });
  });
});

/** A `mimic` on a PATH that is this command line. */
function install(home: string): Record<string, string> {
  mkdirSync(`${home}/bin`);
  const main = new URL("../src/main.ts", import.meta.url).pathname;
  writeFileSync(`${home}/bin/mimic`, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(`${home}/bin/mimic`, 0o755);
  return { PATH: `${home}/bin:${process.env["PATH"]}`, MIMIC_HOME: home, HOME: home };
}
const has = (program: string): boolean => spawnSync(program, ["--version"]).status === 0;

describe("in a real shell", () => {
  test("bash reads the script and completes verbs, machines and files", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.machines([aMachine(), aMachine({ name: "web" })]);
    const env = install(daemon.home);
    writeFileSync(`${daemon.home}/my disk.iso`, "");
    writeFileSync(`${daemon.home}/script`, completionScript("bash"));
    execFileSync("bash", ["-n", `${daemon.home}/script`]);
    const ask = (...words: string[]) =>
      runShell(
        "bash",
        [
          "-c",
          `cd "$HOME"; source ./script; COMP_WORDS=(mimic "$@"); COMP_CWORD=$#; _mimic; printf '%s\\n' "\${COMPREPLY[@]}"`,
          "bash",
          ...words,
        ],
        env,
      );
    expect(await ask("start", "h")).toBe("hello\n");
    expect(await ask("start", "")).toBe("hello\nweb\n");
    expect(await ask("imag")).toBe("image\n");
    expect(await ask("image", "import", "my")).toBe("my disk.iso\n");
  });

  test.skipIf(!has("zsh"))("zsh reads the script", () => {
    execFileSync("zsh", ["-n"], { input: completionScript("zsh") });
  });

  test.skipIf(!has("fish"))("fish completes verbs and machines", async () => {
    await using daemon = await FakeDaemon.start();
    daemon.machines([aMachine()]);
    const env = install(daemon.home);
    writeFileSync(`${daemon.home}/script.fish`, completionScript("fish"));
    expect(await runShell("fish", ["-c", "source $HOME/script.fish; complete -C 'mimic start h'"], env)).toContain("hello\trunning");
  });
});

/** Not `spawnSync`: the fake daemon lives in this process. */
async function runShell(program: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const { spawn } = await import("node:child_process");
  const { text } = await import("node:stream/consumers");
  const child = spawn(program, [...args], { env, stdio: ["ignore", "pipe", "inherit"] });
  return text(child.stdout);
}
