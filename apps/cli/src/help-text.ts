// The words of `--help`, from the verbs' own data. Pure.
import { type CommandSpec, GROUPS } from "./command.ts";
import { argumentText, optionsOf } from "./parse.ts";
import { EXIT_WORDS } from "./say.ts";
import { type Tone, tinted } from "./table.ts";

const rows = (pairs: readonly (readonly [string, string])[], colour: boolean): string[] => {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `  ${tinted(left, "strong", colour)}${" ".repeat(width - left.length + 2)}${right}`);
};

const title = (text: string, colour: boolean, tone: Tone = "faint"): string => tinted(text, tone, colour);

export function usageOf(spec: CommandSpec): string {
  const words = ["mimic", spec.path, "[options]", ...(spec.args ?? []).map(argumentText)];
  if (spec.passesRest) words.push("[--]", "<command>", "[argument...]");
  return words.join(" ");
}

export function helpOf(spec: CommandSpec, colour: boolean): string {
  const lines = [`${spec.summary}.`, "", `${title("Usage:", colour)} ${usageOf(spec)}`];
  if (spec.about) lines.push("", spec.about);
  if (spec.args?.length)
    lines.push(
      "",
      title("Arguments:", colour),
      ...rows(
        spec.args.map((a) => [a.name, a.about]),
        colour,
      ),
    );
  const options = [...optionsOf(spec), { flags: "-h, --help", about: "show this" }];
  lines.push(
    "",
    title("Options:", colour),
    ...rows(
      options.map((o) => [o.flags, o.about]),
      colour,
    ),
  );
  lines.push(
    "",
    title("Examples:", colour),
    ...spec.examples.flatMap(({ line, does }) => [`  ${tinted(line, "strong", colour)}`, `      ${does}`]),
  );
  return `${lines.join("\n")}\n`;
}

export function overview(specs: readonly CommandSpec[], colour: boolean): string {
  const lines = [
    "Mimic: make, use and look after virtual machines on this computer.",
    "",
    `${title("Usage:", colour)} mimic <verb> [options] …`,
  ];
  const width = Math.max(...specs.map((spec) => spec.path.length));
  for (const group of GROUPS) {
    const members = specs.filter((spec) => spec.group === group);
    lines.push("", title(`${group}:`, colour));
    lines.push(
      ...members.map((spec) => `  ${tinted(spec.path, "strong", colour)}${" ".repeat(width - spec.path.length + 2)}${spec.summary}`),
    );
  }
  lines.push("", "Each verb explains itself: mimic <verb> --help. Names may be shortened as long as they fit only one machine.");
  lines.push("Verbs take --json. Colour stops when NO_COLOR is set.", "", title("Exit numbers:", colour));
  lines.push(...EXIT_WORDS.map(([code, words]) => `  ${String(code).padEnd(4)} ${words}`));
  lines.push("  “mimic exec” ends with the number of the command that it ran; 128 and more when a signal ended that.");
  return `${lines.join("\n")}\n`;
}

export function nounHelp(noun: string, specs: readonly CommandSpec[], colour: boolean): string {
  const members = specs.filter((spec) => spec.path.startsWith(`${noun} `));
  return `${title("Usage:", colour)} mimic ${noun} <verb> [options] …\n\n${rows(
    members.map((spec) => [spec.path, spec.summary]),
    colour,
  ).join("\n")}\n`;
}
