// The media that say who a machine is: a machine that is made of another gets its own.
import type { MachineRecord } from "@mimic/model";
import type { Context } from "../context.ts";
import type { MachineDraft } from "../ports/index.ts";

/** Writes each medium of the machine's own anew, in its draft or (without one) in its folder. Harmless where it has none. */
export async function writeSeeds({ ports }: Context, record: MachineRecord, draft?: MachineDraft): Promise<void> {
  for (const { slot, medium } of record.hardware.drives) {
    if (medium?.from !== "own") continue;
    const seed = ports.sources.seed({
      hostname: record.name,
      user: record.login?.user ?? "mimic",
      authorizedKeys: ports.authorizedKeys,
      instanceId: record.id,
    });
    if (draft) await draft.writeFile(draft.mediumPath(slot), seed);
    else await ports.machines.writeMedium(record, slot, seed);
  }
}
