// Laying fresh layers over the disks of a running machine, all at one moment. The files are opened and made known to
// QEMU before, so that the moment itself is one order. (QEMU qapi/transaction.json, qapi/block-core.json: blockdev-snapshot)
import { type Clock, MimicError, messageOf, type Waiting } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import type { NewLayer } from "@mimic/workbench/ports";
import { diskName } from "../argv/disks.ts";
import { openForQemu } from "./open-files.ts";

/** Node names have at most 31 characters. */
const nodeOf = (name: string): string => `layer-${name.slice(-22)}`;

/** The node that each disk writes to now, by the disk's name in QEMU ("disk0"). Filters (throttling) are looked through. */
async function topNodes(session: QmpSession, hardware: HardwareSpec, options: Waiting): Promise<ReadonlyMap<string, string>> {
  const blocks = await session.execute("query-block", {}, options);
  const isFiltered = blocks.some(({ inserted }) => inserted?.["node-name"]?.endsWith("-limit"));
  const under = isFiltered ? await childrenOf(session, "file", options) : new Map<string, string>();
  const found = new Map<string, string>();
  for (const { id } of hardware.disks) {
    const name = placeOf(hardware, id);
    const node = blocks.find(({ qdev }) => qdev?.split("/").includes(name))?.inserted?.["node-name"];
    if (node !== undefined) found.set(name, node.endsWith("-limit") ? (under.get(node) ?? node) : node);
  }
  return found;
}

/** Node → the node below it, by that kind of edge. */
async function childrenOf(session: QmpSession, kind: "file" | "backing", options: Waiting): Promise<Map<string, string>> {
  const { nodes, edges } = await session.execute("x-debug-query-block-graph", {}, options);
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  return new Map(
    edges.flatMap(({ parent, child, name }) => {
      const [above, below] = [names.get(parent), names.get(child)];
      return name === kind && above && below ? [[above, below] as const] : [];
    }),
  );
}

const placeOf = (hardware: HardwareSpec, diskId: string): string => diskName(hardware.disks, diskId);

/** What a disk writes to now: its own file's node, or that of the layer that was laid over it last. */
export async function topNodeOf(session: QmpSession, hardware: HardwareSpec, diskId: string, options: Waiting): Promise<string> {
  const name = placeOf(hardware, diskId);
  return (await topNodes(session, hardware, options)).get(name) ?? name;
}

/** The layers that were laid over a disk while it ran, top to bottom. */
export async function laidOver(session: QmpSession, hardware: HardwareSpec, diskId: string, options: Waiting): Promise<readonly string[]> {
  const below = await childrenOf(session, "backing", options);
  const found: string[] = [];
  for (
    let node: string | undefined = await topNodeOf(session, hardware, diskId, options);
    node?.startsWith("layer-");
    node = below.get(node)
  )
    found.push(node);
  return found;
}

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
    for (const node of added)
      await session.execute("blockdev-del", { "node-name": node }, { signal: AbortSignal.timeout(5000) }).catch(() => {});
  };
  try {
    for (const layer of layers) {
      const below = tops.get(placeOf(hardware, layer.diskId));
      if (below === undefined) throw new Error(`QEMU has no disk ${layer.diskId}`);
      const node = nodeOf(layer.name);
      await addLayer(session, node, layer.path, options);
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

/** What lies under it is said by the order that follows, not by the header: `backing` is null here. */
async function addLayer(session: QmpSession, node: string, path: string, options: Waiting): Promise<void> {
  const file = await openForQemu(path, true);
  try {
    const { "fdset-id": set } = await session.execute("add-fd", {}, { ...options, descriptor: file.fd });
    await session.execute(
      "blockdev-add",
      {
        driver: "qcow2",
        "node-name": node,
        backing: null,
        discard: "unmap",
        file: { driver: "file", "node-name": `${node}-f`, filename: `/dev/fdset/${set}`, "auto-read-only": false, discard: "unmap" },
      },
      options,
    );
  } finally {
    await file.close();
  }
}

/** blockdev-mirror copies the topmost file and keeps up with what is written; then the new one takes its place. */
export async function moveDisk(
  session: QmpSession,
  hardware: HardwareSpec,
  layer: NewLayer,
  options: Waiting & { readonly clock: Clock },
): Promise<void> {
  const top = (await topNodes(session, hardware, options)).get(placeOf(hardware, layer.diskId));
  if (top === undefined) throw layersFailed(new Error(`QEMU has no disk ${layer.diskId}`));
  const node = nodeOf(layer.name);
  const job = `move-${node}`;
  await addLayer(session, node, layer.path, options);
  await session.execute("blockdev-mirror", { "job-id": job, device: top, target: node, sync: "top", "auto-dismiss": false }, options);
  for (let completing = false; ; ) {
    const found = (await session.execute("query-jobs", {}, options)).find((one) => one.id === job);
    if (found === undefined) break;
    if (found.status === "concluded") {
      await session.execute("job-dismiss", { id: job }, options);
      if (found.error !== undefined) throw layersFailed(new Error(found.error));
      break;
    }
    if (found.status === "ready" && !completing) {
      completing = true;
      await session.execute("job-complete", { id: job }, options);
    }
    await options.clock.sleep(10, options);
  }
  await session.execute("blockdev-del", { "node-name": top }, options).catch(() => {});
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
