// A timetable out of YAML. A module of its own, fetched when somebody wants it: it brings the YAML reader and the schemas.
import type { InputOf } from "@mimic/api/client";
import { plain } from "@mimic/base";
import { readTimetable, stepWords } from "@mimic/model";
import { parseDocument } from "yaml";

export type Steps = InputOf<"machines", "timetable">["steps"];

/** The steps of a timetable and their words, or what is wrong with it. */
export function readText(text: string): { readonly steps: Steps; readonly words: readonly string[] } | { readonly wrong: string } {
  const document = parseDocument(text, { schema: "core", version: "1.2", customTags: [], merge: false });
  const [error] = document.errors;
  if (error) return { wrong: plain(error.message, 200) };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 10 });
    const read = readTimetable(value);
    if ("wrong" in read) return read;
    return { steps: (Array.isArray(value) ? value : (value as { steps: unknown }).steps) as Steps, words: read.steps.map(stepWords) };
  } catch {
    return { wrong: "it repeats itself too often (aliases)" };
  }
}
