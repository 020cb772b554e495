// Disks of a running QEMU: plugged in by descriptor like those it was started with, taken out when the guest has let
// go, grown, and held to limits by a filter that is put in when it is first needed.
import type { Waiting } from "@mimic/base";
import type { DiskLimits, DiskSpec, HardwareSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import type { DiskChain } from "@mimic/workbench/ports";
import {
  diskDevice,
  diskName,
  layerNodes,
  limitBlockdev,
  limitGroup,
  limitNode,
  limitObject,
  nodeName,
  scsiPlace,
  throttleLimits,
} from "../argv/index.ts";
import { diskKey } from "../files.ts";
import { chainOf, closeNode, topNodeOf } from "./block-graph.ts";
import { hand, letGo } from "./hand-over.ts";
import { deviceIds, unplug, withFreeSocket } from "./hotplug.ts";
import { openFiles } from "./open-files.ts";

/** Answers the socket that it went into; undefined when it sits on a controller. Whatever fails, nothing of it stays. */
export async function plugDisk(
  monitor: QmpSession,
  hardware: HardwareSpec,
  disk: DiskSpec,
  chain: DiskChain,
  options: Waiting,
): Promise<string | undefined> {
  const name = diskName([...hardware.disks, disk], disk.id);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => closeDisk(monitor, name, chain.length, options));
  await addLayers(monitor, name, disk, chain, options);
  if (disk.limits) {
    await monitor.execute("object-add", limitObject(name, disk.limits), options);
    await monitor.execute("blockdev-add", limitBlockdev(name), options);
  }
  const drive = disk.limits ? limitNode(name) : name;
  const add = (at: Readonly<Record<string, string | number>>) => monitor.execute("device_add", diskDevice(disk, name, drive, at), options);
  let at: string | undefined;
  if (disk.bus === "scsi") {
    await needScsi(monitor, options);
    await add(scsiPlace(Number(name.slice(4))));
  } else if (disk.bus === "usb") await add({ bus: "usb0.0" });
  else
    at = await withFreeSocket(
      monitor,
      async (socket) => {
        await add({ bus: socket });
        return socket;
      },
      options,
    );
  undo.move();
  return at;
}

/** A machine that was started without a SCSI controller gets one, in a socket. */
async function needScsi(monitor: QmpSession, options: Waiting): Promise<void> {
  if ((await deviceIds(monitor, options)).includes("scsi0")) return;
  await withFreeSocket(monitor, (bus) => monitor.execute("device_add", { driver: "virtio-scsi-pci", id: "scsi0", bus }, options), options);
}

async function addLayers(monitor: QmpSession, name: string, disk: DiskSpec, chain: DiskChain, options: Waiting): Promise<void> {
  const needs = chain.map((layer, depth) => ({
    key: diskKey(disk.id, depth),
    path: layer.path,
    writable: depth === 0 && !disk.readOnly,
    layer: { diskId: disk.id, depth, format: layer.format },
  }));
  await using files = await openFiles(needs, { [disk.id]: chain }, undefined);
  for (const [depth, layer] of [...chain.entries()].reverse()) {
    const set = await hand(monitor, files.fds[depth] as number, `${name}:${depth}`, options);
    const readOnly = depth > 0 || disk.readOnly;
    for (const node of layerNodes(name, layer, { depth, count: chain.length, readOnly, set }))
      await monitor.execute("blockdev-add", node, options);
  }
}

export async function unplugDisk(monitor: QmpSession, hardware: HardwareSpec, disk: DiskSpec, options: Waiting): Promise<void> {
  const name = diskName(hardware.disks, disk.id);
  const layers = await chainOf(monitor, hardware, disk.id, options);
  await unplug(monitor, name, options);
  await monitor.execute("blockdev-del", { "node-name": limitNode(name) }, options).catch(() => {});
  for (const node of layers) await closeNode(monitor, node, options);
  await closeDisk(monitor, name, 8, options);
}

/** Closes whatever of a disk is open, from the top down; what is not there is passed over. */
async function closeDisk(monitor: QmpSession, name: string, layers: number, options: Waiting): Promise<void> {
  const attempt = (work: Promise<unknown>): Promise<unknown> => work.catch(() => {});
  // A device that is still there holds its node: then this does nothing, and the disk stays whole.
  await attempt(monitor.execute("blockdev-del", { "node-name": limitNode(name) }, options));
  await attempt(monitor.execute("object-del", { id: limitGroup(name) }, options));
  for (let depth = 0; depth < layers; depth++) {
    const node = nodeName(name, depth);
    await attempt(monitor.execute("blockdev-del", { "node-name": node }, options));
    await attempt(monitor.execute("blockdev-del", { "node-name": `${node}-file` }, options));
  }
  await letGo(monitor, `${name}:`, options);
}

export async function growDisk(
  monitor: QmpSession,
  hardware: HardwareSpec,
  disk: DiskSpec,
  sizeBytes: number,
  options: Waiting,
): Promise<void> {
  const name = diskName(hardware.disks, disk.id);
  // The one that the guest's disk hangs on: a filter above the file does not tell it of a change below (QEMU 7.2).
  const node = (await isLimited(monitor, name, options)) ? limitNode(name) : await topNodeOf(monitor, hardware, disk.id, options);
  await monitor.execute("block_resize", { "node-name": node, size: Math.ceil(sizeBytes / 512) * 512 }, options);
}

async function isLimited(monitor: QmpSession, name: string, options: Waiting): Promise<boolean> {
  const objects = await monitor.execute("qom-list", { path: "/objects" }, options);
  return objects.some((object) => object.name === limitGroup(name));
}

/**
 * Changes the limits, and puts the filter above the disk's own layer when it has none yet. (Setting the same node a
 * second time ends QEMU 7.2, so it is looked at first.)
 */
export async function limitDisk(
  monitor: QmpSession,
  hardware: HardwareSpec,
  disk: DiskSpec,
  limits: DiskLimits,
  options: Waiting,
): Promise<void> {
  const name = diskName(hardware.disks, disk.id);
  if (await isLimited(monitor, name, options)) {
    await monitor.execute("qom-set", { path: `/objects/${limitGroup(name)}`, property: "limits", value: throttleLimits(limits) }, options);
    return;
  }
  await using undo = new AsyncDisposableStack();
  await monitor.execute("object-add", limitObject(name, limits), options);
  undo.defer(() => monitor.execute("object-del", { id: limitGroup(name) }, options).catch(() => {}));
  // Above what it writes to now: a layer may have been laid over its own file meanwhile.
  const file = await topNodeOf(monitor, hardware, disk.id, options);
  await monitor.execute("blockdev-add", { ...limitBlockdev(name), file }, options);
  undo.defer(() => monitor.execute("blockdev-del", { "node-name": limitNode(name) }, options).catch(() => {}));
  // A virtio device keeps its drive one level down.
  const path = `/machine/peripheral/${name}${disk.bus === "virtio" ? "/virtio-backend" : ""}`;
  await monitor.execute("qom-set", { path, property: "drive", value: limitNode(name) }, options);
  undo.move();
}
