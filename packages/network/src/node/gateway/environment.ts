// What a gateway needs, from this computer itself.
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "@mimic/base";
import type { DnsServerAddress, GatewayEnvironment, MakeUplink } from "../../gateway/index.ts";
import { nodeDnsTransport } from "./dns-transport.ts";
import { watchHostAddresses } from "./host-addresses.ts";
import { watchHostResolvers } from "./host-resolvers.ts";
import { type KeptFile, keptFile } from "./kept-file.ts";

export interface NodeEnvironmentOptions {
  /** Where leases are kept, one file per network. */
  readonly stateFolder: string;
  readonly log: Log;
  readonly makeUplink: MakeUplink | undefined;
  /** In place of this computer's own resolvers; for tests. */
  readonly resolvers?: () => readonly DnsServerAddress[];
}

export interface NodeGatewayEnvironment extends GatewayEnvironment, Disposable {}

/** Dispose it when the process ends: what waits to be written is written. */
export function nodeGatewayEnvironment({ stateFolder, log, makeUplink, resolvers }: NodeEnvironmentOptions): NodeGatewayEnvironment {
  const files = new Map<string, KeptFile>();
  return {
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      sleep: (ms, { signal }) => sleep(ms, undefined, { signal, ref: false }),
    },
    random: { bytes: (count) => randomFillSync(new Uint8Array(count)) },
    log,
    leasesOf(network) {
      const known = files.get(network);
      if (known) return known;
      const file = keptFile(join(stateFolder, `${network}.leases.json`), log);
      files.set(network, file);
      return file;
    },
    hostAddresses: watchHostAddresses(),
    dnsTransport: nodeDnsTransport,
    hostResolvers: resolvers ?? watchHostResolvers(),
    makeUplink,
    [Symbol.dispose]() {
      for (const file of files.values()) file.flush();
    },
  };
}
