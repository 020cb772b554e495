// Machines that wait ready: raised from a template, given an identity of their own, warmed (their processor's
// translations are made), standing still. Handing one out is letting it go. A member is used once and never comes back;
// it has no record, so after a crash of the daemon nothing is left of it but a process that the next one ends.
//
//   raising → warming → waiting ─claim→ a machine
//                          └── template changed · memory short · too old → thrown away
import { type LongWork, messageOf } from "@mimic/base";
import { type Generation, type HardwareSpec, type Name, newest, type TemplateRecord } from "@mimic/model";
import type { Context } from "../context.ts";
import { RESERVE_BYTES } from "../disks/room.ts";
import { dropCards, instanceRecord, raise, savedState, whyNotInstant } from "../templates/instance.ts";
import { giveIdentity } from "./identity.ts";
import type { Raised, ReadyMachines } from "./ready-machines.ts";

/** What a member takes beside the template's memory, roughly: QEMU itself and the pages that its guest has written. */
export const MEMBER_BYTES = 48 * 1024 ** 2;
/** The pool takes at most this share of the computer's memory… */
const BUDGET_SHARE = 1 / 8;
/** …and gives back when less than this is free. */
const PRESSURE_SHARE = 0.15;
const LOOK_EVERY_MS = 5000;
/** A template that was used keeps machines ready for this long. */
const RECENT_MS = 15 * 60_000;
const WANTED_WHEN_RECENT = 2;
/** Older ones are made anew: their guest's clock-driven chores pile up. */
const MAX_AGE_MS = 24 * 3600_000;
/** A short command is over within this time; then another machine is made ready. */
const CALM_MS = 400;
const RAISE_LIMIT_MS = 120_000;

interface Member {
  readonly raised: Raised;
  readonly generation: number;
  readonly since: number;
}

export class Pool implements ReadyMachines {
  readonly #members = new Map<string, Member[]>();
  readonly #lastUse = new Map<string, number>();
  readonly #life = new AbortController();
  #context: Context | undefined;
  #filling: Promise<void> | undefined;
  #calm: Promise<void> | undefined;
  #watching: Promise<void> | undefined;

  /** Once, when everything is assembled. */
  attach(context: Context): void {
    this.#context = context;
  }

  waiting(templateId: string): number {
    return this.#members.get(templateId)?.length ?? 0;
  }

  hardware(): readonly HardwareSpec[] {
    return [...this.#members.values()].flat().map(({ raised }) => raised.record.hardware);
  }

  claim(template: TemplateRecord): Raised | undefined {
    const members = this.#members.get(template.id) ?? [];
    const at = members.findIndex((member) => member.generation === newest(template).number);
    const [member] = at < 0 ? [] : members.splice(at, 1);
    this.used(template.id);
    return member?.raised;
  }

  /** A template was used: for a while machines of it wait ready. Whoever took one has the processor first. */
  used(templateId: string): void {
    if (this.#context === undefined) return;
    const { clock } = this.#context.ports;
    this.#lastUse.set(templateId, clock.monotonicMs());
    this.#calm ??= clock
      .sleep(CALM_MS, { signal: this.#life.signal })
      .then(() => this.fill())
      .catch(() => {})
      .finally(() => {
        this.#calm = undefined;
      });
  }

  fill(): void {
    if (this.#life.signal.aborted || this.#context === undefined) return;
    this.#filling ??= this.#fillAll(this.#context).finally(() => {
      this.#filling = undefined;
    });
    this.#watching ??= this.#watch(this.#context);
  }

  async forget(templateId: string): Promise<void> {
    const members = this.#members.get(templateId) ?? [];
    this.#members.delete(templateId);
    await Promise.all(members.map(({ raised }) => raised.discard().catch(() => {})));
  }

  async close(): Promise<void> {
    this.#life.abort(new Error("the daemon ends"));
    await this.#filling?.catch(() => {});
    await Promise.all([...this.#members.keys()].map((id) => this.forget(id)));
  }

  /** How many shall wait. */
  wanted(template: TemplateRecord, nowMono: number): number {
    const last = this.#lastUse.get(template.id);
    const recent = last !== undefined && nowMono - last < RECENT_MS ? WANTED_WHEN_RECENT : 0;
    return template.warm ?? recent;
  }

  async #fillAll(context: Context): Promise<void> {
    const { ports, templates } = context;
    for (;;) {
      const now = ports.clock.monotonicMs();
      const short = [...templates.values()].find((template) => this.waiting(template.id) < this.wanted(template, now));
      if (short === undefined || this.#life.signal.aborted || !(await this.#hasRoom(context))) return;
      try {
        if ((await whyNotInstant(context, short, newest(short), { signal: this.#life.signal })) !== undefined)
          return this.#giveUp(short.id);
        const member = await this.#make(context, short, newest(short));
        if (context.templates.get(short.id) !== short && newest(context.templates.get(short.id) ?? short).number !== member.generation)
          await member.raised.discard();
        else this.#members.set(short.id, [...(this.#members.get(short.id) ?? []), member]);
      } catch (error) {
        if (this.#life.signal.aborted) return;
        ports.log.warn("no machine could be made ready", { template: short.id, error: messageOf(error) });
        return this.#giveUp(short.id);
      }
    }
  }

  /** Not again until somebody uses it. */
  #giveUp(templateId: string): void {
    this.#lastUse.delete(templateId);
  }

  async #make(context: Context, template: TemplateRecord, generation: Generation): Promise<Member> {
    const { ports } = context;
    const signal = AbortSignal.any([this.#life.signal, AbortSignal.timeout(RAISE_LIMIT_MS)]);
    const work: LongWork = { signal, report: () => {} };
    const raised = await raiseDisposable(context, template, generation, disposableName(context), work);
    try {
      await warm(raised, work);
      await raised.running.pause(work);
      return { raised, generation: generation.number, since: ports.clock.monotonicMs() };
    } catch (error) {
      await raised.discard();
      throw error;
    }
  }

  async #hasRoom({ ports }: Context): Promise<boolean> {
    const room = await ports.survey.survey();
    const count = [...this.#members.values()].flat().length;
    return (
      room.diskFreeBytes >= RESERVE_BYTES &&
      (count + 1) * MEMBER_BYTES <= room.memoryBytes * BUDGET_SHARE &&
      room.memoryFreeBytes - MEMBER_BYTES > room.memoryBytes * PRESSURE_SHARE
    );
  }

  /** While anything waits: memory pressure, age, and templates that nobody uses any more. */
  async #watch(context: Context): Promise<void> {
    const { ports } = context;
    try {
      for (;;) {
        await ports.clock.sleep(LOOK_EVERY_MS, { signal: this.#life.signal });
        await this.#look(context);
        if ([...this.#members.values()].every((members) => members.length === 0) && this.#filling === undefined) return;
      }
    } catch (error) {
      if (!this.#life.signal.aborted) ports.log.warn("the pool is not watched", { error: messageOf(error) });
    } finally {
      this.#watching = undefined;
    }
  }

  async #look(context: Context): Promise<void> {
    const { ports, templates } = context;
    const room = await ports.survey.survey();
    const now = ports.clock.monotonicMs();
    const isShort = room.memoryFreeBytes < room.memoryBytes * PRESSURE_SHARE;
    for (const [id, members] of this.#members) {
      const template = templates.get(id);
      const wanted = template && !isShort ? this.wanted(template, now) : 0;
      const kept = members.filter((member) => now - member.since < MAX_AGE_MS).slice(0, wanted);
      const spare = members.filter((member) => !kept.includes(member));
      if (spare.length === 0) continue;
      this.#members.set(id, kept);
      await Promise.all(spare.map(({ raised }) => raised.discard().catch(() => {})));
    }
  }
}

/** A first command takes half as long again as later ones; this one is nobody's. A guest that has no shell is as warm as it gets. */
async function warm({ running }: Raised, work: LongWork): Promise<void> {
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
  const { ports } = context;
  const record = instanceRecord(context, template, generation, { name, forgets: "machine", goesOn: true });
  const raised = await raise(
    context,
    record,
    { template: [template, generation], resume: savedState(context, template, generation) },
    work,
  );
  try {
    const { agent } = raised.running;
    if (agent === undefined) throw new Error("a template that goes on from memory has an agent");
    await agent.waitUntilReady(work);
    const identity = { name, nowMs: ports.clock.nowMs() };
    const report = await giveIdentity(agent, identity, { ...work, random: ports.random, helper: ports.reseedProgram, keepsHelper: true });
    raised.lent = report.lent;
    await dropCards(raised, work);
    return raised;
  } catch (error) {
    await raised.discard();
    throw error;
  }
}

const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

/** disp-k3f9: free among machines and those that wait. */
export function disposableName(context: Context): Name {
  for (;;) {
    const name = `disp-${Array.from(context.ports.random.bytes(4), (byte) => LETTERS[byte % 32]).join("")}` as Name;
    const taken = context.reserved.has(name) || [...context.actors.values()].some((actor) => actor.record.name === name);
    if (!taken) return name;
  }
}
