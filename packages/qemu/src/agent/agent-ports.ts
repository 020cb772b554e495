// What talking to a guest's helper needs of the outside.
import type { Clock, Log, Random } from "@mimic/base";

export interface AgentPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}
