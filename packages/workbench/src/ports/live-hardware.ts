// Changing the parts of a machine while it runs. What may be asked is decided before by the model's table
// (`whenCanChange`); here it is done. One change at a time: the caller waits for each. Every order is idempotent, and
// after each, thrown or not, the machine's `run.hardware` says what it has then.
import type { LongWork, Waiting } from "@mimic/base";
import type { DiskLimits, DiskSpec, UsbDevice } from "@mimic/model";

export type DiskChain = readonly { readonly path: string; readonly format: "qcow2" | "raw" }[];

export interface AbsorbWish {
  readonly diskId: string;
  /** How many files its chain has by the record; when QEMU has another number, nothing is done (`disk.chain_differs`). */
  readonly length: number;
  /** Which file takes in: 0 = the disk's own, 1 = the layer below it … */
  readonly into: number;
  /** The lowest that is taken in; it and all above it, up to `into`, are not needed afterwards. */
  readonly through: number;
  /** Of the file that takes in. */
  readonly path: string;
  /** Path of the file below `through`, for the header; undefined = nothing stays below. */
  readonly below: string | undefined;
  readonly bytesPerSecond?: number | undefined;
}

export interface LiveMove {
  readonly diskId: string;
  /** Of the new file: its last 22 characters name the node in QEMU. */
  readonly name: string;
  /** An empty qcow2 file over what the disk's own file stands on (over nothing, when `isWhole`). */
  readonly path: string;
  /** It takes in all that the disk stands on as well. */
  readonly isWhole: boolean;
  readonly bytesPerSecond?: number | undefined;
  /** Both hold the same now, and every write goes to both, until this has resolved and the new one takes over. A throw undoes all. */
  readonly atReady: () => Promise<void>;
}

export interface LentUsb {
  /** Its place at this computer: “1-2.3”. */
  readonly socket: string;
  /** Its device file, which Mimic opens and hands over. */
  readonly file: string;
}

/** Throws `hardware.no_socket`, `hardware.no_handover`, `usb.*`, `display.*`, `hardware.guest_keeps`, `hardware.guest_slow`, and what QEMU refuses (`qmp.refused`). */
export interface LiveHardware {
  /** `chain`: its own file, then the images under it. Half of a failed one is taken away again. */
  plugDisk(disk: DiskSpec, chain: DiskChain, options: Waiting): Promise<void>;
  /** Resolves when the guest has let go of it and its file is closed. */
  unplugDisk(diskId: string, options: Waiting): Promise<void>;
  /** The file and the guest's disk; larger only. */
  growDisk(diskId: string, sizeBytes: number, options: Waiting): Promise<void>;
  /**
   * One file of a disk's chain takes in those below it, while the guest runs. Cut off at any point, every file shows what
   * it showed. No other running machine may have any of them open. Throws `disk.full`, `disk.work_failed`, `disk.chain_differs`.
   */
  absorb(wish: AbsorbWish, options: LongWork): Promise<void>;
  /** The disk goes on in another file, which then holds what its own held. Cut off at any point before `atReady`, nothing has changed. */
  moveDisk(move: LiveMove, options: LongWork): Promise<void>;
  limitDisk(diskId: string, limits: DiskLimits, options: Waiting): Promise<void>;
  plugUsb(device: UsbDevice, options: Waiting): Promise<void>;
  unplugUsb(deviceId: string, options: Waiting): Promise<void>;
  /** Hands a device of this computer to the guest, until it is taken back or the machine ends. Throws `usb.not_lent` with the reason. */
  lendUsb(device: LentUsb, options: Waiting): Promise<void>;
  takeBackUsb(socket: string, options: Waiting): Promise<void>;
  /** The sockets of this computer whose devices it has now. */
  lentUsb(options: Waiting): Promise<readonly string[]>;
  /** Tells its monitor; answers what the guest's screen is then, whether it followed or not. Throws `display.fixed_size`. */
  setDisplaySize(
    size: { readonly width: number; readonly height: number },
    options: Waiting,
  ): Promise<{ readonly width: number; readonly height: number }>;
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
