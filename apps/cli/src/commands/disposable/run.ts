// `mimic run OS [-- CMD]`: a machine for once, as handy as a container. Streams pass through, and the command's own
// number is ours; whatever happens, the machine is ended and nothing of it stays.
import { setImmediate } from "node:timers/promises";
import { liveRoutes } from "@mimic/api/routes";
import { quoted } from "@mimic/base";
import type { JobView } from "@mimic/model";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { lastPart } from "../../copy-place.ts";
import type { GuestCommand } from "../../guest-command.ts";
import { aside, line, printJson } from "../../io.ts";
import { InterruptedError, JobError, UsageError } from "../../say.ts";
import { waitJob } from "../../wait-job.ts";

const FIRST_WAIT_MS = 1500;
/** Where files of --in go when no place is said. */
const WORK_FOLDER = "/tmp";

export const command: CommandSpec = {
  path: "run",
  group: "In a moment",
  summary: "Use a machine for once: run a command in it, or go in; then it vanishes",
  about:
    "From a template or a system of the catalogue. The first time a system is asked for it is switched on once; later ones begin where it was then.\nWithout a command you get a shell. What it writes is encrypted with a key that exists only in memory, and gone when it ends.",
  args: [{ name: "from", about: "a template (mimic template ls) or a system (mimic os ls)", optional: true, completes: "system" }],
  passesRest: true,
  options: [
    {
      flags: "--arch <processor>",
      about:
        "run a program of this computer that is made for another processor (arm64, riscv64 …), in a cage, without a machine where that can be",
      completes: ["arm64", "arm", "riscv64", "ppc64le", "s390x", "i386"],
    },
    { flags: "--write", about: "with --arch: the program may write into its own folder" },
    { flags: "--in-machine", about: "with --arch: in a small machine of that kind, with a kernel of its own" },
    { flags: "--os <system>", about: "the same, before the command", completes: "system" },
    {
      flags: "--in <file[:/path]>",
      about: "copy a file or folder in first; /tmp when no place is said; may be given several times",
      many: true,
      completes: "file",
    },
    {
      flags: "--out </path[:file]>",
      about: "copy a file or folder out afterwards; here when no place is said; may be given several times",
      many: true,
      completes: "nothing",
    },
    {
      flags: "-e, --env <name=value>",
      about: "set a variable for the command; may be given several times",
      many: true,
      completes: "nothing",
    },
    { flags: "-n, --no-stdin", about: "the command gets no input" },
    {
      flags: "--net <network>",
      about: "a network to plug it into (mimic net ls), nat for the Internet, or none (the rule)",
      completes: "network",
    },
    { flags: "--name <name>", about: "a machine with a name: it stays, and is as new at each start", completes: "nothing" },
    { flags: "-d, --detach", about: "leave it running, and print its name" },
  ],
  examples: [
    { line: "mimic run tiny-linux", does: "a shell in a fresh machine" },
    { line: "mimic run tiny-linux -- uname -a", does: "one command, and its exit number" },
    { line: "mimic run --os debian-12 --in site:/srv --out /srv/build -- make -C /srv", does: "with files in and out" },
    { line: "mimic run --arch arm64 ./program -- --help", does: "a program for ARM, here and now, with a word of its own" },
    { line: "mimic run web -d", does: "one from the template “web”, left running; mimic keep makes it stay" },
  ],
  run: async (context, given) => {
    if (given.text("arch") !== undefined) {
      const words = [...(given.maybe("from") === undefined ? [] : [given.maybe("from") as string]), ...given.rest];
      return await (await import("./run-program.ts")).runProgram(context, given, words);
    }
    const of = given.text("os") ?? given.maybe("from");
    // `--os SYSTEM CMD…`: what looked like the first argument belongs to the command.
    const rest =
      given.text("os") !== undefined && given.maybe("from") !== undefined ? [given.maybe("from") as string, ...given.rest] : given.rest;
    if (of === undefined)
      throw new UsageError("cli.usage", "Say what the machine shall be made from.", { hint: "For example: mimic run tiny-linux" });
    // What the command needs here is loaded while its machine comes, once the question for it is on its way.
    const parts = async () => {
      for (let turn = 0; turn < 4; turn++) await setImmediate();
      return await commandParts();
    };
    const stop = new AbortController();
    // A shell in a terminal gets Ctrl-C as a key; whatever else tells us to end comes here.
    using _ = context.io.onInterrupt(() => stop.abort(ended()), { orTold: true });
    const [machine] = await Promise.all([bring(context, given, of, stop.signal), rest.length > 0 ? parts() : undefined]);
    if (given.flag("detach")) return left(context, given, machine);
    try {
      return await Promise.race([use(context, given, machine, rest, stop.signal), whenAborted(stop.signal)]);
    } finally {
      await context.client.disposables.discard({ machine }).catch(() => {});
    }
  },
};

const ended = (): InterruptedError => new InterruptedError("cli.interrupted", "Ended; the machine vanishes.", { hint: "" });

function whenAborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {});
  const now = (): void => reject(signal.reason as Error);
  if (signal.aborted) now();
  else signal.addEventListener("abort", now, { once: true });
  return promise;
}

const commandParts = () => Promise.all([import("../../guest-command.ts"), import("../guest/exec.ts")]);

async function bring(context: Context, given: Given, of: string, signal: AbortSignal): Promise<string> {
  const name = given.text("name");
  const net = given.text("net");
  const { job } = await context.client.disposables.run({
    of,
    ...(name !== undefined && { name }),
    ...(net !== undefined && net !== "none" && { net }),
    withinMs: FIRST_WAIT_MS,
  });
  const over = job.state === "running" ? await waitOrCancel(context, job, given, signal) : job;
  if (over.state !== "done") throw new JobError(over);
  const machine = (over as JobView).result?.["machine"] ?? "";
  if (over.result?.["switchedOnBecause"] !== undefined) (await import("./say-switched-on.ts")).saySwitchedOn(context, over);
  if (signal.aborted) {
    await context.client.disposables.discard({ machine }).catch(() => {});
    throw signal.reason;
  }
  return machine;
}

async function waitOrCancel(context: Context, job: JobView, given: Given, signal: AbortSignal): Promise<JobView> {
  try {
    return await Promise.race([waitJob(context, job, { quiet: given.json }), whenAborted(signal)]);
  } catch (error) {
    if (signal.aborted) await takeBack(context, job.id).catch(() => {});
    throw error;
  }
}

/** A machine that was there before the cancelling came goes too: nobody is left who knows of it. */
async function takeBack({ client }: Context, job: string): Promise<void> {
  const now = await client.jobs.cancel({ job });
  const machine = now.result?.["machine"];
  if (now.state === "done" && machine !== undefined) await client.disposables.discard({ machine });
}

async function left(context: Context, given: Given, machine: string): Promise<number> {
  const view = await context.client.machines.show({ machine });
  if (given.json) printJson(context.io, view);
  else line(context.io, view.name);
  return 0;
}

async function use(context: Context, given: Given, machine: string, rest: readonly string[], signal: AbortSignal): Promise<number> {
  for (const wish of given.texts("in")) {
    const { copyToGuest } = await import("../../copy-to-guest.ts");
    const [, file = wish, place = `${WORK_FOLDER}/`] = /^(.+?):(\/.*)$/s.exec(wish) ?? [];
    await copyToGuest(context, file, { on: "guest", machine, path: place }, true);
  }
  const [program, ...args] = rest;
  const code = program === undefined ? await goIn(context, machine) : await runCommand(context, given, { machine, program, args, signal });
  for (const wish of given.texts("out")) {
    const { copyFromGuest } = await import("../../copy-from-guest.ts");
    const [, path = wish, here = lastPart(wish)] = /^(\/.+?):(.+)$/s.exec(wish) ?? [];
    await copyFromGuest(context, { on: "guest", machine, path }, here, true);
  }
  return code;
}

type Wanted = Pick<GuestCommand, "machine" | "program" | "args"> & { readonly signal: AbortSignal };

async function runCommand(context: Context, given: Given, wanted: Wanted): Promise<number> {
  const [{ runInGuest, exitNumber }, { showText }] = await commandParts();
  const { input, out, err } = context.io;
  const reads = !given.off("stdin") && !input.isTerminal;
  const show = (end: typeof out) => (end.isTerminal ? showText(end) : (bytes: Uint8Array) => end.writeBytes(bytes));
  const end = await runInGuest(context, {
    ...wanted,
    // With files to be taken out afterwards it has to wait for us.
    endsMachine: given.texts("out").length === 0,
    env: given.texts("env"),
    stdin: reads ? input.chunks() : undefined,
    onStdout: show(out),
    onStderr: show(err),
  });
  return exitNumber(end);
}

async function goIn(context: Context, machine: string): Promise<number> {
  const { joinTerminals } = await import("../../terminal-session.ts");
  const { name } = await context.client.machines.show({ machine });
  await joinTerminals(context, {
    route: liveRoutes.shell,
    machine,
    query: { endsMachine: "1" },
    greeting: `In ${quoted(name)}, which vanishes when you leave it: “exit” or Ctrl-]. To keep it: mimic keep ${name}`,
    sendsSize: true,
    atEndOfInput: Uint8Array.of(4),
  });
  const after = await context.client.machines.show({ machine }).catch(() => undefined);
  if (after?.forgets === undefined && after !== undefined) aside(context.io, `${quoted(after.name)} was kept.`, "faint");
  return 0;
}
