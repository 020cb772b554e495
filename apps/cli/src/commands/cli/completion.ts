// `mimic completion SHELL`.
import { basename } from "node:path";
import { readChoice } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { completionScript, SHELLS } from "../../completion-scripts.ts";
import { printJson } from "../../io.ts";

export const command: CommandSpec = {
  path: "completion",
  group: "This program",
  summary: "Print a script that lets your shell complete verbs and names",
  args: [{ name: "shell", about: "bash, zsh or fish (yours when left out)", optional: true, completes: SHELLS }],
  examples: [
    { line: "source <(mimic completion bash)", does: "now; put it into ~/.bashrc to keep it" },
    { line: "mimic completion zsh > ~/.zfunc/_mimic", does: "for zsh, with ~/.zfunc in its fpath" },
    { line: "mimic completion fish > ~/.config/fish/completions/mimic.fish", does: "for fish" },
  ],
  run: async ({ io }, given) => {
    const shell = readChoice("completion", given.maybe("shell") ?? basename(io.env["SHELL"] ?? "bash"), SHELLS);
    if (given.json) printJson(io, { shell, script: completionScript(shell) });
    else io.out.write(completionScript(shell));
    return 0;
  },
};
