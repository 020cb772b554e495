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
import { whyNotInstant } from "../templates/instance.ts";
import { costOfNext, estimateMember, hasRoomFor, isShort, remember, tooMany } from "./pool-budget.ts";
import { disposableName, raiseDisposable, warm } from "./raise-disposable.ts";
import type { MemberCost, Raised, ReadyMachines } from "./ready-machines.ts";

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
  /** What would be free again without it. */
  readonly bytes: number;
}

const keyOf = ({ id }: TemplateRecord, { number }: Generation): string => `${id} ${number}`;

export class Pool implements ReadyMachines {
  readonly #members = new Map<string, Member[]>();
  readonly #lastUse = new Map<string, number>();
  /** Template and generation → what its last members cost. */
  readonly #measured = new Map<string, readonly number[]>();
  readonly #life = new AbortController();
  #context: Context | undefined;
  /** The name of the one that is being made. */
  #raising: Name | undefined;
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

  names(): readonly string[] {
    const waiting = [...this.#members.values()].flat().map(({ raised }) => raised.record.name);
    return this.#raising === undefined ? waiting : [...waiting, this.#raising];
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
      if (short === undefined || this.#life.signal.aborted || !(await this.#hasRoom(context, short))) return;
      try {
        if ((await whyNotInstant(context, short, newest(short), { signal: this.#life.signal })) !== undefined)
          return this.#giveUp(short.id);
        const member = await this.#make(context, short, newest(short));
        if (await this.#isStillWanted(context, short.id, member)) this.#members.set(short.id, [...this.#of(short.id), member]);
        else await member.raised.discard();
      } catch (error) {
        if (this.#life.signal.aborted) return;
        ports.log.warn("no machine could be made ready", { template: short.id, error: messageOf(error) });
        return this.#giveUp(short.id);
      } finally {
        this.#raising = undefined;
      }
    }
  }

  #of(templateId: string): readonly Member[] {
    return this.#members.get(templateId) ?? [];
  }

  /** Its template may have gone, have got a newer generation, or have been found damaged while it was made. */
  async #isStillWanted(context: Context, templateId: string, { generation }: Member): Promise<boolean> {
    const template = context.templates.get(templateId);
    if (template === undefined || newest(template).number !== generation) return false;
    return (await whyNotInstant(context, template, newest(template), { signal: this.#life.signal })) === undefined;
  }

  /** Not again until somebody uses it. */
  #giveUp(templateId: string): void {
    this.#lastUse.delete(templateId);
  }

  async #make(context: Context, template: TemplateRecord, generation: Generation): Promise<Member> {
    const { ports } = context;
    const signal = AbortSignal.any([this.#life.signal, AbortSignal.timeout(RAISE_LIMIT_MS)]);
    const work: LongWork = { signal, report: () => {} };
    this.#raising = disposableName(context);
    const raised = await raiseDisposable(context, template, generation, this.#raising, work);
    try {
      await warm(raised, work);
      await raised.running.pause(work);
      const measured = await raised.running.ownMemory(work);
      const key = keyOf(template, generation);
      if (measured !== undefined) this.#measured.set(key, remember(this.#measured.get(key) ?? [], measured));
      const bytes = measured ?? (await this.#estimate(context, template)).costBytes;
      return { raised, generation: generation.number, since: ports.clock.monotonicMs(), bytes };
    } catch (error) {
      await raised.discard();
      throw error;
    }
  }

  async cost(template: TemplateRecord): Promise<MemberCost> {
    const measured = this.#measured.get(keyOf(template, newest(template))) ?? [];
    if (measured.length > 0) return { bytes: costOfNext(measured, 0), isMeasured: true };
    return { bytes: this.#context ? (await this.#estimate(this.#context, template)).costBytes : 0, isMeasured: false };
  }

  /** Before one of them was ever ready; its template's memory may not have been read in since the daemon began. */
  async #estimate({ ports }: Context, template: TemplateRecord): Promise<{ costBytes: number; templateBytes: number }> {
    const { number, hardware } = newest(template);
    const usedBytes = await ports.templates.usage(template.id, number);
    return { costBytes: estimateMember({ memoryBytes: hardware.memoryMiB * 1024 ** 2, usedBytes }), templateBytes: usedBytes };
  }

  async #hasRoom(context: Context, template: TemplateRecord): Promise<boolean> {
    const measured = this.#measured.get(keyOf(template, newest(template))) ?? [];
    const next = measured.length > 0 ? { costBytes: costOfNext(measured, 0), templateBytes: 0 } : await this.#estimate(context, template);
    const room = await context.ports.survey.survey();
    const waiting = this.#all().map(({ bytes }) => bytes);
    return room.diskFreeBytes >= RESERVE_BYTES && hasRoomFor(next, waiting, room);
  }

  /** Oldest first. */
  #all(): Member[] {
    return [...this.#members.values()].flat().sort((a, b) => a.since - b.since);
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
    const all = this.#all();
    const dear = new Set(
      all.slice(
        all.length -
          tooMany(
            all.map(({ bytes }) => bytes),
            room,
          ),
      ),
    );
    for (const [id, members] of this.#members) {
      const template = templates.get(id);
      const wanted = template && !isShort(room) ? this.wanted(template, now) : 0;
      const kept = members.filter((member) => now - member.since < MAX_AGE_MS && !dear.has(member)).slice(0, wanted);
      const spare = members.filter((member) => !kept.includes(member));
      if (spare.length === 0) continue;
      this.#members.set(id, kept);
      await Promise.all(spare.map(({ raised }) => raised.discard().catch(() => {})));
    }
  }
}
