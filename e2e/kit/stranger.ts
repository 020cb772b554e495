// Another user of this computer, for whom everything of ours must be closed. Needs root, as tests in a container have;
// without it there is no second user to be.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Ran } from "./installation.ts";

/** Nobody's number: no account, no group, no process has it. */
export const STRANGER = 61_234;

/** Runs a program of this computer as `uid`, with no groups and no capabilities. */
export async function runAs(uid: number, program: string, args: readonly string[]): Promise<Ran> {
  const child = spawn("setpriv", [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "--no-new-privs", program, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (bytes: Buffer) => {
    out += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    err += bytes.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}
