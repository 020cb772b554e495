// `mimic run OS [-- CMD]`: a machine for once, as handy as a container. Streams pass through, and the command's own
// number is ours; whatever happens, the machine is ended and nothing of it stays.
import { setImmediate } from "node:timers/promises";
import { liveRoutes } from "@mimic/api/routes";
import { quoted } from "@mimic/base";
import type { JobView } from "@mimic/model";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { lastPart } from "../../copy-place.ts";
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
      about: "run a program of this computer that is made for another processor (arm64, riscv64 …), in a cage, without a machine",
      completes: ["arm64", "arm", "riscv64", "ppc64le", "s390x", "i386"],
    },
    { flags: "--write", about: "with --arch: the program may write into its own folder" },
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
    { flags: "--net <network>", about: "a network to plug it into (mimic net ls), or none", completes: "network" },
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
    const [machine] = await Promise.all([bring(context, given, of), rest.length > 0 ? parts() : undefined]);
    if (given.flag("detach")) return left(context, given, machine);
    const keeps = given.text("name") !== undefined;
    try {
      return await use(context, given, machine, rest);
    } finally {
      if (keeps) await context.client.machines.kill({ machine }).catch(() => {});
      else await context.client.disposables.discard({ machine }).catch(() => {});
    }
  },
};

const commandParts = () => Promise.all([import("../../guest-command.ts"), import("../guest/exec.ts")]);

async function bring(context: Context, given: Given, of: string): Promise<string> {
  const name = given.text("name");
  const net = given.text("net");
  const { job } = await context.client.disposables.run({
    of,
    ...(name !== undefined && { name }),
    ...(net !== undefined && net !== "none" && { net }),
    withinMs: FIRST_WAIT_MS,
  });
  const ended = job.state === "running" ? await waitJob(context, job, { quiet: given.json }) : job;
  if (ended.state !== "done") throw new JobError(ended);
  return (ended as JobView).result?.["machine"] ?? "";
}

async function left(context: Context, given: Given, machine: string): Promise<number> {
  const view = await context.client.machines.show({ machine });
  if (given.json) printJson(context.io, view);
  else line(context.io, view.name);
  return 0;
}

async function use(context: Context, given: Given, machine: string, rest: readonly string[]): Promise<number> {
  for (const wish of given.texts("in")) {
    const { copyToGuest } = await import("../../copy-to-guest.ts");
    const [, file = wish, place = `${WORK_FOLDER}/`] = /^(.+?):(\/.*)$/s.exec(wish) ?? [];
    await copyToGuest(context, file, { on: "guest", machine, path: place }, true);
  }
  const [program, ...args] = rest;
  const code = program === undefined ? await goIn(context, machine) : await runCommand(context, given, machine, program, args);
  for (const wish of given.texts("out")) {
    const { copyFromGuest } = await import("../../copy-from-guest.ts");
    const [, path = wish, here = lastPart(wish)] = /^(\/.+?):(.+)$/s.exec(wish) ?? [];
    await copyFromGuest(context, { on: "guest", machine, path }, here, true);
  }
  return code;
}

async function runCommand(context: Context, given: Given, machine: string, program: string, args: readonly string[]): Promise<number> {
  const [{ runInGuest, exitNumber }, { showText }] = await commandParts();
  const { input, out, err } = context.io;
  const reads = !given.off("stdin") && !input.isTerminal;
  const show = (end: typeof out) => (end.isTerminal ? showText(end) : (bytes: Uint8Array) => end.writeBytes(bytes));
  const stop = new AbortController();
  using _ = context.io.onInterrupt(() => stop.abort(new InterruptedError("cli.interrupted", "Ended; the machine vanishes.", { hint: "" })));
  const end = await runInGuest(context, {
    machine,
    program,
    args,
    env: given.texts("env"),
    stdin: reads ? input.chunks() : undefined,
    onStdout: show(out),
    onStderr: show(err),
    signal: stop.signal,
  });
  return exitNumber(end);
}

async function goIn(context: Context, machine: string): Promise<number> {
  const { joinTerminals } = await import("../../terminal-session.ts");
  const { name } = await context.client.machines.show({ machine });
  await joinTerminals(context, {
    route: liveRoutes.shell,
    machine,
    greeting: `In ${quoted(name)}, which vanishes when you leave it: “exit” or Ctrl-]. To keep it: mimic keep ${name}`,
    sendsSize: true,
    atEndOfInput: Uint8Array.of(4),
  });
  const after = await context.client.machines.show({ machine }).catch(() => undefined);
  if (after?.forgets === undefined && after !== undefined) aside(context.io, `${quoted(after.name)} was kept.`, "faint");
  return 0;
}
