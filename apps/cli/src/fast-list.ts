// `mimic ls` and `mimic ls --json`, cold, in about the time that Node itself takes to start: no
// argument parser, no schemas, no `node:http`, no `process.stdout`. Whatever is not the plain
// case (no daemon, an error, another option) is handed to the ordinary program.
import { leanRequest } from "./lean-http.ts";
import { type ListedMachine, machineTable, unreadableInWords } from "./machine-rows.ts";
import { checkRunFolder, findPaths } from "./paths.ts";
import { harmlessJson } from "./table.ts";

const { writeSync } = process.getBuiltinModule("node:fs");
const { isatty } = process.getBuiltinModule("node:tty");

/** True when it did all there was to do; false = nothing was printed, the ordinary program shall answer. */
export async function fastList(json: boolean): Promise<boolean> {
  const { env } = process;
  const uid = process.getuid?.() ?? -1;
  const paths = findPaths(env, uid);
  if (checkRunFolder(paths.run, uid) !== "private") return false;
  let machines: ListedMachine[];
  let unreadable: number | undefined;
  try {
    const reply = await leanRequest({ socket: paths.socket, method: "GET", path: "/api/v1/machines", silenceMs: 30_000 });
    if (reply.status !== 200) return false;
    if (json && !isatty(1)) return print(`${harmlessJson(reply.text).trimEnd()}\n`);
    if (json) return print(`${harmlessJson(JSON.stringify(JSON.parse(reply.text), null, 2))}\n`);
    ({ machines, unreadable } = JSON.parse(reply.text) as { machines: ListedMachine[]; unreadable?: number });
  } catch {
    return false;
  }
  const terminal = isatty(1);
  const colour = terminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const columns = terminal ? process.stdout.columns || undefined : undefined;
  print(`${machineTable(machines, { colour, columns, nowMs: Date.now() })}\n`);
  return unreadable && isatty(2) ? print(`${unreadableInWords(unreadable)}\n`, 2) : true;
}

/** Straight to the descriptor (standard output, or what is said). A pipe that is full for now is waited for; one that nobody reads is the end. */
function print(text: string, descriptor = 1): true {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") return true;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
  return true;
}
