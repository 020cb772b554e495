// A daemon that said that it ends needs a moment more: the next one may not start before.
import { setTimeout as sleep } from "node:timers/promises";
import type { Context } from "../../command.ts";
import { UnreachableError } from "../../say.ts";

const ENDS_WITHIN_MS = 15_000;

export async function untilGone({ door }: Context): Promise<void> {
  for (let waitedMs = 0; waitedMs < ENDS_WITHIN_MS; waitedMs += 50) {
    if (!(await door.runs().catch(() => true))) return;
    await sleep(50);
  }
  throw new UnreachableError("daemon.still_there", "The daemon said that it ends, and still answers.", {
    hint: "Look again in a moment: mimic version",
  });
}
