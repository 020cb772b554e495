// Memory and devices out of a running QEMU into a file, and from a file into a fresh one. (QEMU docs/devel/migration.rst)
//
//   live:   running ── pages are written while it runs ──► pre-switchover (it stands still: disks are switched)
//                                                            └─► devices ──► completed ──► goes on
//   still:  stop ──► pages ──► pre-switchover (disks) ──► devices ──► completed
//
// What the guest writes meanwhile is written again, in rounds, until little is left. Emulated processors of an older QEMU
// forget to note some of it after each look at what changed (see `notesWrites`); there the guest stands still for the first
// look, and the second is the last one, when it stands still anyway: one round.
//
// A state that was saved standing still wakes up standing still: whoever restores gives the order to go on.
import { type FileHandle, open, rm } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { type Clock, MimicError, messageOf, plain, type Waiting } from "@mimic/base";
import { QmpRefused, type QmpSession } from "@mimic/qmp";

export interface SaveOptions extends Waiting {
  readonly clock: Clock;
  /** Memory that is a shared file is left out: only to turn a saved state into a template's. */
  readonly withoutMemory?: boolean;
  /** Let the guest run while its memory is written, in one round or in as many as make the pause short. */
  readonly live: false | "one round" | "many rounds";
  /** Called once all of the memory is written, while the guest goes on; it does not stand still before this resolves. */
  readonly whenWritten?: (() => Promise<void>) | undefined;
  /** Called while the guest stands still. */
  readonly atPause?: () => Promise<void>;
  /** Let it go on when it is done (and when it failed). */
  readonly goOn: boolean;
}

/** First try: a pause that nobody notices. A guest that writes faster than that gets a longer one in the end. */
const DOWNTIME_MS = 15;
const CALM_AFTER_MS = 3000;
const LONG_DOWNTIME_MS = 1500;
const NO_LIMIT = 2 ** 53 - 1;
/** Bytes a second while others are waited for: next to nothing. */
const HELD_RATE = 4096;
/** The share of the memory that is left for when the others have come as far. */
const HELD_BACK = 0.25;
const LOOK_MS = 5;
const FLUSH_MS = 10;

/** `path` is made; on a throw it is gone and the guest is as it was. Throws `moment.not_saved`, `disk.full`, what `atPause` throws. */
export async function saveState(
  session: QmpSession,
  path: string,
  options: SaveOptions,
): Promise<{ readonly pausedMs: number; readonly bytes: number }> {
  const { clock, signal } = options;
  const file = await open(path, "wx", 0o600);
  let done = false;
  try {
    await session.execute(
      "migrate-set-capabilities",
      {
        capabilities: [
          { capability: "events", state: true },
          { capability: "x-ignore-shared", state: options.withoutMemory === true },
          { capability: "pause-before-switchover", state: options.atPause !== undefined },
        ],
      },
      options,
    );
    // With no time at all for the rest, QEMU looks at what changed only when the guest stands still.
    const limit = options.live === "many rounds" ? DOWNTIME_MS : 0;
    await session.execute("migrate-set-parameters", { "max-bandwidth": NO_LIMIT, "downtime-limit": limit }, options);
    if (!options.live) await options.whenWritten?.();
    await session.execute("getfd", { fdname: "state" }, { signal, descriptor: file.fd });
    using events = session.listen(["MIGRATION", "STOP"]);
    let stoodAt = clock.monotonicMs();
    let pausedMs = 0;
    if (!options.live) await session.execute("stop", {}, options);
    if (options.live !== "one round") await session.execute("migrate", { uri: "fd:state" }, options);
    else if (await beginStill(session, events, options)) pausedMs = clock.monotonicMs() - stoodAt;
    if (options.live && options.whenWritten) await waitForOthers(session, options, options.whenWritten);
    const meanwhile = new AbortController();
    if (options.live === "many rounds") calmDown(session, options, meanwhile.signal);
    const flushed = options.live ? undefined : flush(file, meanwhile.signal);
    try {
      stoodAt = await untilSaved(session, events, stoodAt, options);
    } finally {
      meanwhile.abort();
      await flushed;
    }
    const lost = await flushed;
    if (lost !== undefined) throw lost;
    if (options.goOn) await letGo(session, options);
    pausedMs += clock.monotonicMs() - stoodAt;
    await file.sync();
    done = true;
    return { pausedMs, bytes: (await file.stat()).blocks * 512 };
  } catch (error) {
    await session.execute("migrate_cancel", {}, { signal: AbortSignal.timeout(5000) }).catch(() => {});
    if (options.goOn) await session.execute("cont", {}, { signal: AbortSignal.timeout(5000) }).catch(() => {});
    signal.throwIfAborted();
    throw saveFailed(error, path);
  } finally {
    await file.close();
    if (!done) await rm(path, { force: true });
  }
}

/** QEMU begins to note what is written while nothing is. False: so little had to be written that it stands still to the end. */
async function beginStill(session: QmpSession, events: ReturnType<QmpSession["listen"]>, options: SaveOptions): Promise<boolean> {
  await session.execute("stop", {}, options);
  await session.execute("migrate", { uri: "fd:state" }, options);
  for await (const event of events) {
    options.signal.throwIfAborted();
    if (event.kind !== "event" || event.event !== "MIGRATION") continue;
    const { status } = event.data;
    if (status === "active") break;
    if (status === "failed" || status === "cancelled") throw await whyFailed(session, options);
  }
  try {
    await session.execute("cont", {}, options);
    return true;
  } catch (error) {
    if (!isNotFinalized(error)) throw error;
    return false;
  }
}

/** Until most of the memory is written, and then until the others have come as far. */
async function waitForOthers(session: QmpSession, options: SaveOptions, others: () => Promise<void>): Promise<void> {
  for (;;) {
    const { status, ram } = await session.execute("query-migrate", {}, options);
    if (status !== "setup" && status !== "active") break;
    if (ram && ram.remaining < ram.total * HELD_BACK) break;
    await options.clock.sleep(LOOK_MS, options);
  }
  await session.execute("migrate-set-parameters", { "max-bandwidth": HELD_RATE }, options);
  await others();
  await session.execute("migrate-set-parameters", { "max-bandwidth": NO_LIMIT }, options);
}

/** After an earlier daemon: QEMU waits for ever for orders that nobody gives any more. */
export async function stopSaving(session: QmpSession, options: Waiting & { readonly clock: Clock; readonly goOn: boolean }): Promise<void> {
  const isUnderWay = async (): Promise<boolean> => {
    const { status } = await session.execute("query-migrate", {}, options);
    return status !== undefined && !["none", "completed", "failed", "cancelled"].includes(status);
  };
  if (await isUnderWay()) {
    await session.execute("migrate_cancel", {}, options);
    while (await isUnderWay()) await options.clock.sleep(LOOK_MS, options);
  }
  if (options.goOn) await session.execute("cont", {}, options);
}

/** “Completed” is told a little before the migration's thread is done; until then QEMU lets nothing go. */
async function letGo(session: QmpSession, { clock, signal }: SaveOptions): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await session.execute("cont", {}, { signal }));
    } catch (error) {
      if (tries > 500 || !isNotFinalized(error)) throw error;
      await clock.sleep(1, { signal });
    }
  }
}

const isNotFinalized = (error: unknown): boolean => error instanceof QmpRefused && /not finalized/i.test(error.words);

/** Answers when it began to stand still. */
async function untilSaved(
  session: QmpSession,
  events: ReturnType<QmpSession["listen"]>,
  stood: number,
  options: SaveOptions,
): Promise<number> {
  let stoodAt = stood;
  for await (const event of events) {
    options.signal.throwIfAborted();
    if (event.kind !== "event") continue;
    if (event.event === "STOP") {
      if (options.live) stoodAt = options.clock.monotonicMs();
      continue;
    }
    const { status } = event.data;
    if (status === "pre-switchover") {
      await options.atPause?.();
      await session.execute("migrate-continue", { state: "pre-switchover" }, options);
    }
    if (status === "completed") return stoodAt;
    if (status === "failed" || status === "cancelled") {
      throw await whyFailed(session, options);
    }
  }
  throw new Error("QEMU ended");
}

const whyFailed = async (session: QmpSession, { signal }: Waiting): Promise<Error> =>
  new Error((await session.execute("query-migrate", {}, { signal }))["error-desc"] ?? "QEMU gave no reason");

/** A guest that writes faster than the disk takes would never be done: after a while it may stand still longer. */
function calmDown(session: QmpSession, { clock }: SaveOptions, signal: AbortSignal): void {
  clock
    .sleep(CALM_AFTER_MS, { signal })
    .then(() => session.execute("migrate-set-parameters", { "downtime-limit": LONG_DOWNTIME_MS }, { signal }))
    .catch(() => {});
}

/**
 * What is written goes to the disk while more is being written: the last `sync` has little left to do. Answers the first error,
 * which a later `sync` would not tell again.
 */
async function flush(file: FileHandle, signal: AbortSignal): Promise<unknown> {
  while (!signal.aborted) {
    await setTimeout(FLUSH_MS);
    try {
      await file.datasync();
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

/** Into a QEMU that was started with `-incoming defer`; `fd` is the number of the state's descriptor in QEMU. Throws `moment.not_restored`. */
export async function restoreState(session: QmpSession, fd: number, options: Waiting & { readonly withoutMemory: boolean }): Promise<void> {
  try {
    await session.execute(
      "migrate-set-capabilities",
      {
        capabilities: [
          { capability: "events", state: true },
          { capability: "x-ignore-shared", state: options.withoutMemory },
        ],
      },
      options,
    );
    using events = session.listen(["MIGRATION"]);
    await session.execute("migrate-incoming", { uri: `fd:${fd}` }, options);
    for await (const event of events) {
      if (event.kind !== "event") continue;
      if (event.data.status === "completed") return;
      if (event.data.status === "failed") break;
    }
    throw new Error("QEMU could not read it");
  } catch (error) {
    options.signal.throwIfAborted();
    throw new MimicError(
      "moment.not_restored",
      "The saved memory and devices do not fit this QEMU, so the machine cannot go on from there.",
      {
        hint: "Its disks are whole: start it from them instead. QEMU's own words are in the machine's log.",
        detail: messageOf(error),
        cause: error,
      },
    );
  }
}

function saveFailed(error: unknown, path: string): unknown {
  const words = error instanceof QmpRefused ? error.words : messageOf(error);
  if (error instanceof MimicError && !(error instanceof QmpRefused)) return error;
  if (/No space left|ENOSPC|File too large/i.test(words) || (error as NodeJS.ErrnoException).code === "ENOSPC")
    return new MimicError("disk.full", "This computer's disk is full, so the memory of the machine could not be kept.", {
      hint: "Make room and try again.",
      detail: path,
    });
  return new MimicError("moment.not_saved", `The memory and devices of the machine could not be kept: ${plain(words)}`, {
    hint: "Take a snapshot of its disks instead, or shut it down first.",
    cause: error,
  });
}
