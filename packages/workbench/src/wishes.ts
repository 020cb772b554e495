// What can be wished for, beside making and changing machines.
import type { MomentKind, MomentRetention, Rhythm } from "@mimic/model";

/** Long work on one disk of a machine. */
export interface DiskWish {
  readonly machine: string;
  /** Its id. */
  readonly disk: string;
  /** At most this fast; undefined = as fast as it goes. */
  readonly bytesPerSecond?: number | undefined;
}

export interface DiskMoveWish extends DiskWish {
  /** A storage's name; “main” = the data directory. */
  readonly to: string;
  /** Take in all that it stands on as well. */
  readonly flatten?: boolean | undefined;
}

export interface MomentWish {
  readonly machine: string;
  readonly kind: MomentKind;
  readonly name?: string | undefined;
  readonly note?: string | undefined;
}

export interface MomentChange {
  readonly machine: string;
  readonly moment: string;
  readonly name?: string | undefined;
  readonly note?: string | undefined;
  readonly isProtected?: boolean | undefined;
}

export interface TemplateWish {
  readonly machine: string;
  readonly name?: string | undefined;
  readonly note?: string | undefined;
  readonly disksOnly?: boolean | undefined;
}

export interface RunWish {
  /** A template's name, or a system of the catalogue. */
  readonly of: string;
  /** A name keeps it when it stops, as it was in the beginning; without one it vanishes. */
  readonly name?: string | undefined;
  /** The network that its card is plugged into; without one it has no card. */
  readonly net?: string | undefined;
}

export interface RoutineWish {
  readonly machine: string;
  /** As before when left out; snapshots at first. */
  readonly kind?: MomentKind | undefined;
  /** None = no routine; left out = as before. */
  readonly rhythms?: readonly Rhythm[] | undefined;
  /** How long what Mimic keeps before something stays; left out = as before. */
  readonly retention?: MomentRetention | undefined;
}

/** Moments of several machines at one moment: all of them or none. */
export interface TogetherWish {
  readonly machines: readonly string[];
  readonly kind: MomentKind;
  readonly name?: string | undefined;
  readonly note?: string | undefined;
}
