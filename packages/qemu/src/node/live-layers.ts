// Chains of running machines get shorter, and their topmost files move elsewhere, without the guest noticing.
// (QEMU qapi/block-core.json: block-stream, blockdev-mirror, blockdev-reopen; docs/interop/live-block-operations.rst)
import { type Clock, type LongWork, MimicError, type Waiting } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import type { AbsorbWish, LiveMove } from "@mimic/workbench/ports";
import { chainOf, childrenOf, closeNode, fileOf, topNodeOf } from "./block-graph.ts";
import { diskWorkFailed, JOB, runBlockJob } from "./block-jobs.ts";
import { addLayer, nodeOf } from "./disk-layers.ts";
import { openForQemu } from "./open-files.ts";

const BUFFER_BYTES = 1024 ** 2;

type Options = LongWork & { readonly clock: Clock };

/** One layer takes in what those below it hold, down to one that stays (or none); those go out of the running QEMU. */
export async function absorbLayers(session: QmpSession, hardware: HardwareSpec, wish: AbsorbWish, options: Options): Promise<void> {
  const chain = await chainOf(session, hardware, wish.diskId, options);
  if (chain.length !== wish.length) throw differs();
  const [into, base] = [chain[wish.into], chain[wish.through + 1]];
  if (into === undefined || wish.through <= wish.into || wish.through >= chain.length) throw new RangeError("no such layers");
  if (base !== undefined && wish.below === undefined) throw new RangeError("the layer that stays has to be named");
  try {
    await makeWritable(session, into, wish.path, options);
    const stays = base === undefined ? {} : { "base-node": base, "backing-file": wish.below };
    const id = `${JOB}absorb-${into}`.slice(0, 60);
    const speed = wish.bytesPerSecond === undefined ? {} : { speed: wish.bytesPerSecond };
    const begin = () => session.execute("block-stream", { "job-id": id, device: into, ...stays, ...speed, "auto-dismiss": false }, options);
    await runBlockJob(session, id, begin, { ...options, words: "taking in what the layers below hold" });
  } catch (error) {
    options.signal.throwIfAborted();
    throw diskWorkFailed(error);
  }
  // Done is done, whether or not it was to be cut off meanwhile.
  const late = { signal: AbortSignal.timeout(10_000) };
  for (const node of chain.slice(wish.into + 1, wish.through + 1)) await closeNode(session, node, late);
}

/**
 * A frozen layer was opened for reading only, and its file's descriptor with it. It gets one that can write, and the old
 * one is closed: locks are held by descriptors, also against oneself. (A QEMU that stands still keeps it, and refuses.)
 */
async function makeWritable(session: QmpSession, node: string, path: string, options: Waiting): Promise<void> {
  const file = (await childrenOf(session, "file", options)).get(node);
  const now = file === undefined ? undefined : await fileOf(session, file, options);
  if (file === undefined || now === undefined) throw new Error(`QEMU has no file for ${node}`);
  if (!now.readOnly) return;
  const before = (await session.execute("query-fdsets", {}, options)).find((one) => one["fdset-id"] === now.set)?.fds ?? [];
  const handle = await openForQemu(path, true);
  try {
    await session.execute("add-fd", { "fdset-id": now.set }, { ...options, descriptor: handle.fd });
  } finally {
    await handle.close();
  }
  const file0 = { driver: "file", "node-name": file, filename: `/dev/fdset/${now.set}`, "auto-read-only": false, discard: "unmap" };
  await session.execute("blockdev-reopen", { options: [{ ...file0, "read-only": false }] }, options);
  for (const { fd } of before) await session.execute("remove-fd", { "fdset-id": now.set, fd }, options);
}

/**
 * Copies what a disk's own file holds into a new one (an empty layer over the same ones), keeps up with what is written
 * meanwhile, and goes on there. `atReady` is called when both are the same and stay the same: every write goes to both.
 */
export async function moveDisk(session: QmpSession, hardware: HardwareSpec, move: LiveMove, options: Options): Promise<void> {
  const top = await topNodeOf(session, hardware, move.diskId, options);
  const node = nodeOf(move.name);
  try {
    const below = move.isWhole ? null : ((await childrenOf(session, "backing", options)).get(top) ?? null);
    await addLayer(session, { node, path: move.path, below }, options);
    const id = `${JOB}move-${node}`;
    // QEMU is held to a speed buffer by buffer: 16 MiB of them would go at once.
    const speed = move.bytesPerSecond === undefined ? {} : { speed: move.bytesPerSecond, "buf-size": BUFFER_BYTES };
    const order = {
      device: top,
      target: node,
      sync: move.isWhole ? "full" : "top",
      "copy-mode": "write-blocking",
      ...speed,
      "auto-dismiss": false,
    } as const;
    const begin = () => session.execute("blockdev-mirror", { "job-id": id, ...order }, options);
    await runBlockJob(session, id, begin, { ...options, words: "copying the disk", atReady: move.atReady });
  } catch (error) {
    await closeNode(session, node, { signal: AbortSignal.timeout(5000) }).catch(() => {});
    options.signal.throwIfAborted();
    throw diskWorkFailed(error);
  }
  await closeNode(session, top, { signal: AbortSignal.timeout(10_000) });
}

const differs = (): MimicError =>
  new MimicError("disk.chain_differs", "The running machine's disk has other layers than its record says, so they are left alone.", {
    hint: "Nothing is wrong with the disk; it is put in order when the machine is off.",
  });
