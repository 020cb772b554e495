// What is plugged into this computer's own USB sockets.
import type { Waiting } from "@mimic/base";
import type { HostUsbDevice } from "@mimic/model";

export interface FoundUsbDevice extends HostUsbDevice {
  /** Its device file; only Mimic's own processes are told. */
  readonly file: string;
}

export interface HostUsb {
  /** Looked up anew each time. `because`: why there are none. At most 128 devices. */
  list(options: Waiting): Promise<{ readonly devices: readonly FoundUsbDevice[]; readonly because?: string | undefined }>;
}
