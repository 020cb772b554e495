// `mimic exec NAME -- CMD…`: streams pass through, and so does the command's exit number.
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec, Context } from "../../command.ts";
import { exitNumber, type GuestCommand, runInGuest } from "../../guest-command.ts";
import { harmlessText } from "../../harmless-text.ts";
import { printJson } from "../../io.ts";
import { UsageError } from "../../say.ts";

const KEPT_FOR_JSON = 16 * 1024 * 1024;

export const command: CommandSpec = {
  path: "exec",
  group: "Inside a machine",
  summary: "Run a command in a machine",
  about:
    "Output and errors come back as they are, and “mimic exec” ends with the command's own number.\nInput is passed when it is a pipe or a file; -i passes what you type too, -n passes nothing.",
  args: [MACHINE],
  passesRest: true,
  options: [
    { flags: "-i, --interactive", about: "pass the terminal's input, line by line" },
    { flags: "-n, --no-stdin", about: "the command gets no input" },
    { flags: "-e, --env <name=value>", about: "set a variable for it; may be given several times", many: true, completes: "nothing" },
  ],
  examples: [
    { line: "mimic exec hello -- uname -a", does: "what system is it?" },
    { line: "mimic exec hello -- sh -c 'ps | wc -l'", does: "with a pipe inside the machine" },
    { line: "tar c site | mimic exec web -- tar x -C /srv", does: "with a pipe from here" },
    { line: "mimic exec hello --json -- id", does: "output, errors and number as one object" },
  ],
  run: async (context, given) => {
    const [program, ...args] = given.rest;
    if (program === undefined)
      throw new UsageError("cli.usage", "Say which command shall run in the machine.", {
        hint: `For example: mimic exec ${given.arg("name")} -- uname -a`,
      });
    const { input } = context.io;
    const reads = !given.off("stdin") && (given.flag("interactive") || !input.isTerminal);
    const command = { machine: given.arg("name"), program, args, env: given.texts("env"), stdin: reads ? input.chunks() : undefined };
    return given.json ? runAndCollect(context, command) : runAndStream(context, command);
  },
};

type Wanted = Omit<GuestCommand, "onStdout" | "onStderr">;

async function runAndStream(context: Context, wanted: Wanted): Promise<number> {
  const { out, err } = context.io;
  const show = (end: typeof out) => (end.isTerminal ? showText(end) : (bytes: Uint8Array) => end.writeBytes(bytes));
  return exitNumber(await runInGuest(context, { ...wanted, onStdout: show(out), onStderr: show(err) }));
}

/** A guest's output on a terminal is text: what a terminal would obey is taken out. Into files and pipes it goes as it is. */
export function showText(end: Context["io"]["out"]): (bytes: Uint8Array) => void {
  const decoder = new TextDecoder();
  return (bytes) => end.write(harmlessText(decoder.decode(bytes, { stream: true })));
}

async function runAndCollect(context: Context, wanted: Wanted): Promise<number> {
  const [stdout, stderr] = [new Kept(), new Kept()];
  const end = await runInGuest(context, { ...wanted, onStdout: (bytes) => stdout.add(bytes), onStderr: (bytes) => stderr.add(bytes) });
  printJson(context.io, { exit: end, stdout: stdout.text(), stderr: stderr.text(), cut: stdout.isCut || stderr.isCut });
  return exitNumber(end);
}

/** Bounded: a guest may say as much as it likes. */
class Kept {
  #parts: Uint8Array[] = [];
  #size = 0;
  isCut = false;
  add(bytes: Uint8Array): void {
    const room = KEPT_FOR_JSON - this.#size;
    if (bytes.length > room) this.isCut = true;
    if (room <= 0) return;
    this.#parts.push(bytes.slice(0, room));
    this.#size += Math.min(room, bytes.length);
  }
  text(): string {
    return Buffer.concat(this.#parts).toString("utf8");
  }
}
