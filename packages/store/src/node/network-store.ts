// Networks as folders, as machines are: a network appears by one rename and goes by one. Keys of tunnels lie beside the
// record, for the daemon alone.

import type { Log } from "@mimic/base";
import { NetworkRecord } from "@mimic/model";
import type { NetworkStore, UnreadableRecord } from "@mimic/workbench/ports";
import type { z } from "zod";
import type { DocumentKind } from "../document.ts";
import { DRAFT_PREFIX, type Layout } from "../layout.ts";
import { Documents } from "./documents.ts";
import type { Files } from "./files.ts";
import { describeUnread } from "./unread.ts";

const NETWORK: DocumentKind<NetworkRecord> = { schemaVersion: 1, schema: NetworkRecord as z.ZodType<NetworkRecord> };

export function createNetworkStore({ layout, files, log }: { layout: Layout; files: Files; log: Log }): NetworkStore {
  const records = new Documents(files, NETWORK);

  async function loadOne(id: string): Promise<NetworkRecord | { folder: string; why: string }> {
    const at = layout.network(id);
    const record = await records.load(at.record);
    if (record.kind !== "found" || record.body.id !== id) return await describeUnread(files, at, record);
    if (record.fellBack) log.warn("network record restored from its previous copy", { networkId: id, why: record.fellBack });
    return record.body;
  }

  return {
    async load() {
      const networks: NetworkRecord[] = [];
      const unreadable: UnreadableRecord[] = [];
      const ids = (await files.names(layout.networks)).filter((name) => !name.startsWith(DRAFT_PREFIX));
      for (const found of await Promise.all(ids.map(loadOne))) {
        if ("why" in found) unreadable.push(found);
        else networks.push(found);
      }
      return { networks, unreadable };
    },

    async save(record) {
      const at = layout.network(record.id);
      if (await files.exists(at.folder)) return await records.save(at.record, record);
      const draft = layout.network(`${DRAFT_PREFIX}${record.id}`);
      await files.folder(draft.folder);
      await records.save(draft.record, record);
      await files.move(draft.folder, at.folder);
    },

    async remove(id) {
      const at = layout.network(id);
      const draft = layout.network(`${DRAFT_PREFIX}${id}`);
      await files.remove(draft.folder);
      if (await files.exists(at.folder)) await files.move(at.folder, draft.folder);
      await files.remove(draft.folder);
    },

    async saveKey(networkId, portId, key) {
      const at = layout.network(networkId);
      await files.folder(at.keys);
      await files.write(at.key(portId), key);
    },

    key: async (networkId, portId) => (await files.readText(layout.network(networkId).key(portId)))?.trim(),
    forgetKey: async (networkId, portId) => await files.remove(layout.network(networkId).key(portId)),

    socketPath: (portId) => layout.netPort(portId),
  };
}
