// What the parts of the contract share: how a route is written, and how things are named in its input.
import { JobView } from "@mimic/model";
import { oc } from "@orpc/contract";
import { z } from "zod";
import type { Route } from "../routes.ts";

export const route = (r: Route, tag: string, summary: string) => oc.route({ method: r.method, path: r.path, tags: [tag], summary });

/** No input. */
export const Nothing = z.strictObject({});
/** No output. */
export const Done = z.object({});
/** What long work answers with at once. */
export const Started = z.object({ job: JobView });

/** A machine's name, its id, or a beginning that fits only one. */
export const machine = z.string().min(1).max(100).describe("name, id, or an unambiguous beginning of the name");
export const OfMachine = z.strictObject({ machine });
export const image = z.string().min(1).max(130).describe("name, digest, or an unambiguous beginning");
