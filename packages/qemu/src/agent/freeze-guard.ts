// A way out for a guest whose file systems are held still: a program that was started in it before, and that lets them go
// after a while when nobody came back to say that it is over. For a daemon that dies while the guest stands.
//
// It says which freeze it belongs to in one small file in memory, and looks there once a second: another name, or none,
// and it ends without having done anything. So an earlier one never cuts a later freeze short.
import { messageOf, type Waiting } from "@mimic/base";
import { z } from "zod";
import type { AgentPorts } from "./agent-ports.ts";
import type { AgentChannel } from "./channel.ts";
import { agentMisbehaved, isRefused } from "./errors.ts";
import type { GuestFiles } from "./files.ts";

const NOTE = "/run/mimic-freeze";

/**
 * $1 = which freeze, $2 = seconds. The shell's own words but for `sleep`: programs can be read from file systems that are
 * held still. Where there is no `fsfreeze`, the kernel's emergency thaw does it (admin-guide/sysrq.rst, “j”).
 */
const SCRIPT = `f=${NOTE}; echo "$1" > $f || exit 1
mine() { t=; read -r t < $f; [ "$t" = "$1" ]; }
n=0; while [ $n -lt $2 ]; do sleep 1; mine "$1" || exit 0; n=$((n+1)); done
if command -v fsfreeze > /dev/null; then
  while read -r _ at _; do fsfreeze --unfreeze "$(printf %b "$at")"; done < /proc/mounts 2> /dev/null
else echo j > /proc/sysrq-trigger; fi
: > $f`;

const Started = z.object({ pid: z.int().positive() });
const Status = z.object({ exited: z.boolean() });
const MORE_TRIES = 5;

interface Needs {
  readonly channel: AgentChannel;
  readonly files: GuestFiles;
  readonly ports: AgentPorts;
}

/** Answers whether it is there: not in a guest that starts no programs for us, or has no shell. `clearFreezeNote` ends it. */
export async function guardFreeze(needs: Needs, afterSeconds: number, options: Waiting): Promise<boolean> {
  const { channel, ports } = needs;
  const which = Array.from(ports.random.bytes(8), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const question = { path: "/bin/sh", arg: ["-c", SCRIPT, "mimic", which, String(afterSeconds)] };
  const answer = await channel.call("guest-exec", question, options).catch((error: unknown) => {
    if (!isRefused(error)) throw error;
    ports.log.debug("a guest takes no program that would let its file systems go", { error: messageOf(error) });
    return undefined;
  });
  if (answer === undefined) return false;
  const started = Started.safeParse(answer);
  if (!started.success) throw agentMisbehaved("no process number");
  void bury(needs, started.data.pid, afterSeconds);
  return true;
}

/** Whatever guards a freeze ends within a second: of this daemon or of an earlier one. Does nothing where there is no note. */
export async function clearFreezeNote(files: GuestFiles, options: Waiting): Promise<void> {
  const handle = await files.openIfThere(NOTE, options, "r+");
  if (handle === undefined) return;
  // An empty first line is nobody's name.
  await files.writeAll(handle, new Uint8Array([10]), options);
  await files.close(handle, options);
}

/**
 * The agent remembers each process until it was asked how it ended, and takes it for another that gets its number later.
 * While file systems are held still it answers no such question: then it is asked again.
 */
async function bury({ channel, ports }: Needs, pid: number, afterSeconds: number): Promise<void> {
  for (let tries = 0; tries < afterSeconds + MORE_TRIES; tries++) {
    try {
      const options = { signal: AbortSignal.timeout(60_000) };
      await ports.clock.sleep(1500, options);
      const status = Status.safeParse(await channel.call("guest-exec-status", { pid }, options));
      if (!status.success || status.data.exited) return;
    } catch (error) {
      if (!isRefused(error)) return;
    }
  }
}
