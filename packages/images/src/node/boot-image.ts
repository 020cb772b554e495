// Boot images: a kernel, and its first file system where it has one, that QEMU loads itself. Nothing here looks inside them:
// what reads them is QEMU in its cage, and then the guest that they are.
import { createHash } from "node:crypto";
import { mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { type LongWork, quoted, type Refusal, refusal } from "@mimic/base";
import type { ImageRecord } from "@mimic/model";
import type { NewImage } from "@mimic/workbench/ports";
import { bootManifest } from "../boot-manifest.ts";
import { fileTooLarge, sha256Of } from "./quarantine.ts";

type ImagePart = ImageRecord["parts"][number];

export const MAX_BOOT_FILE = 512 * 1024 ** 2;

/** Its digest is that of its parts. */
export function bootRecord(
  parts: readonly ImagePart[],
  facts: Pick<ImageRecord, "name" | "architecture" | "system" | "addedAt" | "source" | "verifiedBy">,
): ImageRecord {
  const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  const digest = createHash("sha256").update(bootManifest(parts)).digest("hex");
  return { ...facts, digest, kind: "boot", format: "raw", sizeBytes, virtualBytes: sizeBytes, parts: [...parts] };
}

interface BootFiles {
  /** The quarantine, which holds the files. */
  readonly folder: string;
  readonly kernel: string;
  readonly initrd?: string | undefined;
  readonly fileName: string;
}

/** Makes parts of files that lie in quarantine. */
export async function finishBoot(
  { folder, kernel, initrd, fileName }: BootFiles,
  facts: Parameters<typeof bootRecord>[1],
  work: LongWork,
): Promise<NewImage | Refusal> {
  const path = join(folder, "parts");
  await mkdir(path, { mode: 0o700 });
  const parts: ImagePart[] = [];
  for (const [name, from] of [["kernel", kernel] as const, ...(initrd === undefined ? [] : [["initrd", initrd] as const])]) {
    const { size } = await stat(from);
    if (size === 0)
      return refusal("image.unsupported", `${quoted(fileName)} is empty: nothing could start from it.`, "Get the file again.");
    if (size > MAX_BOOT_FILE) throw fileTooLarge(MAX_BOOT_FILE);
    const to = join(path, name);
    await rename(from, to);
    parts.push({ name, sha256: await sha256Of(to, work.signal), sizeBytes: size });
  }
  return { path, record: bootRecord(parts, facts) };
}
