// Templates: machines, kept as they were, that others are made from.
import { TemplateVerification, TemplateView } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, machine, Nothing, route, Started } from "./common.ts";

const template = z.string().min(1).max(100).describe("name, id, or an unambiguous beginning of the name");

const TAG = "templates";
export const templateContract = {
  list: route(routes.templates.list, TAG, "All templates")
    .input(Nothing)
    .output(z.object({ templates: z.array(TemplateView) })),
  show: route(routes.templates.show, TAG, "One template").input(z.strictObject({ template })).output(TemplateView),
  make: route(routes.templates.make, TAG, "Make a template of a machine, or a new generation of one; a running machine goes on meanwhile")
    .input(
      z.strictObject({
        machine,
        name: z
          .string()
          .max(200)
          .optional()
          .describe("the machine's own name when absent; a name that is there already gets a new generation"),
        note: z.string().max(2000).optional(),
        disksOnly: z.boolean().optional().describe("leave out memory and devices: machines made from it are switched on"),
      }),
    )
    .output(Started),
  change: route(routes.templates.change, TAG, "Rename it, note something, say how many machines wait ready")
    .input(
      z.strictObject({
        template,
        name: z.string().max(200).optional(),
        note: z.string().max(2000).optional(),
        warm: z.int().min(0).max(32).nullable().optional().describe("null = as it is used"),
      }),
    )
    .output(TemplateView),
  remove: route(routes.templates.remove, TAG, "Remove it; machines made from it stay").input(z.strictObject({ template })).output(Done),
  verify: route(
    routes.templates.verify,
    TAG,
    "Read every byte of it again (memory, device state, disks, images) and compare it with the seals from when it was made; the job fails with template.damaged when one differs, and nothing is made from it from then on",
  )
    .input(z.strictObject({ template }))
    .output(Started),
  verification: route(
    routes.templates.verification,
    TAG,
    "What the last verification found, file by file: whether it is what it was, who stands on it, what it means and what to do",
  )
    .input(z.strictObject({ template }))
    .output(TemplateVerification),
  removeGeneration: route(routes.templates.removeGeneration, TAG, "Remove one of its generations")
    .input(z.strictObject({ template, generation: z.coerce.number().int().min(1) }))
    .output(TemplateView),
};
