// A machine that goes on from a template's memory and is somebody of its own before anybody works in it.
import type { LongWork } from "@mimic/base";
import type { Generation, MachineRecord, TemplateRecord } from "@mimic/model";
import type { Context } from "../context.ts";
import { giveIdentity, type IdentityReport } from "../disposables/identity.ts";
import type { Raised } from "../disposables/ready-machines.ts";
import { dropCards, raise, savedState } from "./instance.ts";

/**
 * Raised, answering, with random numbers and a name of its own, without the template's cards; running, and the caller's to
 * publish or discard. `keepsHelper`: the helper that was lent to it stays there. On a throw nothing of it is left.
 */
export async function raiseOwn(
  context: Context,
  from: { readonly template: TemplateRecord; readonly generation: Generation; readonly record: MachineRecord },
  options: LongWork & { readonly keepsHelper?: boolean },
): Promise<{ readonly raised: Raised; readonly report: IdentityReport }> {
  const { ports } = context;
  const { template, generation, record } = from;
  const raised = await raise(
    context,
    record,
    { template: [template, generation], resume: savedState(context, template, generation) },
    options,
  );
  try {
    const { agent } = raised.running;
    if (agent === undefined) throw new Error("a template that goes on from memory has an agent");
    await agent.waitUntilReady(options);
    const identity = { name: record.name, nowMs: ports.clock.nowMs() };
    const report = await giveIdentity(agent, identity, { ...options, random: ports.random, helper: ports.reseedProgram });
    await dropCards(raised, options);
    return { raised, report };
  } catch (error) {
    await raised.discard();
    throw error;
  }
}
