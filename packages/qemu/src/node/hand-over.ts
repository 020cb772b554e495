// Open files for a QEMU that runs: it can open no name of ours, so it gets the file itself (QMP add-fd with SCM_RIGHTS)
// and calls it /dev/fdset/N.
import { MimicError, type Waiting } from "@mimic/base";
import type { QmpSession } from "@mimic/qmp";

/** Answers the number of its set. The descriptor stays ours too. `opaque` is what `letGo` knows it by. */
export async function hand(monitor: QmpSession, descriptor: number, opaque: string, options: Waiting): Promise<number> {
  try {
    return (await monitor.execute("add-fd", { opaque }, { ...options, descriptor }))["fdset-id"];
  } catch (error) {
    options.signal.throwIfAborted();
    throw new MimicError("hardware.no_handover", "A file could not be handed to the running QEMU.", {
      hint: "Start Mimic by its launcher (./mimic), which brings a Node that can; or make the change while the machine is off.",
      cause: error,
    });
  }
}

/** QEMU's own copies go when nothing uses them any more; what is not there is passed over. */
export async function letGo(monitor: QmpSession, opaque: string, options: Waiting): Promise<void> {
  const sets = await monitor.execute("query-fdsets", {}, options).catch(() => []);
  for (const set of sets)
    if (set.fds.some((fd) => fd.opaque?.startsWith(opaque)))
      await monitor.execute("remove-fd", { "fdset-id": set["fdset-id"] }, options).catch(() => {});
}
