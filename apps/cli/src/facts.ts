// “name   value” lines: how one thing is shown.
import { plain } from "@mimic/base";
import { hasColour, type Io } from "./io.ts";
import { type Cell, tinted, widthOf, wrap } from "./table.ts";

export function printFacts(io: Io, facts: readonly (readonly [string, Cell | string])[]): void {
  const colour = hasColour(io);
  const width = Math.max(...facts.map(([name]) => widthOf(name)));
  for (const [name, value] of facts) {
    const cell = typeof value === "string" ? { text: value } : value;
    const left = tinted(name, "faint", colour) + " ".repeat(width - widthOf(name) + 2);
    io.out.write(`${left}${tinted(wrap(plain(cell.text, 4000), width + 2, io.out.columns), cell.tone, colour)}\n`);
  }
}
