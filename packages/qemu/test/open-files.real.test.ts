// Opening files for QEMU as an ordinary user does, for whom rights hold. (Tests that run as root become one.)
import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const ORDINARY = 61_235;
const MODULE = new URL("../src/node/open-files.ts", import.meta.url).href;
const SCRIPT = `const { openForQemu } = await import(${JSON.stringify(MODULE)});
const { writeFileSync } = await import("node:fs");
for (const path of process.argv.slice(1)) {
  try { writeFileSync(path, ""); console.log("no rights hold"); } catch {}
  try { const handle = await openForQemu(path, true); await handle.write("written"); await handle.close(); console.log("opened"); }
  catch (error) { console.log(error.code); }
}`;

test("a frozen file of one's own is opened for writing when that is meant, and its rights stay; another's is not", async () => {
  const folder = await mkdtemp(`${tmpdir()}/mimic-open-`);
  const own = `${folder}/own.qcow2`;
  const foreign = `${folder}/foreign.qcow2`;
  for (const path of [own, foreign]) await writeFile(path, "frozen");
  for (const path of [own, foreign]) await chmod(path, 0o444);
  await chmod(folder, 0o755);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(own, ORDINARY, ORDINARY);
  const node = [process.execPath, "--input-type=module", "-e", SCRIPT, ...(isRoot ? [own, foreign] : [own])];
  const as = isRoot ? ["setpriv", `--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, "--clear-groups"] : [];
  const [program, ...args] = [...as, ...node];
  const { stdout } = await promisify(execFile)(program as string, args);
  expect(stdout.trim().split("\n")).toEqual(["opened", "qemu.file_unusable"].slice(0, isRoot ? 2 : 1));
  expect((await stat(own)).mode & 0o777).toBe(0o444);
  await rm(folder, { recursive: true });
});
