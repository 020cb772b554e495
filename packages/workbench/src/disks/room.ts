// How much room is left where a disk lies, and work that leaves the last of it to others.
import { formatSize, type LongWork, MimicError } from "@mimic/base";
import type { Context } from "../context.ts";

/** Left for everything else there. */
export const RESERVE_BYTES = 64 * 1024 ** 2;
/** Guests, records and other programs of this computer need it more than anything that can be done later. */
const LAST_ROOM_BYTES = 32 * 1024 ** 2;
const LOOK_EVERY_MS = 50;

/** `storage` undefined = the data directory. */
export const roomIn = async ({ ports }: Context, storage: string | undefined): Promise<number> =>
  storage === undefined ? (await ports.survey.survey()).diskFreeBytes : await ports.storages.freeBytes(storage).catch(() => 0);

export const roomWords = (bytes: number): string => formatSize(bytes);

/**
 * For what fills the disk at length: cut off, with the reason, before the disk is full, since a guest that cannot write stands
 * still. Throws `host.disk_short`, also before anything is begun. (What fills faster than it is looked meets `disk.full`.)
 */
export async function whileRoom<T>(
  context: Context,
  storage: string | undefined,
  work: LongWork,
  what: (work: LongWork) => Promise<T>,
): Promise<T> {
  const short = new AbortController();
  const over = new AbortController();
  const look = async (): Promise<void> => {
    const left = await roomIn(context, storage);
    if (left < LAST_ROOM_BYTES) throw nearlyFull(left);
  };
  await look();
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await context.ports.clock.sleep(LOOK_EVERY_MS, { signal: over.signal });
      await look();
    }
  };
  void watch().catch((error: unknown) => short.abort(error));
  try {
    return await what({ ...work, signal: AbortSignal.any([work.signal, short.signal]) });
  } finally {
    over.abort();
  }
}

const nearlyFull = (bytes: number): MimicError =>
  new MimicError("host.disk_short", `Only ${roomWords(bytes)} is left on the disk, so this was stopped before it took the last of it.`, {
    hint: "Nothing is lost. Make room (mimic trash empty, mimic image ls), then try again.",
  });
