// Networks on the disk: records that are whole or absent, and the keys of tunnels. Implemented by packages/store and
// packages/memory.
import type { NetworkRecord } from "@mimic/model";
import type { UnreadableRecord } from "./store.ts";

export interface NetworkStore {
  /** Read at start. A folder whose record cannot be read is reported and left alone. */
  load(): Promise<{
    readonly networks: readonly NetworkRecord[];
    readonly unreadable: readonly UnreadableRecord[];
  }>;
  /** Makes the network, or replaces what is known of it. */
  save(record: NetworkRecord): Promise<void>;
  /** Gone for ever, with its keys. */
  remove(id: string): Promise<void>;
  /** 32 bytes in hex; kept beside the record. */
  saveKey(networkId: string, portId: string, key: string): Promise<void>;
  key(networkId: string, portId: string): Promise<string | undefined>;
  forgetKey(networkId: string, portId: string): Promise<void>;
  /** Where the switch process listens for a port that leads to a socket: a path on this computer. */
  socketPath(portId: string): string;
}
