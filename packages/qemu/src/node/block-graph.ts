// What the disks of a running QEMU are made of now: layers come, go and change their names while it runs, so the graph
// itself is asked. (QEMU qapi/block-core.json: query-block, x-debug-query-block-graph)
import type { Waiting } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import { diskName } from "../argv/disks.ts";

export const placeOf = (hardware: HardwareSpec, diskId: string): string => diskName(hardware.disks, diskId);

/** The node that each disk writes to now, by the disk's name in QEMU ("disk0"). Filters (throttling) are looked through. */
export async function topNodes(session: QmpSession, hardware: HardwareSpec, options: Waiting): Promise<ReadonlyMap<string, string>> {
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
export async function childrenOf(session: QmpSession, kind: "file" | "backing", options: Waiting): Promise<Map<string, string>> {
  const { nodes, edges } = await session.execute("x-debug-query-block-graph", {}, options);
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  return new Map(
    edges.flatMap(({ parent, child, name }) => {
      const [above, below] = [names.get(parent), names.get(child)];
      return name === kind && above && below ? [[above, below] as const] : [];
    }),
  );
}

/** What a disk writes to now: its own file's node, or that of the layer that was laid over it last. */
export async function topNodeOf(session: QmpSession, hardware: HardwareSpec, diskId: string, options: Waiting): Promise<string> {
  const name = placeOf(hardware, diskId);
  return (await topNodes(session, hardware, options)).get(name) ?? name;
}

/** All layers of a disk, top to bottom. */
export async function chainOf(session: QmpSession, hardware: HardwareSpec, diskId: string, options: Waiting): Promise<readonly string[]> {
  const below = await childrenOf(session, "backing", options);
  const found: string[] = [];
  for (let node: string | undefined = await topNodeOf(session, hardware, diskId, options); node !== undefined; node = below.get(node))
    found.push(node);
  return found;
}

/** Closes a layer that nothing stands on any more, and gives its file back; what is still needed, or gone, is passed over. */
export async function closeNode(session: QmpSession, node: string, options: Waiting): Promise<void> {
  const file = (await childrenOf(session, "file", options)).get(node);
  const set = file === undefined ? undefined : (await fileOf(session, file, options))?.set;
  const attempt = (work: Promise<unknown>): Promise<boolean> =>
    work.then(
      () => true,
      () => false,
    );
  if (!(await attempt(session.execute("blockdev-del", { "node-name": node }, options)))) return;
  if (file === undefined) return;
  await attempt(session.execute("blockdev-del", { "node-name": file }, options));
  // As long as the descriptor is open, a removed file takes its room.
  if (set !== undefined) await attempt(session.execute("remove-fd", { "fdset-id": set }, options));
}

export interface NodeFile {
  /** The set of descriptors that it is opened from. */
  readonly set: number;
  readonly readOnly: boolean;
}

export async function fileOf(session: QmpSession, fileNode: string, options: Waiting): Promise<NodeFile | undefined> {
  const nodes = await session.execute("query-named-block-nodes", { flat: true }, options);
  const node = nodes.find((one) => one["node-name"] === fileNode);
  const set = node === undefined ? undefined : /^\/dev\/fdset\/(\d+)$/.exec(node.file)?.[1];
  return node === undefined || set === undefined ? undefined : { set: Number(set), readOnly: node.ro };
}
