// A person's terminal joined to a guest's: keys go in raw, bytes come out raw, Ctrl-] leaves.
// Only here may a guest's bytes reach a terminal: it is a terminal's output by nature.
import { setTimeout as sleep } from "node:timers/promises";
import { SHELL_ENDED } from "@mimic/base";
import type { Context } from "./command.ts";
import { aside } from "./io.ts";
import { type LiveSocket, openLive } from "./live-socket.ts";

export interface TerminalSession {
  readonly route: string;
  readonly machine: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly greeting: string;
  /** Tell the guest how large the terminal is. */
  readonly sendsSize: boolean;
  /** What ends the input when it is no terminal and is over. */
  readonly atEndOfInput?: Uint8Array;
}

const LEAVE = 0x1d; // Ctrl-]
const ANSWERS_WITHIN_MS = 120;

/** Answers with how it ended. */
export async function joinTerminals(context: Context, session: TerminalSession): Promise<"left" | "closed"> {
  const { io, door } = context;
  await door.ensure();
  const screen = new ScreenModes();
  let isLive = false;
  const greeted = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<"closed">();
  const mark = new MarkFinder(SHELL_ENDED);
  await using live = await openLive(
    { socket: door.socket, route: session.route, machine: session.machine, ...(session.query && { query: session.query }) },
    {
      onBytes: async (bytes) => {
        await greeted.promise;
        if (mark.isFound) return;
        const own = isLive ? bytes.subarray(0, mark.push(bytes)) : bytes;
        const shown = isLive ? own : withoutQuestions(own);
        screen.note(shown);
        await io.out.writeBytes(shown);
        if (mark.isFound) ended.resolve("closed");
      },
      onText: (message) => {
        isLive ||= message.live === true;
      },
    },
  );
  if (io.err.isTerminal) aside(io, session.greeting, "faint");
  greeted.resolve();
  const sendSize = () => {
    if (io.out.columns && io.out.rows) live.tell({ resize: { columns: io.out.columns, rows: io.out.rows } });
  };
  using _size = session.sendsSize ? io.out.onResize(sendSize) : NOTHING;
  if (session.sendsSize) sendSize();
  const raw = io.input.raw();
  try {
    return await Promise.race([live.closed.then(() => "closed" as const), ended.promise, typed(context, live, session)]);
  } finally {
    if (io.out.isTerminal) io.out.write(`${screen.undo()}\r\n`);
    // A guest may ask the terminal something just before the end; the answer must not become input of the next shell.
    if (io.input.isTerminal) await sleep(ANSWERS_WITHIN_MS);
    raw[Symbol.dispose]();
  }
}

const NOTHING: Disposable = { [Symbol.dispose]: () => {} };

/** Resolves when the person leaves; never when the input ends by itself. After that it goes on reading, into nothing. */
function typed({ io }: Context, live: LiveSocket, { atEndOfInput }: TerminalSession): Promise<"left"> {
  const left = Promise.withResolvers<"left">();
  const read = async (): Promise<void> => {
    let hasLeft = false;
    for await (const chunk of io.input.chunks()) {
      if (hasLeft) continue;
      const leave = io.input.isTerminal ? chunk.indexOf(LEAVE) : -1;
      const mine = leave < 0 ? chunk : chunk.subarray(0, leave);
      if (mine.length > 0) await live.send(mine);
      hasLeft = leave >= 0;
      if (hasLeft) left.resolve("left");
    }
    if (atEndOfInput && !io.input.isTerminal) await live.send(atEndOfInput);
  };
  read().catch(left.reject);
  return left.promise;
}

/** Finds a sequence in bytes that come in pieces. */
export class MarkFinder {
  readonly #mark: Buffer;
  #tail: Buffer = Buffer.alloc(0);
  isFound = false;

  constructor(mark: string) {
    this.#mark = Buffer.from(mark, "latin1");
  }

  /** How many of these bytes come before the mark; all of them while it has not been seen. */
  push(bytes: Uint8Array): number {
    const seen = Buffer.concat([this.#tail, bytes]);
    const at = seen.indexOf(this.#mark);
    if (at >= 0) {
      this.isFound = true;
      return Math.max(0, at - this.#tail.length);
    }
    this.#tail = seen.subarray(Math.max(0, seen.length - this.#mark.length + 1));
    return bytes.length;
  }
}

const QUESTIONS =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences that a terminal answers (xterm control sequences)
  /\u001b\[[?>=]?[\d;]*[nct]|\u001bZ|\u001b\][\d;]+\?(?:\u0007|\u001b\\)|\u001bP[^\u001b]*\u001b\\/g;

/** What was said before is shown again, but what was asked then must not be answered now: the answer would be typed into the guest. */
export function withoutQuestions(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  return Buffer.from(text.replace(QUESTIONS, ""), "latin1");
}

/** Remembers whether a program of the guest's left the terminal in its other screen, and makes it ordinary again. */
export class ScreenModes {
  #isOther = false;

  note(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const on = text.lastIndexOf("\u001b[?1049h");
    const off = text.lastIndexOf("\u001b[?1049l");
    if (on !== off) this.#isOther = on > off;
  }

  /** Colours, cursor, mouse reports, bracketed paste and keypad as they are at first (xterm control sequences). */
  undo(): string {
    const modes = ["?1000l", "?1002l", "?1003l", "?1006l", "?2004l", "?1l", "?25h", "0m"].map((mode) => `\u001b[${mode}`);
    return `${this.#isOther ? "\u001b[?1049l" : ""}${modes.join("")}\u001b>`;
  }
}
