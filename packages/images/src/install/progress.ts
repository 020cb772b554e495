// What the installing guest says of itself on its serial port: lines that begin with “@mimic”. The guest runs programs
// from packages, so what it says is bounded and anything else is ignored.
import { plain } from "@mimic/base";

export type GuestWord =
  | { readonly kind: "phase"; readonly phase: Phase }
  /** `name` is what is being worked on. */
  | { readonly kind: "step"; readonly done: number; readonly total: number; readonly name: string }
  | { readonly kind: "failed"; readonly at: string }
  | { readonly kind: "done" };

export const PHASES = ["disk", "unpack", "prepare", "configure", "initramfs", "finish", "clean"] as const;
export type Phase = (typeof PHASES)[number];

const LINE = 500;

function readWord(line: string): GuestWord | undefined {
  const words = /^@mimic ([a-z]+)(?: (.*))?$/.exec(line);
  const rest = words?.[2] ?? "";
  switch (words?.[1]) {
    case "phase": {
      const phase = PHASES.find((one) => one === rest);
      return phase && { kind: "phase", phase };
    }
    case "step": {
      const step = /^(\d{1,6}) (\d{1,6}) ([a-z0-9][a-z0-9+.:-]{0,127})$/.exec(rest);
      return step?.[3] ? { kind: "step", done: Number(step[1]), total: Number(step[2]), name: step[3] } : undefined;
    }
    case "failed":
      return { kind: "failed", at: plain(rest, 100) };
    case "done":
      return { kind: "done" };
    default:
      return undefined;
  }
}

/** Takes bytes in pieces of any size, gives the words that are complete. Holds at most one line. */
export class GuestWords {
  readonly #decoder = new TextDecoder("latin1");
  #line = "";

  read(bytes: Uint8Array): GuestWord[] {
    const words: GuestWord[] = [];
    const lines = (this.#line + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#line = (lines.pop() ?? "").slice(0, LINE);
    for (const line of lines) {
      const word = readWord(line.replace(/\r+$/, "").slice(0, LINE));
      if (word) words.push(word);
    }
    return words;
  }
}
