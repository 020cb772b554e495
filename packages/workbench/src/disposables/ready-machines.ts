// What the verbs see of machines that wait ready.
import type { HardwareSpec, MachineRecord, TemplateRecord } from "@mimic/model";
import type { RunningMachine } from "../ports/index.ts";

/** A machine in a folder under a temporary name, running; nobody sees it until `publish`, and after a crash nothing is left of it. */
export interface Raised {
  readonly record: MachineRecord;
  readonly running: RunningMachine;
  /** It gets its folder and its run record: from now on it is a machine like any. */
  publish(record: MachineRecord): Promise<void>;
  discard(): Promise<void>;
  /** Where the helper is that was lent to its guest; a guest with a resident one needs none. */
  lent?: string | undefined;
}

/** What one that waits takes beside the template's memory, which all of them share. */
export interface MemberCost {
  readonly bytes: number;
  /** Of members of this generation; else it is estimated from the template. */
  readonly isMeasured: boolean;
}

export interface ReadyMachines {
  waiting(templateId: string): number;
  hardware(): readonly HardwareSpec[];
  /** Nobody else may be called so meanwhile. */
  names(): readonly string[];
  cost(template: TemplateRecord): Promise<MemberCost>;
  /** One that waits, or nothing; the caller owns it. Another is made in the background. */
  claim(template: TemplateRecord): Raised | undefined;
  /** Begins to make what is missing; returns at once. */
  fill(): void;
  /** Throws away what waits of a template that changed or goes. */
  forget(templateId: string): Promise<void>;
  close(): Promise<void>;
}
