// A CD or floppy goes into a drive, or comes out: at once, running or not.
import { isRefusal, type Refusal, refusal } from "@mimic/base";
import type { MachineView, MediaDrive } from "@mimic/model";
import { type Context, findMachine } from "../context.ts";
import { findImage } from "../images/acquire.ts";
import { machineView } from "./view.ts";

export async function changeMedium(
  context: Context,
  input: { machine: string; slot: string; image: string | null },
): Promise<MachineView | Refusal> {
  const actor = findMachine(context, input.machine);
  if (isRefusal(actor)) return actor;
  const name = actor.record.name;
  const drive = actor.record.hardware.drives.find((candidate) => candidate.slot === input.slot);
  if (!drive) {
    const slots = actor.record.hardware.drives.map((candidate) => candidate.slot).join(", ") || "none";
    return refusal(
      "drive.unknown",
      `“${name}” has no drive “${input.slot.slice(0, 20)}”; it has: ${slots}.`,
      `Add one while it is off: mimic set ${name} --add-drive cd`,
    );
  }
  let medium: MediaDrive["medium"] = null;
  if (input.image !== null) {
    const image = findImage(context, input.image);
    if (isRefusal(image)) return image;
    if (image.kind !== drive.kind) {
      return refusal(
        "drive.wrong_medium",
        `“${image.name}” is a ${image.kind} image and “${drive.slot}” is a ${drive.kind} drive.`,
        "Choose an image of the same kind: mimic image ls",
      );
    }
    medium = { from: "image", digest: image.digest };
  }
  const drives = actor.record.hardware.drives.map((other) => (other.slot === drive.slot ? { ...other, medium } : other));
  if (actor.running?.run.hardware.drives.some((other) => other.slot === drive.slot)) {
    await actor.running.changeMedium(
      drive.slot,
      medium ? context.ports.images.path(medium.from === "image" ? medium.digest : "") : undefined,
      { signal: AbortSignal.timeout(15_000) },
    );
  }
  await actor.change({ ...actor.record, hardware: { ...actor.record.hardware, drives } }, `drive ${drive.slot}`);
  return await machineView(context, actor);
}
