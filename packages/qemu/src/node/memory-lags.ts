// The guest did not follow in time.
import { MimicError } from "@mimic/base";

export class MemoryLags extends MimicError {
  /** What it has now. */
  readonly hasMiB: number;
  constructor(wantedMiB: number, hasMiB: number) {
    super("hardware.guest_slow", `The guest has ${hasMiB} MiB of memory now, and not yet ${wantedMiB} MiB.`, {
      hint: "Its system needs the drivers virtio_mem and virtio_balloon, and memory that it can give back. It goes on trying.",
    });
    this.hasMiB = hasMiB;
  }
}
