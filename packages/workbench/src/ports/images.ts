// Getting images, keeping images, making disks.
import type { LongWork, Refusal, Secret, Waiting } from "@mimic/base";
import type { DiskFormat, ImageKind, ImageRecord, System, VolumeDifference } from "@mimic/model";

/** A verified image in quarantine, not yet in the store. `path` is a file, or a folder for kind "boot". */
export interface NewImage {
  readonly record: ImageRecord;
  readonly path: string;
}

export interface ImportRequest {
  /** What the person calls it. */
  readonly name: string;
  /** Where the bytes are: a path on this computer (opened by us, never by QEMU), or a stream from the browser. */
  readonly from: { readonly path: string } | { readonly stream: AsyncIterable<Uint8Array>; readonly fileName: string };
  /** Said by the person when the bytes could be two things. */
  readonly format?: string | undefined;
  readonly kind?: ImageKind | undefined;
  /** Of kind boot: a path on this computer, the kernel's first file system. */
  readonly initrd?: string | undefined;
}

/** The catalogue's ways to an image. Works in a quarantine folder of its own and leaves nothing there on a throw or refusal. */
export interface ImageSources {
  systems(): readonly System[];
  /** Downloads, assembles or installs. Throws `image.*`, `download.*`; a wrong digest is `image.digest_wrong`. */
  acquire(system: System, options: LongWork): Promise<NewImage | Refusal>;
  /** The safe pipeline for a person's own file: quarantine, our own inspector, conversion in the jail, a look at the result. */
  importFile(request: ImportRequest, options: LongWork): Promise<NewImage | Refusal>;
  /** A cloud-init NoCloud medium (ISO 9660, label `cidata`), raw bytes. */
  seed(options: {
    readonly hostname: string;
    readonly user: string;
    readonly authorizedKeys: readonly string[];
    readonly instanceId: string;
  }): Uint8Array;
}

export interface ImageStore {
  list(): readonly ImageRecord[];
  get(digest: string): ImageRecord | undefined;
  /** A fresh quarantine folder (0700) on the store's file system, removed by the next start when left over. */
  quarantine(): Promise<string>;
  /** Moves it in, read-only, under its digest. Adding what is there already is harmless and keeps the first. */
  add(image: NewImage): Promise<ImageRecord>;
  remove(digest: string): Promise<void>;
  /** The bytes (kinds disk, cd, floppy), or a part (kind boot). */
  path(digest: string, part?: string): string;
  /** Reads every byte again and compares. */
  verify(digest: string, options: LongWork): Promise<{ readonly good: boolean; readonly found: string }>;
}

export interface DiskFile {
  readonly path: string;
  readonly format: DiskFormat;
}

/** A disk at one time. */
export interface DiskTime {
  /** Top to bottom; of a disk that nothing was ever written to it may be empty. */
  readonly chain: readonly DiskFile[];
  readonly sizeBytes: number;
  /** How many of them, from the top, the other time does not stand on. */
  readonly own: number;
}

export interface DiskComparison {
  /** At most so much differs. */
  readonly writtenBytes: number;
  readonly volumes: VolumeDifference[];
}

/** Always with explicit formats; hostile files only through the jail. */
export interface DiskTool {
  /** A layer over an image; `sizeBytes` may be larger than the image's. */
  createOverlay(
    path: string,
    base: { readonly path: string; readonly format: DiskFormat },
    sizeBytes: number,
    /** `key`: what is written to it is encrypted (LUKS); whoever has not the key can read nothing of it. */
    options: Waiting & { readonly key?: Secret | undefined },
  ): Promise<void>;
  createEmpty(path: string, format: DiskFormat, sizeBytes: number, options: Waiting): Promise<void>;
  /** A full copy that depends on nothing (flattens a chain). `chain` is top to bottom. */
  copy(
    chain: readonly { readonly path: string; readonly format: DiskFormat }[],
    to: { readonly path: string; readonly format: DiskFormat },
    options: LongWork,
  ): Promise<void>;
  /**
   * The first of `chain` (top to bottom) takes in what those below it hold, down to `through` (an index): these are not
   * needed afterwards. Cut off at any point, every file shows what it showed. Throws `disk.full`, `disk.copy_failed`.
   */
  absorb(
    chain: readonly { readonly path: string; readonly format: DiskFormat }[],
    through: number,
    options: LongWork & { readonly bytesPerSecond?: number | undefined },
  ): Promise<void>;
  /** A new qcow2 file at `to` with what the first of `chain` holds, over the same ones; what is nothing but zeros takes no room. */
  rewrite(
    chain: readonly { readonly path: string; readonly format: DiskFormat }[],
    to: string,
    options: LongWork & { readonly bytesPerSecond?: number | undefined },
  ): Promise<void>;
  /** Makes the disk larger (never smaller); only while no machine uses it. */
  grow(path: string, format: DiskFormat, sizeBytes: number, options: Waiting): Promise<void>;
  /**
   * What differs between two times of a disk. Hostile content is read in a cage only. Throws `disk.compare_failed`. No
   * layer may be taken in by another meanwhile.
   */
  compare(from: DiskTime, to: DiskTime, options: Waiting): Promise<DiskComparison>;
  /** Bytes that it takes on this computer. */
  usage(path: string): Promise<number>;
  /** Nothing was ever written to this qcow2 file: all that is seen through it lies below. False when in doubt. */
  isUntouched(path: string): Promise<boolean>;
  /** Refuses when the header names any file that it should not (a disk changed outside Mimic). */
  checkHeader(chain: readonly { readonly path: string; readonly format: DiskFormat }[]): Promise<Refusal | undefined>;
}
