// What a filter's words mean for those behind them.
import type { ProtocolWord } from "./protocols.ts";
import type { Direction } from "./tests.ts";

export interface Qualifiers {
  readonly protocol: ProtocolWord | undefined;
  readonly direction: Direction;
  readonly type: "host" | "net" | "port" | "portrange" | "proto";
}

/** What the words that were read so far mean for those that follow. */
export interface FilterState {
  /** Four bytes for each “vlan” so far. */
  shift: number;
  last: Qualifiers | undefined;
}
