// The tiny Linux's resident helper (resident.c of its image): a program that waits at a pipe already runs, and starting one
// takes a tenth of a second in a QEMU that has translated nothing yet.
import type { Random, Waiting } from "@mimic/base";
import type { GuestAgent } from "../ports/index.ts";

const PIPES = { ask: "/run/identity/ask", answer: "/run/identity/done", answerBytes: 32 };
const RANDOM_BYTES = 64;

/** Who the guest shall be; `machineId` is 32 hexadecimal digits. */
export interface NewSelf {
  readonly name: string;
  readonly machineId: string;
}

/** Randomness, the time, and then who it is. Little end first, as the processor has it. */
export function question(randomBytes: Uint8Array, nowMs: number, self: NewSelf | undefined): Uint8Array {
  const words = new TextEncoder().encode(self === undefined ? "" : self.machineId + self.name);
  const message = new Uint8Array(RANDOM_BYTES + 16 + words.length);
  const view = new DataView(message.buffer);
  const seconds = Math.floor(nowMs / 1000);
  message.set(randomBytes);
  view.setBigUint64(RANDOM_BYTES, BigInt(seconds), true);
  view.setBigUint64(RANDOM_BYTES + 8, BigInt(Math.round((nowMs - seconds * 1000) * 1e6)), true);
  message.set(words, RANDOM_BYTES + 16);
  return message;
}

/** Words for what was done; undefined when the guest has no resident helper. Throws what the agent throws. */
export async function askResident(
  agent: GuestAgent,
  nowMs: number,
  self: NewSelf | undefined,
  options: Waiting & { readonly random: Random; readonly timeoutMs?: number },
): Promise<ReadonlySet<string> | undefined> {
  const answer = await agent.talk(PIPES, question(options.random.bytes(RANDOM_BYTES), nowMs, self), options);
  return answer && new Set(new TextDecoder().decode(answer).split(/\s+/));
}
