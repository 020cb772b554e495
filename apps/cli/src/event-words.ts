// Events in words: ids become names. Pure.
import { formatDuration, quoted } from "@mimic/base";
import type { Fact } from "@mimic/model";

export class EventWords {
  readonly #names = new Map<string, string>();
  readonly #jobs = new Map<string, string>();

  nameMachine(id: string, name: string): void {
    this.#names.set(id, name);
  }
  nameJob(id: string, title: string): void {
    this.#jobs.set(id, title);
  }
  knowsJob(id: string): boolean {
    return this.#jobs.has(id);
  }

  /** Undefined = not worth a line. */
  of(fact: Fact): string | undefined {
    if ("name" in fact && "machineId" in fact) this.#names.set(fact.machineId, fact.name);
    if (fact.kind === "machine.renamed") this.#names.set(fact.machineId, fact.to);
    const name = "machineId" in fact ? quoted(this.#names.get(fact.machineId) ?? fact.machineId) : "";
    switch (fact.kind) {
      case "machine.created":
        return `${name} was made`;
      case "machine.changed":
        return `${name} was changed: ${fact.what}`;
      case "machine.renamed":
        return `${quoted(fact.from)} is called ${quoted(fact.to)} now`;
      case "machine.power_changed":
        return `${name} is ${fact.to} (was ${fact.from}): ${fact.because}`;
      case "machine.became_usable":
        return `${name} is usable after ${formatDuration(fact.afterMs)}: ${fact.by}`;
      case "machine.restarted_itself":
        return `${name} restarted by itself`;
      case "machine.trashed":
        return `${name} went to the trash`;
      case "machine.restored":
        return `${name} came back from the trash`;
      case "machine.forgotten":
        return `${name} is gone for ever`;
      case "image.added":
        return `image ${quoted(fact.name)} is here`;
      case "image.removed":
        return `image ${quoted(fact.name)} was deleted`;
      case "job.started":
        return `began: ${this.#jobs.get(fact.jobId) ?? fact.jobId}`;
      case "job.progressed":
        return undefined;
      case "job.ended":
        return `${fact.state}: ${this.#jobs.get(fact.jobId) ?? fact.jobId}`;
      case "host.noticed":
        return fact.words;
      default:
        return unknownFact(fact);
    }
  }
}

/** A newer daemon may tell of more than this program knows. */
const unknownFact = (fact: never): string | undefined => {
  const { kind } = fact as { kind?: unknown };
  return typeof kind === "string" ? kind : undefined;
};
