// The machine code that is kept of resident.c and runner.c is what these sources say: made anew where there is the compiler
// that it was made with, and everywhere held to the sources that it was made of.
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { residentProgram } from "./resident.ts";
import { runnerProgram } from "./runner.ts";

const run = promisify(execFile);
/** Of the source without comments and spaces. Whoever changes the source makes the machine code anew, and writes down both. */
const PROGRAMS = [
  { file: "resident.c", program: residentProgram, madeOf: "5f573f448c77164067676f8d7046fce41d2087ac96b45f3d4efbe4e1b669bc41" },
  { file: "runner.c", program: runnerProgram, madeOf: "3333b563777f869f25c71d42cb6e2d31e9d5a45d70fef4124354b1a1e8980487" },
] as const;
/** Another compiler makes other, equally good code: that says nothing. */
const COMPILER = /^12\.2\./;
const HEADERS = 128;

const sourceOf = (file: string): Promise<string> => readFile(join(import.meta.dirname, file), "utf8");
const codeAlone = (source: string): string => source.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replace(/\s+/g, "");

function whyNotHere(): string | undefined {
  if (process.arch !== "x64") return "the code is for x86-64";
  try {
    const version = execFileSync("cc", ["-dumpfullversion"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
    execFileSync("objcopy", ["--version"], { stdio: "ignore" });
    return COMPILER.test(version) ? undefined : `it was made by GCC 12.2, and here is ${version}`;
  } catch {
    return "there is no C compiler here";
  }
}

/** By the very words at the head of resident.c, so that these are true. */
async function make(file: string, folder: string): Promise<Buffer> {
  const words = (await sourceOf("resident.c")).replaceAll("\n//", "");
  const flags = /\bcc (.*?)-c resident\.c/.exec(words)?.[1]?.trim().split(/ +/) ?? [];
  const script = /^\/\/ resident\.ld: (SECTIONS .*)$/m.exec(await sourceOf("resident.c"))?.[1] ?? "";
  await writeFile(`${folder}/resident.ld`, script);
  await run("cc", [...flags, "-c", join(import.meta.dirname, file), "-o", `${folder}/made.o`]);
  await run("ld", ["-T", `${folder}/resident.ld`, `${folder}/made.o`, "-o", `${folder}/made`]);
  await run("objcopy", ["-O", "binary", `${folder}/made`, `${folder}/code`]);
  return await readFile(`${folder}/code`);
}

describe.each(PROGRAMS)("the machine code of $file", ({ file, program, madeOf }) => {
  test("was made of the source as it is", async () => {
    expect(
      createHash("sha256")
        .update(codeAlone(await sourceOf(file)))
        .digest("hex"),
    ).toBe(madeOf);
  });

  const why = whyNotHere();
  test.skipIf(why !== undefined)(`is what the compiler makes of it${why ? ` (not here: ${why})` : ""}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), "mimic-t-"));
    try {
      expect((await make(file, folder)).toString("base64")).toBe(Buffer.from(program().subarray(HEADERS)).toString("base64"));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
