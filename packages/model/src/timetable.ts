// A timetable of changes: what happens to a machine at which second. Written by people in YAML or JSON; `readTimetable`
// takes what a parser made of it and says in words where it is wrong. Pure and bounded.
import { parseSize, plain } from "@mimic/base";
import { z } from "zod";
import { DiskBus } from "./hardware.ts";

const DAY_MS = 24 * 3_600_000;
export const MAX_STEPS = 500;

/** Milliseconds from “10s”, “500ms”, “2m”, “1h 30m” or a bare number of seconds; undefined when it is no time. */
export function parseTime(text: string | number): number | undefined {
  if (typeof text === "number") return Number.isFinite(text) && text >= 0 ? Math.round(text * 1000) : undefined;
  const words = text.trim().split(/\s+/).slice(0, 5);
  let total = 0;
  for (const word of words) {
    const match = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m|min|h)?$/.exec(word);
    if (!match) return undefined;
    total += Number(match[1]) * { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }[(match[2] ?? "s") as "ms"];
  }
  return Math.round(total);
}

const Time = z.union([z.string().max(40), z.number()]).transform((value, context) => {
  const ms = parseTime(value);
  if (ms !== undefined && ms <= DAY_MS) return ms;
  context.addIssue({ code: "custom", message: "a time such as 10s, 2m or 1h, at most a day" });
  return z.NEVER;
});
const Size = z.union([z.string().max(40), z.int()]).transform((value, context) => {
  const bytes = typeof value === "number" ? value : parseSize(value);
  if (bytes !== undefined && bytes > 0 && bytes <= 2 ** 50) return bytes;
  context.addIssue({ code: "custom", message: "a size such as 512M or 2 GiB" });
  return z.NEVER;
});
/** An amount, or a part of what the machine was given: “half”, “quarter”, “double”, “all”. */
const Amount = z.union([z.enum(["half", "quarter", "double", "all"]), Size]);
const Number_ = z.union([
  z.int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
]);
/** 1, 2 … as they are listed, or a part of an id. */
const Which = z.union([z.int().min(1).max(99).transform(String), z.string().min(1).max(60)]).default("1");

const at = { at: Time };
export const TimetableStep = z.discriminatedUnion("do", [
  z.strictObject({ ...at, do: z.literal("pull cable"), card: Which }),
  z.strictObject({ ...at, do: z.literal("plug cable"), card: Which }),
  z.strictObject({ ...at, do: z.literal("memory"), to: Amount }),
  z.strictObject({ ...at, do: z.literal("cores"), to: Number_ }),
  z.strictObject({ ...at, do: z.literal("limit cores"), percent: Number_ }),
  z.strictObject({ ...at, do: z.literal("slow disk"), disk: Which, speed: Size.optional(), ops: Number_.optional() }),
  z.strictObject({ ...at, do: z.literal("free disk"), disk: Which }),
  z.strictObject({ ...at, do: z.literal("add disk"), size: Size, bus: DiskBus.optional() }),
  z.strictObject({ ...at, do: z.literal("remove disk"), disk: Which }),
  z.strictObject({ ...at, do: z.literal("grow disk"), disk: Which, to: Size }),
  z.strictObject({ ...at, do: z.literal("add usb"), kind: z.enum(["tablet", "keyboard", "mouse"]) }),
  z.strictObject({ ...at, do: z.literal("remove usb"), device: Which }),
  z.strictObject({ ...at, do: z.literal("screen size"), to: z.string().regex(/^\d{3,4}[x×]\d{3,4}$/) }),
  z.strictObject({ ...at, do: z.literal("insert"), drive: z.string().max(16), image: z.string().max(120) }),
  z.strictObject({ ...at, do: z.literal("eject"), drive: z.string().max(16) }),
  z.strictObject({ ...at, do: z.literal("type"), text: z.string().min(1).max(1000) }),
  z.strictObject({ ...at, do: z.enum(["press power", "reset", "pause", "resume", "kill"]) }),
]);
export type TimetableStep = z.output<typeof TimetableStep>;
/** As it is written; times and sizes are texts. */
export type TimetableStepText = z.input<typeof TimetableStep>;
export const Timetable = z.array(TimetableStep).min(1).max(MAX_STEPS);

/** `value` = the list itself, or an object with it under “steps”. In the order of their times; equal times stay in order. */
export function readTimetable(value: unknown): { readonly steps: readonly TimetableStep[] } | { readonly wrong: string } {
  const list = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as { steps?: unknown }).steps : value;
  if (!Array.isArray(list)) return { wrong: "it is no list of steps, such as “- at: 10s” with “do: pull cable” below it" };
  if (list.length > MAX_STEPS) return { wrong: `it has ${list.length} steps; ${MAX_STEPS} is the most` };
  const parsed = Timetable.safeParse(list);
  if (parsed.success) return { steps: [...parsed.data].sort((a, b) => a.at - b.at) };
  const issue = parsed.error.issues[0];
  const place = typeof issue?.path[0] === "number" ? `step ${issue.path[0] + 1}` : "the list";
  const field = issue?.path[1] === undefined ? "" : `, “${plain(String(issue.path[1]), 40)}”`;
  return { wrong: `${place}${field}: ${plain(issue?.message ?? "it cannot be read", 200)}` };
}

/** “at 10 s: pull cable 1”. */
export function stepWords(step: TimetableStep): string {
  const { at: ms, do: verb, ...rest } = step;
  const more = Object.values(rest)
    .filter((value) => value !== undefined)
    .map((value) => plain(String(value), 60));
  return `at ${Number((ms / 1000).toFixed(3))} s: ${[verb, ...more].join(" ")}`;
}

/** What became of a step. */
export const TimetableOutcome = z.object({ words: z.string(), when: z.enum(["live", "later", "impossible"]), why: z.string() });
export type TimetableOutcome = z.infer<typeof TimetableOutcome>;
