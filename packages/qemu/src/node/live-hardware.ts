// Changing the parts of one running QEMU. Disks are in live-disks.ts, memory in live-memory.ts; this file puts them
// together and keeps account of what the machine has after each change.
import { type Clock, MimicError, type Waiting } from "@mimic/base";
import type { Growth, HardwareSpec, RunRecord } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import type { LiveHardware } from "@mimic/workbench/ports";
import { usbDevice, usbName } from "../argv/index.ts";
import { limitCpu } from "./cpu-limit.ts";
import { askDisplaySize } from "./display-size.ts";
import { busOf, deviceIds, unplug } from "./hotplug.ts";
import { growDisk, limitDisk, plugDisk, unplugDisk } from "./live-disks.ts";
import { absorbLayers, moveDisk } from "./live-layers.ts";
import { setMemory } from "./live-memory.ts";
import { lendUsb, lentUsb, takeBackUsb } from "./live-usb.ts";
import { MemoryLags } from "./memory-lags.ts";

export interface LiveParts {
  readonly session: QmpSession;
  readonly run: () => RunRecord;
  readonly changed: (hardware: HardwareSpec, growth: RunRecord["growth"]) => void;
  readonly clock: Clock;
  readonly displaySocket: () => string | undefined;
}

export function openLiveHardware(parts: LiveParts): LiveHardware {
  const { session, run, changed } = parts;
  const now = (): HardwareSpec => run().hardware;
  const change = (more: Partial<HardwareSpec>, grown?: Growth["grown"][number]): void => {
    const { growth } = run();
    const already = grown === undefined || growth === undefined || growth.grown.includes(grown);
    changed({ ...now(), ...more }, already ? growth : { ...growth, grown: [...growth.grown, grown] });
  };
  const findDisk = (id: string) => {
    const disk = now().disks.find((one) => one.id === id);
    if (disk) return disk;
    throw new MimicError("disk.unknown", "The running machine has no such disk.", { hint: "See its disks: mimic show NAME", detail: id });
  };
  return {
    async plugDisk(disk, chain, options) {
      if (now().disks.some((one) => one.id === disk.id)) return;
      const at = await plugDisk(session, now(), disk, chain, options);
      const hasNewController = disk.bus === "scsi" && (await busOf(session, "scsi0", options)) !== "pcie.0";
      change(
        { disks: [...now().disks, { ...disk, at }] },
        hasNewController ? "SCSI controller" : disk.bus === "usb" ? "USB devices" : undefined,
      );
    },
    async unplugDisk(id, options) {
      if (!now().disks.some((one) => one.id === id)) return;
      await unplugDisk(session, now(), findDisk(id), options);
      change({ disks: now().disks.filter((one) => one.id !== id) });
    },
    async growDisk(id, sizeBytes, options) {
      await growDisk(session, now(), findDisk(id), sizeBytes, options);
      change({ disks: now().disks.map((one) => (one.id === id ? { ...one, sizeBytes } : one)) });
    },
    async limitDisk(id, limits, options) {
      await limitDisk(session, now(), findDisk(id), limits, options);
      change({ disks: now().disks.map((one) => (one.id === id ? { ...one, limits } : one)) });
    },
    absorb: (wish, options) => absorbLayers(session, now(), wish, { ...options, clock: parts.clock }),
    moveDisk: (move, options) => moveDisk(session, now(), move, { ...options, clock: parts.clock }),
    async plugUsb(device, options) {
      if (now().usb.some((one) => one.id === device.id)) return;
      await session.execute("device_add", usbDevice(device), options);
      change({ usb: [...now().usb, device] }, "USB devices");
    },
    async unplugUsb(id, options) {
      await unplug(session, usbName(id), options);
      change({ usb: now().usb.filter((one) => one.id !== id) });
    },
    async lendUsb(device, options) {
      await lendUsb(session, device, options);
      change({}, "USB devices");
    },
    takeBackUsb: (socket, options) => takeBackUsb(session, socket, options),
    lentUsb: (options) => lentUsb(session, options),
    async setDisplaySize(size, options) {
      const socket = parts.displaySocket();
      if (socket === undefined)
        throw new MimicError("display.none", "This machine has no screen.", { hint: "Give it one while it is off." });
      const became = await askDisplaySize(socket, size, options);
      change({ displaySize: { width: size.width, height: size.height } });
      return became;
    },
    async setCpus(count, options) {
      const came = await addCpus(session, count, options);
      change({ cpus: count }, came > 0 ? "processors" : undefined);
      return count;
    },
    async setMemory(memoryMiB, options) {
      const growth = run().growth;
      if (growth === undefined) throw new Error("nothing was prepared for more memory");
      try {
        await setMemory(parts, growth, memoryMiB, options);
        change({ memoryMiB }, "memory");
      } catch (error) {
        if (error instanceof MemoryLags) change({ memoryMiB: error.hasMiB }, "memory");
        throw error;
      }
    },
    async limitCpu(percent, options) {
      options.signal.throwIfAborted();
      await limitCpu(run(), percent);
      change({ cpuLimitPercent: percent });
    },
  };
}

/** Puts processors in until there are `count`; answers how many came. None is ever taken out: QEMU 7.2 crashes when it emulates that. */
async function addCpus(session: QmpSession, count: number, options: Waiting): Promise<number> {
  const places = await session.execute("query-hotpluggable-cpus", {}, options);
  // The list descends; the guest's processors are numbered upwards.
  const free = places.filter((place) => place["qom-path"] === undefined).reverse();
  const missing = count - (places.length - free.length);
  const ids = new Set(await deviceIds(session, options));
  for (const place of free.slice(0, Math.max(0, missing))) {
    let number = 1;
    while (ids.has(`cpu${number}`)) number++;
    ids.add(`cpu${number}`);
    await session.execute("device_add", { driver: place.type, id: `cpu${number}`, ...place.props }, options);
  }
  return Math.max(0, missing);
}
