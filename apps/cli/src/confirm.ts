// Asks before something is lost for ever. Without a terminal nobody can answer, so it takes `--yes`.
import { createInterface } from "node:readline/promises";
import type { Context, Given } from "./command.ts";
import { NotNowError } from "./say.ts";

/** Throws `cli.needs_yes` or `cli.declined`; `loss` names the thing and what is lost. */
export async function confirm({ io }: Context, given: Given, loss: string): Promise<void> {
  if (given.flag("yes")) return;
  if (!io.input.isTerminal || !io.err.isTerminal)
    throw new NotNowError("cli.needs_yes", `${loss} Nobody is here to be asked whether that is meant.`, {
      hint: "Say so on the command line: --yes",
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${loss} Go on? [y/N] `);
    if (/^\s*(y|yes)\s*$/i.test(answer)) return;
  } finally {
    lines.close();
  }
  throw new NotNowError("cli.declined", "Nothing was changed.", { hint: "" });
}
