// What a machine is made of once it stands on another generation of its template. Pure. The system's disks, and what its
// system must find the same, are the generation's; what a person chose for this machine stays, and so do its own disks.
import { type DiskSpec, freePlace, type HardwareSpec, type TemplateRecord, withPlaces } from "@mimic/model";

/** A person's to choose, also when nobody knows any more what the old generation had. */
const CHOSEN: ReadonlySet<keyof HardwareSpec> = new Set(["cpus", "memoryMiB", "cpuLimitPercent", "displaySize"]);

export interface MoveInput {
  readonly mine: HardwareSpec;
  /** The generation that it stands on; undefined when it was removed. */
  readonly from: HardwareSpec | undefined;
  readonly to: HardwareSpec;
  /** Ids of disks that some generation of the template has. Every other disk is the machine's own. */
  readonly ofTemplate: ReadonlySet<string>;
}

export function movedHardware({ mine, from, to, ofTemplate }: MoveInput): HardwareSpec {
  const changed = (Object.keys(mine) as (keyof HardwareSpec)[]).filter((key) =>
    from === undefined ? CHOSEN.has(key) : !isSame(mine[key], from[key]),
  );
  const chosen = Object.fromEntries(changed.map((key) => [key, mine[key]]));
  const board = (chosen["board"] as HardwareSpec["board"] | undefined) ?? to.board;
  return {
    ...to,
    ...chosen,
    // Pinned when the machine was first started, which is no choice of a person's.
    machineType: board === to.board ? to.machineType : mine.machineType,
    nics: mine.nics,
    disks: inPlaces(
      withPlaces(to.disks).map((disk) => likeMine(disk, mine)),
      withPlaces(mine.disks).filter((disk) => isOwn(disk, ofTemplate)),
    ),
  };
}

/** The template's disks sit where its system knows them; one of the machine's own that is in the way goes elsewhere. */
function inPlaces(system: readonly DiskSpec[], own: readonly DiskSpec[]): DiskSpec[] {
  const disks = [...system];
  for (const disk of own)
    disks.push(disks.some(({ place }) => place === disk.place) ? { ...disk, place: freePlace([...disks], [...own]) } : disk);
  return disks;
}

export const isOwn = (disk: DiskSpec, ofTemplate: ReadonlySet<string>): boolean => disk.keeps !== undefined || !ofTemplate.has(disk.id);

export const disksOf = (template: TemplateRecord): ReadonlySet<string> =>
  new Set(template.generations.flatMap(({ hardware }) => hardware.disks.map(({ id }) => id)));

/** The template's disk, as large as this machine's was made, and with its limits. */
function likeMine(disk: DiskSpec, mine: HardwareSpec): DiskSpec {
  const own = mine.disks.find(({ id }) => id === disk.id);
  return {
    ...disk,
    format: "qcow2",
    head: undefined,
    sizeBytes: Math.max(disk.sizeBytes, own?.sizeBytes ?? 0),
    limits: own?.limits ?? disk.limits,
  };
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
