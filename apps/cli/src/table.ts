// Tables and other plain text for terminals. Pure, and on the path of `mimic ls`. Every cell passes
// `plain`: what a guest, a file or a web page had a hand in is shown and never obeyed.
import { plain } from "@mimic/base";

export type Tone = "good" | "busy" | "bad" | "faint" | "strong";
export interface Cell {
  readonly text: string;
  readonly tone?: Tone | undefined;
}
export interface TableLook {
  readonly colour: boolean;
  /** Columns of the terminal; undefined = not a terminal, nothing is cut. */
  readonly columns?: number | undefined;
}

const CODE: Readonly<Record<Tone, string>> = { good: "32", busy: "33", bad: "31", faint: "2", strong: "1" };

/** The text in its tone, when there is colour. */
export const tinted = (text: string, tone: Tone | undefined, colour: boolean): string =>
  tone && colour && text ? `\u001b[${CODE[tone]}m${text}\u001b[0m` : text;

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: plain ASCII is the common, quick case
const ASCII = /^[\u0000-\u007f]*$/;

/** Columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Cut to `columns`, with … where something is missing. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let shown = "";
  let width = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > columns - 1) break;
    shown += character;
  }
  return `${shown}…`;
}

/** A sentence broken between words so that it fits beside an indent; as it is when it goes to no terminal. */
export function wrap(text: string, indent: number, columns: number | undefined): string {
  const room = columns === undefined ? Number.POSITIVE_INFINITY : Math.max(20, columns - indent);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > room) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${" ".repeat(indent)}`);
}

/** Lines without a trailing newline; the last column is cut when the terminal is too narrow. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[], look: TableLook): string {
  const clean = rows.map((row) => row.map((cell) => ({ text: plain(cell.text, 1000), tone: cell.tone })));
  const widths = heads.map((head, at) => clean.reduce((most, row) => Math.max(most, widthOf(row[at]?.text ?? "")), widthOf(head)));
  const line = (cells: readonly Cell[]): string => {
    let text = "";
    let used = 0;
    cells.forEach((cell, at) => {
      const last = at === cells.length - 1;
      const room = look.columns === undefined ? Number.POSITIVE_INFINITY : Math.max(8, look.columns - used);
      const shown = last ? cut(cell.text, room) : cell.text;
      text += tinted(shown, cell.tone, look.colour);
      if (!last) text += " ".repeat((widths[at] ?? 0) - widthOf(shown) + 2);
      used += (widths[at] ?? 0) + 2;
    });
    return text.trimEnd();
  };
  return [line(heads.map((head) => ({ text: head, tone: "faint" }))), ...clean.map(line)].join("\n");
}

/** “just now”, “3 min ago”, “yesterday”, “in 2 days”. */
export function relative(iso: string, nowMs: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "—";
  const seconds = Math.round((nowMs - at) / 1000);
  const size = Math.abs(seconds);
  if (size < 10) return "just now";
  const words =
    size < 60 ? `${size} s` : size < 3600 ? `${Math.floor(size / 60)} min` : size < 86_400 ? `${Math.floor(size / 3600)} h` : days(size);
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

function days(seconds: number): string {
  const count = Math.floor(seconds / 86_400);
  if (count < 60) return `${count} ${count === 1 ? "day" : "days"}`;
  return count < 730 ? `${Math.floor(count / 30)} months` : `${Math.floor(count / 365)} years`;
}

/** “512 MiB”, “2 GiB”. */
export const memoryInWords = (mib: number): string => (mib >= 1024 ? `${Number((mib / 1024).toFixed(1))} GiB` : `${mib} MiB`);

const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters that a terminal might obey
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** JSON text that means the same and holds nothing that a terminal obeys. */
export const harmlessJson = (json: string): string =>
  json.replace(HIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
