// What `mimic doctor` says of memory that machines of one template share: sealed files in memory, or a copy for each.
import type { Finding } from "@mimic/model";

/** `sealed`: this Node can make sealed files in memory. Pure. */
export function memorySharing(sealed: boolean): Finding {
  const [id, title] = ["memory-sharing", "Shared memory of templates"];
  if (sealed) return { id, title, state: "good", found: "machines of one template share its memory until they change it", mend: "" };
  return {
    id,
    title,
    state: "limited",
    found:
      "this Node cannot make sealed files in memory (memfd), so each machine that goes on from a template first gets a copy of its whole memory on the disk: it starts later, and takes that much room",
    mend: "Run Mimic with the Node that it brings (./mimic setup), or with Node 26 or newer and its node:ffi switched on.",
  };
}
