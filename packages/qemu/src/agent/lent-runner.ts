// The runner in a guest that has none: copied into the folder of short-lived files, so it is gone with the guest's memory.
// Worth it from the second command on; a system where it cannot run goes on with the script.
import { messageOf, type Waiting } from "@mimic/base";
import type { GuestAgent } from "@mimic/workbench/ports";
import type { AgentPorts } from "./agent-ports.ts";
import { LEND_SCRIPT } from "./scripts.ts";

/** Its path; undefined where it cannot run, or will not be written. */
export async function lendRunner(
  agent: Pick<GuestAgent, "quick" | "writeFile">,
  folder: string,
  { log, runner }: AgentPorts,
  options: Waiting,
): Promise<string | undefined> {
  if (runner === undefined) return undefined;
  try {
    const path = `${folder}/run`;
    const { code } = await agent.quick({ program: "/bin/sh", args: ["-c", LEND_SCRIPT, "mimic", path, runner.machine] }, options);
    if (code !== 0) return undefined;
    await agent.writeFile(path, once(runner.program()), options);
    return path;
  } catch (error) {
    options.signal.throwIfAborted();
    log.debug("the runner was not lent", { error: messageOf(error) });
    return undefined;
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
