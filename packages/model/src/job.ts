// Long work as everybody sees it, and the one form in which errors reach people and programs.
import { z } from "zod";

export const JobState = z.enum(["running", "done", "failed", "cancelled"]);
export type JobState = z.infer<typeof JobState>;

/** The error as the three doors show it. */
export const Problem = z.object({ code: z.string(), message: z.string(), hint: z.string(), detail: z.string().optional() });
export type Problem = z.infer<typeof Problem>;

/** Long work: what it is, how far it is, how it ended. */
export const JobView = z.object({
  id: z.string(),
  /** `machine.start`, `machine.create`, `image.pull`… */
  kind: z.string(),
  /** “Start “hello””: for people. */
  title: z.string(),
  /** Ids or names of what it works on. */
  subjects: z.array(z.string()),
  state: JobState,
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().optional(),
  /** What is happening now. */
  words: z.string(),
  done: z.number().optional(),
  total: z.number().optional(),
  unit: z.enum(["bytes", "steps", "seconds"]).optional(),
  /** Estimated, when it can be. */
  remainingMs: z.number().optional(),
  cancellable: z.boolean(),
  /** What it made or changed: a machine's id, an image's digest; or words. */
  result: z.record(z.string(), z.string()).optional(),
  problem: Problem.optional(),
});
export type JobView = z.infer<typeof JobView>;
