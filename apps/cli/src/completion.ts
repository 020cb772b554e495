// What may come next on the command line. The three shells ask here (`mimic __complete SHELL WORDS…`), so
// their scripts are a few lines each and the answers come from the verbs' own data. Never starts the daemon.
import { plain } from "@mimic/base";
import type { CommandSpec, Completes } from "./command.ts";
import type { Door } from "./door.ts";
import type { Io } from "./io.ts";
import { optionsOf } from "./parse.ts";
import { findVerb, loadAll, nouns } from "./registry.ts";

export interface Candidate {
  readonly value: string;
  readonly about: string;
}
export interface Answer {
  /** files: the shell's own file names too. open: no space after the word. */
  readonly mode: "values" | "files" | "open";
  readonly candidates: readonly Candidate[];
}
/** Names of this moment. */
export type Look = (
  what: "machine" | "network" | "image" | "system" | "job" | "trash" | "template" | "storage",
) => Promise<readonly Candidate[]>;

const NOTHING: Answer = { mode: "values", candidates: [] };

/** `words` are those after `mimic`; the last is the one being written, maybe "". */
export async function completeWords(specs: readonly CommandSpec[], words: readonly string[], look: Look): Promise<Answer> {
  const current = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const all = await candidatesFor(specs, before, current, look);
  return { ...all, candidates: all.candidates.filter(({ value }) => value.startsWith(current)) };
}

async function candidatesFor(specs: readonly CommandSpec[], before: readonly string[], current: string, look: Look): Promise<Answer> {
  if (before.length === 0) return values(topWords(specs));
  const noun = before[0] ?? "";
  if (before.length === 1 && Object.hasOwn(nouns, noun) && !current.startsWith("-")) return values(verbsOf(specs, noun));
  const found = findVerb(before);
  const spec = found.kind === "verb" ? specs.find(({ path }) => path === found.path) : undefined;
  if (!spec || found.kind !== "verb") return NOTHING;
  if (spec.path === "help") return values(before.length === 1 ? topWords(specs) : verbsOf(specs, before[1] ?? ""));
  return insideVerb(spec, found.rest, current, look);
}

const values = (candidates: readonly Candidate[]): Answer => ({ mode: "values", candidates });

function topWords(specs: readonly CommandSpec[]): Candidate[] {
  const words = new Map<string, string>();
  for (const { path, summary } of specs) {
    const [first = "", second] = path.split(" ");
    if (!words.has(first)) words.set(first, second === undefined ? summary : (NOUN_WORDS[first] ?? summary));
  }
  return [...words].map(([value, about]) => ({ value, about }));
}

const NOUN_WORDS: Readonly<Record<string, string>> = {
  storage: "Folders on other drives that disks may lie in",
  trash: "What was removed and can come back",
  os: "Systems that machines can be made from",
  image: "Images that are here",
  moments: "Moments of a machine that can be gone back to",
  template: "Machines that others are made from in a moment",
  jobs: "Long work",
};

const verbsOf = (specs: readonly CommandSpec[], noun: string): Candidate[] =>
  specs
    .filter(({ path }) => path.startsWith(`${noun} `))
    .map(({ path, summary }) => ({ value: path.slice(noun.length + 1), about: summary }));

async function insideVerb(spec: CommandSpec, rest: readonly string[], current: string, look: Look): Promise<Answer> {
  const options = optionsOf(spec);
  const namesOf = (flags: string): string[] => flags.split(/[ ,]+/).filter((word) => word.startsWith("-"));
  const valued = (word: string | undefined) =>
    options.find(({ flags }) => word !== undefined && flags.includes("<") && namesOf(flags).includes(word));
  const waiting = valued(rest.at(-1));
  if (waiting) return offer(waiting.completes ?? "nothing", [], look);
  if (spec.passesRest && rest.includes("--")) return { mode: "files", candidates: [] };
  if (current.startsWith("-")) {
    const given = new Set(rest);
    return values(
      options.flatMap(({ flags, about, many }) =>
        namesOf(flags)
          .filter((name) => name.startsWith("--") && (many || !given.has(name)))
          .map((value) => ({ value, about })),
      ),
    );
  }
  const placed = rest.filter((word, at) => !word.startsWith("-") && !valued(rest[at - 1]));
  const args = spec.args ?? [];
  const argument = args[placed.length] ?? (args.at(-1)?.many ? args.at(-1) : undefined);
  return argument ? offer(argument.completes ?? "nothing", placed, look) : NOTHING;
}

async function offer(completes: Completes, given: readonly string[], look: Look): Promise<Answer> {
  if (typeof completes !== "string") {
    // “up=” waits for what follows it.
    const mode = completes.every((value) => value.endsWith("=")) ? "open" : "values";
    return { mode, candidates: completes.map((value) => ({ value, about: "" })) };
  }
  switch (completes) {
    case "nothing":
      return NOTHING;
    case "file":
      return { mode: "files", candidates: [] };
    case "remote":
      return { mode: "files", candidates: (await look("machine")).map(({ value, about }) => ({ value: `${value}:`, about })) };
    case "drive":
      return values(["cd0", "cd1", "floppy0"].map((value) => ({ value, about: "" })));
    default:
      return values((await look(completes)).filter(({ value }) => !given.includes(value)));
  }
}

const LOOKS_WITHIN_MS = 2000;

/** Prints the mode, then a line “value⇥what it is” for each candidate. */
export async function answerCompletion(words: readonly string[], { io, door }: { readonly io: Io; readonly door: Door }): Promise<void> {
  const specs = await loadAll();
  const answer = await completeWords(specs, words.slice(1), (what) => lookUp(what, door));
  const lines = answer.candidates.map(({ value, about }) => `${plain(value)}\t${plain(about)}`);
  io.out.write(`${[answer.mode, ...lines].join("\n")}\n`);
}

/** Nothing when the daemon does not run or is slow: pressing Tab must never be an error. */
async function lookUp(what: Parameters<Look>[0], door: Door): Promise<readonly Candidate[]> {
  try {
    if (!(await door.runs())) return [];
    const { createClient } = await import("@mimic/api/client");
    const client = createClient(door.send);
    const options = { signal: AbortSignal.timeout(LOOKS_WITHIN_MS) };
    switch (what) {
      case "machine":
        return (await client.machines.list({}, options)).machines.map(({ name, power }) => ({ value: name, about: power }));
      case "image":
        return (await client.images.list({}, options)).images.map(({ name, kind }) => ({ value: name, about: kind }));
      case "network":
        return (await client.networks.list({}, options)).networks.map(({ name, kind }) => ({ value: name, about: kind }));
      case "system":
        return (await client.systems.list({}, options)).systems.map(({ id, name }) => ({ value: id, about: name }));
      case "job":
        return (await client.jobs.list({}, options)).jobs.map(({ id, title }) => ({ value: id, about: title }));
      case "template":
        return (await client.templates.list({}, options)).templates.map(({ name, hardwareInWords }) => ({
          value: name,
          about: hardwareInWords,
        }));
      case "storage":
        return (await client.storages.list({}, options)).storages.map(({ name, folder }) => ({ value: name, about: folder }));
      case "trash":
        return (await client.trash.list({}, options)).trash.map(({ name }) => ({ value: name, about: "in the trash" }));
      default:
        return what satisfies never;
    }
  } catch {
    return [];
  }
}
