// Parts of a pretend machine change as the real ones do: at once, or not at all when the test says that the guest
// does not let go.
import { MimicError } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { LiveHardware } from "@mimic/workbench/ports";

export interface MemoryLiveOptions {
  hardware(): HardwareSpec;
  changed(hardware: HardwareSpec): void;
  /** False: no disk and no device comes out. */
  letsGo(): boolean;
}

export function memoryLive({ hardware, changed, letsGo }: MemoryLiveOptions): LiveHardware {
  const change = (more: Partial<HardwareSpec>): void => changed({ ...hardware(), ...more });
  const lent: string[] = [];
  const mustLetGo = (): void => {
    if (letsGo()) return;
    throw new MimicError("hardware.guest_keeps", "The guest does not let go of the device.", { hint: "Unmount it in the guest first." });
  };
  return {
    async plugDisk(disk) {
      if (hardware().disks.some(({ id }) => id === disk.id)) return;
      const taken = new Set(hardware().disks.map(({ at }) => at));
      const free = [0, 1, 2, 3, 4, 5].map((n) => `port${n}`).find((port) => !taken.has(port));
      if (free === undefined) throw new MimicError("hardware.no_socket", "All sockets are taken.", { hint: "Take a disk out." });
      change({ disks: [...hardware().disks, { ...disk, at: disk.bus === "virtio" || disk.bus === "nvme" ? free : undefined }] });
    },
    async unplugDisk(id) {
      mustLetGo();
      change({ disks: hardware().disks.filter((disk) => disk.id !== id) });
    },
    async growDisk(id, sizeBytes) {
      change({ disks: hardware().disks.map((disk) => (disk.id === id ? { ...disk, sizeBytes } : disk)) });
    },
    async absorb(_wish, { signal, report }) {
      signal.throwIfAborted();
      report({ words: "pretending to shorten a disk" });
    },
    async moveDisk({ atReady }, { signal }) {
      signal.throwIfAborted();
      await atReady();
    },
    async limitDisk(id, limits) {
      change({ disks: hardware().disks.map((disk) => (disk.id === id ? { ...disk, limits } : disk)) });
    },
    async plugUsb(device) {
      change({ usb: [...hardware().usb.filter(({ id }) => id !== device.id), device] });
    },
    async unplugUsb(id) {
      mustLetGo();
      change({ usb: hardware().usb.filter((device) => device.id !== id) });
    },
    async lendUsb({ socket }) {
      if (!lent.includes(socket)) lent.push(socket);
    },
    async takeBackUsb(socket) {
      mustLetGo();
      lent.splice(lent.indexOf(socket) >>> 0, 1);
    },
    lentUsb: async () => [...lent],
    async setDisplaySize(displaySize) {
      change({ displaySize });
      return displaySize;
    },
    async setCpus(count) {
      change({ cpus: count });
      return count;
    },
    async setMemory(memoryMiB) {
      change({ memoryMiB });
    },
    async limitCpu(percent) {
      change({ cpuLimitPercent: percent });
    },
  };
}
