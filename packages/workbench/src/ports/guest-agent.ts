// The helper in the guest. Everything it says is hostile input: sizes, depth and time are bounded
// by the implementation, and what it claims is shown as a claim.
import type { Waiting } from "@mimic/base";

export interface GuestCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: readonly string[] | undefined;
  /** Undefined = the command has no input. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** Awaited: a slow reader slows the reading, not the memory. */
  readonly onStdout: (bytes: Uint8Array) => Promise<void> | void;
  readonly onStderr: (bytes: Uint8Array) => Promise<void> | void;
}

export type GuestExit = { readonly kind: "exited"; readonly code: number } | { readonly kind: "signalled"; readonly signal: number };

/** Throws `agent.absent` (no answer), `agent.misbehaved` (answers that break the rules), `agent.refused` (its own error text). */
export interface GuestAgent {
  /** Resolves when the agent answers; waits for it as long as `signal` allows. */
  waitUntilReady(options: Waiting): Promise<void>;
  /** One question that asks for nothing: it answers, so it is alive. */
  ping(options: Waiting): Promise<void>;
  /** Output streams while the command runs. On abort the command is ended in the guest. */
  exec(command: GuestCommand, options: Waiting): Promise<GuestExit>;
  /**
   * A command that is over in a moment and says little: one question to start it, and a few for its end. Output is cut
   * at 64 KiB. Several times quicker than `exec`, which streams.
   */
  quick(
    command: { readonly program: string; readonly args: readonly string[]; readonly input?: Uint8Array | undefined },
    options: Waiting,
  ): Promise<{ readonly code: number; readonly out: string }>;
  /**
   * Hands a message to a program that waits at the named pipe `ask` and hears its answer of `answerBytes` at the pipe
   * `answer`. Starts nothing, so it is the quickest way. Undefined when the guest has no such pipe.
   */
  talk(
    pipes: { readonly ask: string; readonly answer: string; readonly answerBytes: number },
    message: Uint8Array,
    /** `timeoutMs`: for each answer of the agent, where the usual 30 s may be too short. */
    options: Waiting & { readonly timeoutMs?: number },
  ): Promise<Uint8Array | undefined>;
  readFile(path: string, options: Waiting): AsyncIterable<Uint8Array>;
  /** Makes or replaces the file. */
  writeFile(path: string, bytes: AsyncIterable<Uint8Array>, options: Waiting): Promise<void>;
  /** Brings processors into use, or out of it, until `count` are; answers how many it says that it uses then. */
  useCpus(count: number, options: Waiting): Promise<number>;
  /** Lets the guest take memory that comes later into use by itself. Does nothing where that is so already. */
  useNewMemory(options: Waiting): Promise<void>;
  /** After a disk grew: its last partition and a mounted file system on it. One sentence of what the guest says that it did. */
  growFileSystem(diskId: string, options: Waiting): Promise<string | undefined>;
  /**
   * The guest puts its mounted file systems in order and lets nothing write to them until `thaw`; answers how many.
   * Whatever becomes of it (it may be given up and happen later), `thaw` must follow.
   */
  freeze(options: Waiting): Promise<number>;
  /** Harmless when nothing is frozen. */
  thaw(options: Waiting): Promise<number>;
  /**
   * Asked before `freeze`: should nobody come back, the guest lets its file systems go by itself after so long. Answers
   * whether it will: not every guest takes programs. `endGuards` must follow once they were let go.
   */
  guardFreeze(afterSeconds: number, options: Waiting): Promise<boolean>;
  /** Those of an earlier daemon too. Harmless where there are none. */
  endGuards(options: Waiting): Promise<void>;
  /** What its mounted file systems do not use is given back (discard). One sentence of what the guest says that it did. */
  trim(options: Waiting): Promise<string>;
  /** Facts it claims: host name, system, addresses. */
  describe(
    options: Waiting,
  ): Promise<{ readonly system: string | undefined; readonly hostname: string | undefined; readonly agentVersion: string | undefined }>;
}
