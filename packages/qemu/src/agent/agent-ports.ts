// What talking to a guest's helper needs of the outside.
import type { Clock, Log, Random } from "@mimic/base";

export interface AgentPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Lent to guests that have none; without it they run the script. */
  readonly runner?: RunnerProgram | undefined;
}

/** What RUN_SCRIPT does, as a program. */
export interface RunnerProgram {
  /** By “uname -m”. */
  readonly machine: string;
  readonly program: () => Uint8Array;
}
