// From words to a verb that runs: find it, read its command line, run it, say how it ended.
import { createClient } from "@mimic/api/client";
import { plain } from "@mimic/base";
import { Door } from "./door.ts";
import { helpOf, nounHelp, overview } from "./help-text.ts";
import { aside, hasColour, type Io } from "./io.ts";
import { parseVerb } from "./parse.ts";
import type { Paths } from "./paths.ts";
import { aliases, findVerb, loadAll, nearest, nouns, registry } from "./registry.ts";
import { EXIT, sayError, UsageError } from "./say.ts";

export interface Program {
  readonly io: Io;
  readonly paths: Paths;
  /** The folder of the entry file. */
  readonly folder: string;
}

/** Never throws; answers with the exit number. */
export async function runProgram(words: readonly string[], program: Program): Promise<number> {
  const { io } = program;
  try {
    return await dispatch(words, program);
  } catch (error) {
    const end = words.indexOf("--");
    return sayError(io, error, (end < 0 ? words : words.slice(0, end)).includes("--json"));
  }
}

async function dispatch(words: readonly string[], program: Program): Promise<number> {
  const { io } = program;
  const [first] = words;
  if (first === undefined || first === "--help" || first === "-h") {
    io.out.write(overview(await loadAll(), hasColour(io)));
    return EXIT.ok;
  }
  if (first === "--version" || first === "-V") return dispatch(["version"], program);
  if (first === "__complete") return complete(words.slice(1), program);
  if (first === "__tcp") {
    const { pipeTcp } = await import("./tcp-pipe.ts");
    return await pipeTcp(words.slice(1), { io, door: openDoor(program) });
  }
  const found = findVerb(words);
  if (found.kind === "unknown")
    throw unknownVerb(found.word, [
      ...Object.keys(registry).filter((path) => !path.includes(" ")),
      ...Object.keys(nouns),
      ...Object.keys(aliases),
    ]);
  if (found.kind === "noun") {
    if (found.wanted !== "--help" && found.wanted !== "-h") throw unknownOfNoun(found.noun, found.wanted ?? "");
    io.out.write(nounHelp(found.noun, await loadAll(), hasColour(io)));
    return EXIT.ok;
  }
  const load = registry[found.path];
  if (!load) throw unknownVerb(found.path, Object.keys(registry));
  const { command } = await load();
  const parsed = parseVerb(command, found.rest);
  if (parsed.kind === "help") {
    io.out.write(helpOf(command, hasColour(io)));
    return EXIT.ok;
  }
  const door = openDoor(program);
  return command.run({ io, door, client: createClient(door.send) }, parsed.given);
}

const openDoor = ({ io, paths, folder }: Program): Door => new Door({ paths, env: io.env, folder, say: (text) => aside(io, text) });

async function complete(words: readonly string[], program: Program): Promise<number> {
  const { answerCompletion } = await import("./completion.ts");
  await answerCompletion(words, { io: program.io, door: openDoor(program) });
  return EXIT.ok;
}

function unknownVerb(word: string, known: readonly string[]): UsageError {
  const near = nearest(word, known);
  return new UsageError("cli.unknown_verb", `There is no verb “${plain(word, 60)}”.`, {
    hint: near.length > 0 ? `Did you mean: ${near.map((one) => `mimic ${one}`).join(", ")}` : "See what there is: mimic help",
  });
}

function unknownOfNoun(noun: string, word: string): UsageError {
  const verbs = Object.keys(registry)
    .filter((path) => path.startsWith(`${noun} `))
    .map((path) => path.slice(noun.length + 1));
  const near = nearest(word, verbs);
  return new UsageError("cli.unknown_verb", `“mimic ${noun}” has no verb “${plain(word, 60)}”.`, {
    hint: near.length > 0 ? `Did you mean: ${near.map((one) => `mimic ${noun} ${one}`).join(", ")}` : `It has: ${verbs.join(", ")}`,
  });
}
