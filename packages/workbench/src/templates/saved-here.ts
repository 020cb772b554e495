// What a memory that is saved here and now is saved with.
import type { SavedWith } from "@mimic/model";
import type { Context } from "../context.ts";

export async function savedHere(context: Context, options: { readonly signal: AbortSignal }): Promise<SavedWith> {
  const facts = await context.ports.hypervisor.facts(options);
  return { qemuVersion: facts.version, accelerator: facts.accelerator, processor: facts.accelerator === "tcg" ? "" : facts.processor };
}
