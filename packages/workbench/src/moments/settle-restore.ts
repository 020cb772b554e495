// Going back, written down once the present is kept: a daemon that ends in the middle is followed by one that puts each
// machine wholly on the one side or the other, and tells the person which. It takes nobody further back by itself: a
// machine that still runs has done more since.
import { MimicError, messageOf } from "@mimic/base";
import type { MomentRecord } from "@mimic/model";
import { type Context, nowIso } from "../context.ts";
import type { MachineActor } from "../machines/machine-actor.ts";
import type { OpenEntry, PartOfRestore } from "../ports/index.ts";
import { isRunning } from "./take-moment.ts";

interface RestoreNote extends AsyncDisposable {
  /** The present of all of them is kept. */
  begin(all: readonly { readonly actor: MachineActor; readonly moment: MomentRecord }[]): Promise<void>;
}

/** Made before the present is kept. Gone when it is disposed, however it ended: only a daemon that died leaves one. */
export function restoreNote({ ports }: Context, name: string, actors: readonly MachineActor[]): RestoreNote {
  let entry: OpenEntry | undefined;
  // Once its present is kept, one that is about to end stands still already.
  const ran = new Set(actors.filter(isRunning).map(({ record }) => record.id));
  return {
    async begin(all) {
      const parts = all.map(
        ({ actor: { record }, moment }): PartOfRestore => ({
          machineId: record.id,
          momentId: moment.id,
          ran: ran.has(record.id),
          disks: record.hardware.disks,
        }),
      );
      entry = await ports.journal.begin({ op: "moment.restore", name, parts });
    },
    async [Symbol.asyncDispose]() {
      await entry?.close();
    },
  };
}

/** What became of one of them. */
type Side = "back" | "wakes" | "runs" | "ended";

export async function settleRestore(
  context: Context,
  entry: { readonly name: string; readonly parts: readonly PartOfRestore[] },
): Promise<void> {
  const found = [];
  for (const part of entry.parts) {
    const actor = context.actors.get(part.machineId);
    if (actor) found.push({ actor, part, side: await settleOne(context, actor, part) });
  }
  const [first] = found;
  if (first === undefined) return;
  const each = found.map(({ actor, side }) => `“${actor.record.name}” ${inWords(side)}`).join("; ");
  const words = `Going back to “${entry.name}” was cut off, because Mimic ended: ${each}.`;
  const isMixed = found.some(({ side }) => isBack(side) !== isBack(first.side));
  const together = found.length > 1 ? " --together" : "";
  const again = `mimic restore ${first.actor.record.name} ${first.part.momentId}${together}`;
  const hint =
    isMixed || !isBack(first.side)
      ? `Nothing is lost: what each was is kept as “before “${entry.name}””. To go back all the same: ${again}`
      : "Nothing is lost.";
  context.events.publish({ kind: "host.noticed", words });
  for (const { actor } of found) await context.ports.machines.tell(actor.record.id, nowIso(context), `${words} ${hint}`);
  const title = `Go back to “${entry.name}” with ${found.map(({ actor }) => `“${actor.record.name}”`).join(", ")}`;
  context.jobs.run({ kind: "moment.restore", title, subjects: found.map(({ actor }) => actor.record.id), cancellable: false }, async () => {
    throw new MimicError("moment.cut_off", words, { hint });
  });
}

const isBack = (side: Side): boolean => side === "back" || side === "wakes";

/** The record says which side it is on; what belongs to that side follows. Again and again, if need be. */
async function settleOne(context: Context, actor: MachineActor, { momentId, ran, disks }: PartOfRestore): Promise<Side> {
  const { machines, moments, log } = context.ports;
  const { record, running } = actor;
  const isAtIt = record.moment === momentId;
  // It stood still to be ended, or was about to go on.
  if (running?.paused && (ran || isAtIt))
    await running.resume({ signal: AbortSignal.timeout(5000) }).catch((error: unknown) => {
      log.warn("a machine still stands that was cut off while it went back", { machineId: record.id, error: messageOf(error) });
    });
  if (!isAtIt) return running ? "runs" : "ended";
  if (running) return "back";
  await moments.restoreFiles(record.id, momentId);
  const named = new Set(record.hardware.disks.map((disk) => disk.head ?? disk.id));
  for (const disk of disks) if (!named.has(disk.head ?? disk.id) && !disk.readOnly) await machines.forgetFile(record, disk);
  return record.wakes === momentId ? "wakes" : "back";
}

function inWords(side: Side): string {
  switch (side) {
    case "back":
      return "is back at it";
    case "wakes":
      return "is back at it, and goes on from there when it is started";
    case "runs":
      return "is as it was, and runs";
    case "ended":
      return "is as it was, and off";
    default:
      return side satisfies never;
  }
}
