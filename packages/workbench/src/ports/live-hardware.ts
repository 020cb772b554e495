// Changing the parts of a machine while it runs. What may be asked is decided before by the model's table
// (`whenCanChange`); here it is done. One change at a time: the caller waits for each. Every order is idempotent, and
// after each, thrown or not, the machine's `run.hardware` says what it has then.
import type { LongWork, Waiting } from "@mimic/base";
import type { DiskLimits, DiskSpec, UsbDevice } from "@mimic/model";

export type DiskChain = readonly { readonly path: string; readonly format: "qcow2" | "raw" }[];

/** Throws `hardware.no_socket`, `hardware.no_handover`, `hardware.guest_keeps`, `hardware.guest_slow`, and what QEMU refuses (`qmp.refused`). */
export interface LiveHardware {
  /** `chain`: its own file, then the images under it. Half of a failed one is taken away again. */
  plugDisk(disk: DiskSpec, chain: DiskChain, options: Waiting): Promise<void>;
  /** Resolves when the guest has let go of it and its file is closed. */
  unplugDisk(diskId: string, options: Waiting): Promise<void>;
  /** The file and the guest's disk; larger only. */
  growDisk(diskId: string, sizeBytes: number, options: Waiting): Promise<void>;
  limitDisk(diskId: string, limits: DiskLimits, options: Waiting): Promise<void>;
  plugUsb(device: UsbDevice, options: Waiting): Promise<void>;
  unplugUsb(deviceId: string, options: Waiting): Promise<void>;
  /** Puts in what is missing; brings into use, or out of it, through the agent when that answers. Answers how many the guest uses. */
  setCpus(count: number, options: Waiting): Promise<number>;
  /**
   * Takes effect as the guest follows; resolves when it has, or throws `hardware.guest_slow` with what it has then.
   * It may still follow later.
   */
  setMemory(memoryMiB: number, options: LongWork): Promise<void>;
  /** 100 = one core of this computer, 0 = no limit. Throws `host.no_cpu_limit` with the reason where that cannot be. */
  limitCpu(percent: number, options: Waiting): Promise<void>;
}
