// One verb's command line, read by commander from the verb's own data.
import { Command, CommanderError, Option } from "commander";
import { type CommandSpec, Given, type OptionSpec } from "./command.ts";
import { UsageError } from "./say.ts";

/** `<name>`, `[name]`, `<name...>`. */
export function argumentText({ name, optional, many }: NonNullable<CommandSpec["args"]>[number]): string {
  const text = `${name}${many ? "..." : ""}`;
  return optional ? `[${text}]` : `<${text}>`;
}

const JSON_OPTION: OptionSpec = { flags: "--json", about: "print the API's own objects, for programs" };

/** Its own options and those that every verb has. */
export const optionsOf = (spec: CommandSpec): readonly OptionSpec[] => [
  ...(spec.options ?? []),
  ...(spec.isConversation ? [] : [JSON_OPTION]),
];

export type Parsed = { readonly kind: "run"; readonly given: Given } | { readonly kind: "help" };

/** Throws UsageError. */
export function parseVerb(spec: CommandSpec, words: readonly string[]): Parsed {
  const { mine, rest } = spec.passesRest ? splitRest(spec, words) : { mine: words, rest: [] };
  const end = mine.indexOf("--");
  if ((end < 0 ? mine : mine.slice(0, end)).some((word) => word === "--help" || word === "-h")) return { kind: "help" };
  const command = new Command(spec.path).helpOption(false).exitOverride();
  command.configureOutput({ writeOut: () => {}, writeErr: () => {} }).allowExcessArguments(false);
  for (const argument of spec.args ?? []) command.argument(argumentText(argument), argument.about);
  for (const { flags, about, many } of optionsOf(spec)) {
    const option = new Option(flags, about);
    if (many) option.argParser((value: string, all: string[] | undefined) => [...(all ?? []), value]);
    command.addOption(option);
  }
  try {
    command.parse([...mine], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw toUsage(spec, error);
  }
  return { kind: "run", given: new Given(spec, command.processedArgs, command.opts(), rest) };
}

/** `exec [ours] NAME [ours] [--] CMD everything else`. */
export function splitRest(spec: CommandSpec, words: readonly string[]): { mine: string[]; rest: string[] } {
  const takesValue = (word: string): boolean =>
    !word.includes("=") && (spec.options ?? []).some(({ flags }) => flags.includes("<") && flags.split(/[ ,]+/).includes(word));
  const mine: string[] = [];
  let named = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as string;
    if (word === "--") return { mine, rest: words.slice(at + 1) };
    if (word.startsWith("-") && word !== "-") {
      mine.push(word);
      if (takesValue(word) && at + 1 < words.length) mine.push(words[++at] as string);
    } else if (named) return { mine, rest: words.slice(at) };
    else {
      named = true;
      mine.push(word);
    }
  }
  return { mine, rest: [] };
}

function toUsage(spec: CommandSpec, error: CommanderError): UsageError {
  const said = error.message
    .replace(/^error: /, "")
    .replaceAll("'", "")
    .split("\n");
  const first = said[0] ?? "";
  const words: Readonly<Record<string, string>> = {
    "commander.missingArgument": first.replace(/^missing required argument (\S+)$/, `“mimic ${spec.path}” needs its <$1>.`),
    "commander.unknownOption": first.replace(/^unknown option (.+)$/, `“mimic ${spec.path}” knows no option $1.`),
    "commander.excessArguments": `“mimic ${spec.path}” was given more words than it takes.`,
    "commander.optionMissingArgument": first.replace(/^option (.+) argument missing$/, "The option $1 needs a value."),
  };
  return new UsageError("cli.usage", words[error.code] ?? `“mimic ${spec.path}” was not understood: ${first}.`, {
    hint: [...said.slice(1).map((text) => text.replace(/[()]/g, "")), `See how it is used: mimic ${spec.path} --help`].join("\n"),
  });
}
