// What each kind of live connection is opened with.
import type { Log } from "@mimic/base";
import type { RunningMachine } from "@mimic/workbench";
import type { Viewer } from "./viewer.ts";

export interface LiveCall {
  readonly viewer: Viewer;
  readonly machine: RunningMachine;
  readonly query: Readonly<Record<string, string>>;
  readonly log: Log;
}
