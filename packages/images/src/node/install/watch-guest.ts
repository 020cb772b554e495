// Follows the installing machine from its first word to its last. It runs programs out of packages: its words are
// bounded and can only say how far it is; whether the result is good is looked at afterwards.
import { type Clock, type LongWork, MimicError, plainBlock } from "@mimic/base";
import type { RunningMachine } from "@mimic/workbench/ports";
import { type GuestWord, GuestWords, type Phase } from "../../install/progress.ts";

const WORDS: Readonly<Record<Phase, string>> = {
  disk: "Preparing the disk",
  unpack: "Unpacking the system onto the disk",
  prepare: "Setting up the packages",
  configure: "Setting up the packages",
  initramfs: "Making what the kernel starts from",
  finish: "Making the user and the network",
  clean: "Clearing up",
};
/** Without a word or a byte read for so long, nothing more will come. */
const STALL_MS = 10 * 60_000;
const TAIL = 8192;

const lastWords = (machine: RunningMachine): string =>
  plainBlock(
    new TextDecoder("latin1").decode((machine.serial[0]?.history() ?? new Uint8Array(0)).slice(-TAIL)).replaceAll("\r", ""),
    4000,
  ).trim();

const failed = (machine: RunningMachine, where: string): MimicError =>
  new MimicError("install.failed", `The installation did not work: ${where}.`, {
    hint: "Try again; if it fails at the same place, the packages on the mirror may be at fault. See the details.",
    detail: lastWords(machine),
  });

/** Resolves when the guest says that it is done. Throws `install.failed`, `install.stalled`, or the signal's reason. */
export async function watchGuest(
  machine: RunningMachine,
  mediumBytes: number,
  clock: Clock,
  work: LongWork,
): Promise<readonly { readonly phase: Phase; readonly atMs: number }[]> {
  const end = Promise.withResolvers<void>();
  const phases: { phase: Phase; atMs: number }[] = [];
  const words = new GuestWords();
  let heardAt = clock.monotonicMs();
  let phase: Phase | undefined;
  const hear = (word: GuestWord): void => {
    heardAt = clock.monotonicMs();
    switch (word.kind) {
      case "phase":
        phase = word.phase;
        phases.push({ phase, atMs: heardAt });
        work.report({ words: WORDS[word.phase] });
        break;
      case "step":
        work.report({ words: `Setting up ${word.name}`, done: word.done, total: word.total, unit: "steps" });
        break;
      case "failed":
        end.reject(failed(machine, `it stopped at “${word.at}”`));
        break;
      case "done":
        end.resolve();
    }
  };
  const port = machine.serial[0];
  for (const word of words.read(port?.history() ?? new Uint8Array(0))) hear(word);
  using _serial = port?.listen((bytes) => words.read(bytes).forEach(hear));
  using _news = machine.listen((news) => {
    if (news.kind === "exited") end.reject(failed(machine, "its machine ended before it was done"));
    if (news.kind === "reset" || (news.kind === "paused" && news.why === "guestPanicked"))
      end.reject(failed(machine, "its kernel gave up"));
    if (news.kind === "paused" && news.why === "diskFull")
      end.reject(
        new MimicError("disk.full", "This computer's disk is full, so the system could not be installed.", {
          hint: "Make room and try again.",
        }),
      );
    if (news.kind === "paused" && news.why === "diskError") end.reject(failed(machine, "its disk could not be written"));
  });
  using stop = new DisposableStack();
  const over = new AbortController();
  stop.defer(() => over.abort());
  const watch = async (): Promise<void> => {
    const signal = AbortSignal.any([work.signal, over.signal]);
    for (let readBefore = 0; ; ) {
      await clock.sleep(1000, { signal });
      const { diskReadBytes } = await machine.usage({ signal });
      if (diskReadBytes > readBefore) heardAt = clock.monotonicMs();
      readBefore = diskReadBytes;
      if (phase === "unpack")
        work.report({ words: WORDS.unpack, done: Math.min(diskReadBytes, mediumBytes), total: mediumBytes, unit: "bytes" });
      if (clock.monotonicMs() - heardAt > STALL_MS)
        throw new MimicError("install.stalled", "The installation has said nothing for ten minutes and was ended.", {
          hint: "This computer may be too busy. Try again when it has less to do.",
          detail: lastWords(machine),
        });
    }
  };
  watch().catch((error: unknown) => {
    // The machine's own end is told by its news, in better words than a monitor that closed.
    if (work.signal.aborted) end.reject(work.signal.reason);
    else if (error instanceof MimicError && error.code === "install.stalled") end.reject(error);
  });
  await end.promise;
  return phases;
}
