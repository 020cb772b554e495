// A machine that goes on from a template's memory and is nobody's yet: raised, answering, somebody of its own.
import type { LongWork } from "@mimic/base";
import type { Generation, Name, TemplateRecord } from "@mimic/model";
import { type Context, takenNames } from "../context.ts";
import { instanceRecord } from "../templates/instance.ts";
import { raiseOwn } from "../templates/raise-own.ts";
import type { Raised } from "./ready-machines.ts";

/** A first command takes half as long again as later ones; this one is nobody's. A guest that has no shell is as warm as it gets. */
export async function warm({ running }: Raised, work: LongWork): Promise<void> {
  const nothing = () => {};
  await running.agent
    ?.exec({ program: "true", args: [], onStdout: nothing, onStderr: nothing }, work)
    .catch(() => work.signal.throwIfAborted());
}

/** Raised, answering, and somebody of its own; running. */
export async function raiseDisposable(
  context: Context,
  template: TemplateRecord,
  generation: Generation,
  name: Name,
  work: LongWork,
): Promise<Raised> {
  const record = instanceRecord(context, template, generation, { name, forgets: "machine", goesOn: true });
  const { raised, report } = await raiseOwn(context, { template, generation, record }, { ...work, keepsHelper: true });
  raised.lent = report.lent;
  return raised;
}

const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

/** disp-k3f9xz. Long enough that who comes later is hardly ever called as somebody before was. */
export function disposableName(context: Context): Name {
  const taken = takenNames(context);
  for (;;) {
    const name = `disp-${Array.from(context.ports.random.bytes(6), (byte) => LETTERS[byte % 32]).join("")}` as Name;
    if (!taken.has(name)) return name;
  }
}
