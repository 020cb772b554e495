// Recipes: what systems there are, what each is for, and how it is got. Data, validated in CI.
import { z } from "zod";
import { Architecture, HardwareSpec } from "./hardware.ts";
import { Readiness } from "./readiness.ts";

const HttpsUrl = z.url({ protocol: /^https$/ });
const Sha = z.union([
  z.strictObject({ algorithm: z.literal("sha256"), hex: z.string().regex(/^[0-9a-f]{64}$/) }),
  z.strictObject({ algorithm: z.literal("sha512"), hex: z.string().regex(/^[0-9a-f]{128}$/) }),
]);

/** How a download proves that it is what the publisher meant. A digest or key stands here only where it was really read. */
export const Proof = z.discriminatedUnion("by", [
  z.strictObject({ by: z.literal("digest"), digest: Sha }),
  /** The publisher's checksum list, and its signature by a key in `content/keys/` where one is published. */
  z.strictObject({
    by: z.literal("checksums"),
    url: HttpsUrl,
    algorithm: z.enum(["sha256", "sha512"]),
    fileName: z.string().max(200),
    signature: z.strictObject({ url: HttpsUrl, key: z.string().max(100) }).optional(),
  }),
]);
export type Proof = z.infer<typeof Proof>;

export const ImageSource = z.discriminatedUnion("way", [
  z.strictObject({
    way: z.literal("download"),
    urls: z.array(HttpsUrl).min(1).max(6),
    kind: z.enum(["disk", "cd", "floppy"]),
    format: z.enum(["qcow2", "raw", "vmdk", "vdi", "vhdx", "vpc"]),
    compression: z.enum(["none", "gz", "xz", "zst", "zip"]).default("none"),
    /** The wanted member, for a zip. */
    member: z.string().max(200).optional(),
    sizeBytes: z.number().optional(),
    proof: Proof,
  }),
  /** Put together here from Debian packages; `builder` names the code that knows how. */
  z.strictObject({
    way: z.literal("assemble"),
    builder: z.enum(["tiny-linux", "debian-file"]),
    suite: z.string(),
    packages: z.array(z.string()).max(64),
    options: z.record(z.string(), z.string()).default({}),
  }),
  /** An unattended Debian install in a machine, from the netboot kernel. */
  z.strictObject({ way: z.literal("install"), installer: z.literal("debian"), suite: z.string(), packages: z.array(z.string()).max(64) }),
  /** A person brings the file. */
  z.strictObject({ way: z.literal("bring"), kind: z.enum(["disk", "cd", "floppy"]), hint: z.string().max(500) }),
]);
export type ImageSource = z.infer<typeof ImageSource>;

/** Only what the recipe says: with `partial()` zod would fill in a PC's defaults, over those of another board. */
const RecipeHardware = z.strictObject(
  Object.fromEntries(Object.entries(HardwareSpec.shape).map(([field, schema]) => [field, schema.unwrap().optional()])),
) as unknown as z.ZodType<Partial<HardwareSpec>>;

export const System = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,62}$/),
  /** Grows when what Mimic makes from the recipe changes: an image of an earlier one stays with its machines, new ones get a new image. */
  revision: z.int().min(1).default(1),
  name: z.string().max(60),
  /** What it is for, in a beginner's words. */
  summary: z.string().max(240),
  family: z.enum(["linux", "bsd", "dos", "windows", "tool", "other"]),
  /** Which picture stands for it (a name that the browser draws). */
  picture: z.string().regex(/^[a-z0-9-]{1,40}$/),
  architecture: Architecture,
  /** Less than this and it does not work. */
  minimum: z.strictObject({ memoryMiB: z.int(), diskBytes: z.number() }),
  /** What a new machine gets; `disks` are made from the image, so it names none. */
  hardware: RecipeHardware,
  /** How the system's own disk is plugged, and how big it is made at least. */
  disk: z.strictObject({ bus: z.enum(["virtio", "sata", "ide", "scsi", "nvme"]), sizeBytes: z.number() }).optional(),
  source: ImageSource,
  readiness: Readiness,
  /** nocloud: user, key and host name are given by a cloud-init seed disk. */
  seed: z.enum(["none", "nocloud"]).default("none"),
  login: z.strictObject({ user: z.string(), shell: z.enum(["hvc", "serial", "none"]) }).optional(),
  licence: z.string().max(200),
  homepage: HttpsUrl,
  /** Shown first in lists; smaller is earlier. */
  rank: z.int().default(100),
});
export type System = z.infer<typeof System>;

export const SystemView = System.extend({
  /** Its image is here already. */
  imageDigest: z.string().optional(),
});
export type SystemView = z.infer<typeof SystemView>;
