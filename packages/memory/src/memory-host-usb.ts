// USB sockets of a computer that is not there: a test plugs in what it likes.
import type { FoundUsbDevice, HostUsb } from "@mimic/workbench/ports";

export class MemoryHostUsb implements HostUsb {
  devices: readonly FoundUsbDevice[] = [];
  async list() {
    return this.devices.length > 0 ? { devices: this.devices } : { devices: [], because: "Nothing is plugged in." };
  }
}
