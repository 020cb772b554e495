// Events in words: ids become names. Pure.
import { formatDuration, plain, quoted } from "@mimic/base";
import type { Fact } from "@mimic/model";

export class EventWords {
  readonly #names = new Map<string, string>();
  readonly #jobs = new Map<string, string>();

  nameMachine(id: string, name: string): void {
    this.#names.set(id, name);
  }
  nameNetwork(id: string, name: string): void {
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
    if ("name" in fact && "machineId" in fact && fact.machineId !== undefined) this.#names.set(fact.machineId, fact.name);
    if (fact.kind === "machine.renamed") this.#names.set(fact.machineId, fact.to);
    if ("name" in fact && "networkId" in fact) this.#names.set(fact.networkId, fact.name);
    const network = "networkId" in fact && fact.networkId !== null ? quoted(this.#names.get(fact.networkId) ?? fact.networkId) : "";
    const name = "machineId" in fact && fact.machineId !== undefined ? quoted(this.#names.get(fact.machineId) ?? fact.machineId) : "";
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
      case "machine.timetable_step":
        return `${name}, ${fact.words}: ${fact.when === "live" ? "done" : fact.when === "later" ? "at its next start" : "not possible"}. ${fact.why}`;
      case "machine.trashed":
        return `${name} went to the trash`;
      case "machine.restored":
        return `${name} came back from the trash`;
      case "machine.forgotten":
        return `${name} is gone for ever`;
      case "template.made":
        return `the template ${quoted(fact.name)} was made${fact.generation > 1 ? ` (generation ${fact.generation})` : ""}`;
      case "template.removed":
        return `the template ${quoted(fact.name)} was removed`;
      case "template.changed":
        return "a template was changed";
      case "moment.taken":
        return `${name}: the moment ${quoted(fact.moment)} was kept`;
      case "moment.removed":
        return `${name}: a moment was deleted`;
      case "moment.changed":
        return `${name}: a moment was changed`;
      case "routine.changed":
        return `${name}: its routine of moments was changed`;
      case "routine.skipped":
        return `${name}: a moment that was due was not kept: ${plain(fact.why, 300)}`;
      case "moment.restored":
        return `${name} went back to a moment`;
      case "storage.added":
        return `disks can lie in ${quoted(fact.name)} now`;
      case "storage.removed":
        return `${quoted(fact.name)} is no storage any more`;
      case "image.added":
        return `image ${quoted(fact.name)} is here`;
      case "image.removed":
        return `image ${quoted(fact.name)} was deleted`;
      case "network.created":
        return `network ${network} was made`;
      case "network.changed":
        return `network ${network} was changed: ${fact.what}`;
      case "network.removed":
        return `network ${network} was removed`;
      case "network.loop_stopped":
        return `a loop of cables on ${network} was stopped: ${fact.words}`;
      case "nic.added":
        return `${name} got a network card${network === "" ? "" : ` on ${network}`}`;
      case "nic.changed":
        return `${name}: ${fact.what} changed`;
      case "nic.removed":
        return `${name} lost a network card`;
      case "port.connected":
        return undefined;
      case "port.troubled":
        return `${network}: ${quoted(fact.port)} does not work: ${fact.words}`;
      case "lease.granted":
        return `${name === "" ? fact.mac : name} has the address ${fact.address} on ${network}`;
      case "lease.ended":
        return `${name === "" ? fact.mac : name} no longer has the address ${fact.address} on ${network}`;
      case "forward.added":
        return `${network}: ${fact.words}`;
      case "forward.failed":
        return `${network}: a forward does not work: ${fact.words}`;
      case "forward.removed":
        return `${network}: ${fact.words}`;
      case "switch.restarted":
        return `the switch was started again: ${fact.because}`;
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
