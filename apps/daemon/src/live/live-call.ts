// What each kind of live connection is opened with.
import type { Log } from "@mimic/base";
import type { RunningMachine, Workbench } from "@mimic/workbench";
import type { Viewer } from "./viewer.ts";

export interface LiveCall {
  readonly viewer: Viewer;
  /** Of the machine or network in the path, as it was asked for. */
  readonly name: string;
  readonly query: Readonly<Record<string, string>>;
  readonly workbench: Workbench;
  readonly log: Log;
}
/** For connections that end when the machine does. */
export interface MachineCall extends LiveCall {
  readonly machine: RunningMachine;
}
