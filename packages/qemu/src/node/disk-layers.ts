// Laying fresh layers over the disks of a running machine, all at one moment. The files are opened and made known to
// QEMU before, so that the moment itself is one order. (QEMU qapi/transaction.json, qapi/block-core.json: blockdev-snapshot)
import { MimicError, messageOf, type Waiting } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import type { NewLayer } from "@mimic/workbench/ports";
import { closeNode, placeOf, topNodes } from "./block-graph.ts";
import { openForQemu } from "./open-files.ts";

/** Node names have at most 31 characters. */
export const nodeOf = (name: string): string => `layer-${name.slice(-22)}`;

export interface PreparedLayers {
  /** One order; to be given while nothing else happens to the disks. */
  switch(): Promise<void>;
  /** Undoes the preparation, when `switch` was not called. */
  forget(): Promise<void>;
}

export async function prepareLayers(
  session: QmpSession,
  hardware: HardwareSpec,
  layers: readonly NewLayer[],
  options: Waiting,
): Promise<PreparedLayers> {
  const tops = await topNodes(session, hardware, options);
  const added: string[] = [];
  const actions: { type: string; data: Readonly<Record<string, unknown>> }[] = [];
  const forget = async (): Promise<void> => {
    for (const node of added) await closeNode(session, node, { signal: AbortSignal.timeout(5000) }).catch(() => {});
  };
  try {
    for (const layer of layers) {
      const below = tops.get(placeOf(hardware, layer.diskId));
      if (below === undefined) throw new Error(`QEMU has no disk ${layer.diskId}`);
      const node = nodeOf(layer.name);
      await addLayer(session, { node, path: layer.path, below: null }, options);
      added.push(node);
      actions.push({ type: "blockdev-snapshot", data: { node: below, overlay: node } });
    }
  } catch (error) {
    await forget();
    options.signal.throwIfAborted();
    throw layersFailed(error);
  }
  return {
    async switch() {
      if (actions.length > 0)
        await session.execute("transaction", { actions }, options).catch((error: unknown) => Promise.reject(layersFailed(error)));
    },
    forget,
  };
}

/**
 * What lies under it is said here, or by the order that follows (null), and never by its header. The file is a node of its own:
 * as a part of the layer QEMU would open it anew for reading once another layer lies above, cannot (it knows no name), and
 * would go on holding it locked for writing, so that nothing else could stand on it.
 */
export async function addLayer(
  session: QmpSession,
  { node, path, below }: { readonly node: string; readonly path: string; readonly below: string | null },
  options: Waiting,
): Promise<void> {
  const file = await openForQemu(path, true);
  const fileNode = `${node}-f`;
  try {
    const { "fdset-id": set } = await session.execute("add-fd", {}, { ...options, descriptor: file.fd });
    const opened = { driver: "file", filename: `/dev/fdset/${set}`, "auto-read-only": false, discard: "unmap" };
    await session.execute("blockdev-add", { ...opened, "node-name": fileNode }, options);
    try {
      await session.execute(
        "blockdev-add",
        { driver: "qcow2", "node-name": node, backing: below, discard: "unmap", file: fileNode },
        options,
      );
    } catch (error) {
      await session.execute("blockdev-del", { "node-name": fileNode }, { signal: AbortSignal.timeout(5000) }).catch(() => {});
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** By disk: the layer it writes to; undefined = the file that it was started with. */
export async function topLayersOf(
  session: QmpSession,
  hardware: HardwareSpec,
  names: (node: string) => string | undefined,
  options: Waiting,
): Promise<Readonly<Record<string, string | undefined>>> {
  const tops = await topNodes(session, hardware, options);
  return Object.fromEntries(hardware.disks.map(({ id }) => [id, names(tops.get(placeOf(hardware, id)) ?? "")]));
}

/** The end of the layer's name, as it stands in the node's. */
export const layerInNode = (node: string): string | undefined => /^layer-(.+)$/.exec(node)?.[1];

const layersFailed = (error: unknown): MimicError =>
  /No space left|ENOSPC/i.test(messageOf(error))
    ? new MimicError("disk.full", "This computer's disk is full, so no snapshot could be taken.", { hint: "Make room and try again." })
    : new MimicError("moment.disks_not_switched", "QEMU did not take the new layers of the disks, so nothing was changed.", {
        hint: "Shut the machine down and take the snapshot then. QEMU's words are in the details.",
        detail: messageOf(error),
        cause: error,
      });
