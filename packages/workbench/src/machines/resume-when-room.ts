// A machine that paused because this computer's disk is full goes on by itself when there is room.
// It is never resumed in a loop: each try that fails doubles the wait before the next.
import type { Clock, Waiting } from "@mimic/base";

/** Room that must be there before a guest is let write again. */
export const ROOM_TO_GO_ON = 64 * 1024 ** 2;
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60_000;

export async function resumeWhenRoom(
  needs: Waiting & { clock: Clock; diskFreeBytes(): Promise<number>; stillFull(): boolean; resume(): unknown },
): Promise<void> {
  try {
    for (let waitMs = FIRST_WAIT_MS; needs.stillFull(); waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
      do await needs.clock.sleep(waitMs, needs);
      while (needs.stillFull() && (await needs.diskFreeBytes()) < ROOM_TO_GO_ON);
      if (!needs.stillFull()) return;
      needs.resume();
      // Long enough for the guest to write into the wall again, if it is still there.
      await needs.clock.sleep(waitMs, needs);
    }
  } catch {
    // The run ended, or the daemon did: there is nothing left to resume.
  }
}
