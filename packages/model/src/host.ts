// This computer, as Mimic found it.
import { z } from "zod";
import { Accelerator, Grade } from "./isolation.ts";

/** One question that `mimic doctor` asked of this computer. */
export const Finding = z.object({
  id: z.string(),
  /** “Hardware virtualization” */
  title: z.string(),
  state: z.enum(["good", "limited", "bad", "unknown"]),
  /** What was found, in plain words. */
  found: z.string(),
  /** What it means and how to mend it; "" when good. */
  mend: z.string(),
  detail: z.string().optional(),
  /** Stable; docs/errors.md explains it. */
  code: z.string().optional(),
});
export type Finding = z.infer<typeof Finding>;

export const Diagnosis = z.object({ checkedAt: z.iso.datetime(), bestGrade: Grade, findings: z.array(Finding) });
export type Diagnosis = z.infer<typeof Diagnosis>;

export const HostView = z.object({
  version: z.string(),
  /** Which build of the daemon answers; absent when it runs from its sources. */
  build: z.string().optional(),
  features: z.array(z.string()),
  hostname: z.string(),
  cpus: z.number(),
  memoryBytes: z.number(),
  memoryFreeBytes: z.number(),
  diskFreeBytes: z.number(),
  load1: z.number(),
  qemuVersion: z.string().optional(),
  accelerator: Accelerator.optional(),
  browserAddress: z.string().optional(),
  dataDirectory: z.string(),
  startedAt: z.iso.datetime(),
  eventSeq: z.number(),
});
export type HostView = z.infer<typeof HostView>;
