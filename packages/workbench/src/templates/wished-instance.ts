// What a machine made from a template is, with what was wished for beside. Other hardware than the template's means that it
// cannot go on from the template's memory; that is said, and it is switched on.
import { formatSize, isRefusal, type Refusal, refusal } from "@mimic/base";
import {
  type DiskSpec,
  freePlace,
  type Generation,
  HardwareSpec,
  type MachineRecord,
  misfit,
  type Name,
  type TemplateRecord,
  withPlaces,
} from "@mimic/model";
import type { Context } from "../context.ts";
import { newNic } from "../networks/nic-verbs.ts";
import type { CreateWish } from "../workbench.ts";
import { instanceRecord } from "./instance.ts";

export type TemplateInstanceWish = CreateWish & { template: string };

export const follows = (wish: CreateWish): boolean => wish.follow === true || wish.homeBytes !== undefined;

/** Why it cannot go on from the template's memory, whatever the template is. */
export function whySwitchedOn(wish: CreateWish): string | undefined {
  if (follows(wish)) return "it follows its template, and begins anew at each start";
  const wished = Object.values(wish.hardware ?? {}).some((value) => value !== undefined);
  return wished || wish.diskBytes !== undefined || (wish.moreDisks ?? []).length > 0 ? "it was given hardware of its own" : undefined;
}

export function wishedRecord(
  context: Context,
  template: TemplateRecord,
  generation: Generation,
  name: Name,
  wish: TemplateInstanceWish,
): MachineRecord | Refusal {
  if (wish.fullCopy || wish.era)
    return refusal(
      "template.not_with",
      `A machine made from a template ${wish.era ? "is no PC of a year" : "shares its disks"}.`,
      wish.era ? "Leave the year out." : `Make it, and copy it in full then: mimic clone ${name} NAME --full`,
    );
  const record = instanceRecord(context, template, generation, { name, note: wish.note, forgets: follows(wish) ? "disks" : undefined });
  const disks = disksOf(context, record, wish);
  if (isRefusal(disks)) return disks;
  const wished = Object.fromEntries(Object.entries(wish.hardware ?? {}).filter(([, value]) => value !== undefined));
  const spec = HardwareSpec.parse({ ...record.hardware, ...wished, disks });
  const isSameBoard = spec.board === record.hardware.board && spec.architecture === record.hardware.architecture;
  const hardware: HardwareSpec = { ...spec, machineType: isSameBoard ? spec.machineType : undefined };
  const why = misfit(hardware);
  if (why !== undefined) return refusal("hardware.misfit", why, "Leave that part out: the template brings what fits it.");
  const nics = cards(context, { ...record, hardware }, wish);
  return isRefusal(nics) ? nics : { ...record, hardware: { ...hardware, nics } };
}

/** As the template's, when nothing was said; else one on that network, or none. */
function cards(context: Context, record: MachineRecord, { network }: CreateWish): HardwareSpec["nics"] | Refusal {
  if (network === undefined) return record.hardware.nics;
  if (network === null) return [];
  const bare = { ...record, hardware: { ...record.hardware, nics: [] } };
  const nic = newNic(context, bare, [], { network, model: record.hardware.nics[0]?.model });
  return isRefusal(nic) ? nic : [nic];
}

function disksOf({ ports }: Context, { hardware, forgets }: MachineRecord, wish: CreateWish): DiskSpec[] | Refusal {
  const [first, ...rest] = hardware.disks;
  const { diskBytes, homeBytes } = wish;
  if (diskBytes !== undefined && (first === undefined || diskBytes < first.sizeBytes))
    return refusal(
      "disk.too_small",
      first
        ? `The template's disk has ${formatSize(first.sizeBytes)}; ${formatSize(diskBytes)} was asked for.`
        : "The template has no disk.",
      "Ask for at least as much, or leave it out.",
    );
  const disks: DiskSpec[] = withPlaces(first ? [{ ...first, sizeBytes: diskBytes ?? first.sizeBytes }, ...rest] : []);
  const bus = first?.bus ?? "virtio";
  const add = (sizeBytes: number, keeps: DiskSpec["keeps"], wished = bus): void => {
    const place = freePlace(disks, []);
    disks.push({ id: ports.ids.make("dsk"), bus: wished, format: "qcow2", sizeBytes, readOnly: false, place, keeps });
  };
  if (homeBytes !== undefined) add(homeBytes, "home");
  for (const more of wish.moreDisks ?? []) add(more.sizeBytes, forgets ? "disk" : undefined, more.bus ?? bus);
  return disks;
}
