// Things of the model with good defaults, so that a test names only what it is about.
import { HardwareSpec, ImageRecord, MachineRecord, System } from "@mimic/model";

export const aDigest = (seed: string): string => seed.repeat(64).slice(0, 64);

export const someHardware = (given: Partial<HardwareSpec> = {}): HardwareSpec => HardwareSpec.parse(given);

export function aMachine(given: Partial<MachineRecord> = {}): MachineRecord {
  return MachineRecord.parse({
    id: `mch_${"0".repeat(26)}`,
    name: "alpha",
    createdAt: "2026-01-01T00:00:00.000Z",
    hardware: {},
    readiness: { sign: { kind: "agent" } },
    ...given,
  });
}

export function anImage(given: Partial<ImageRecord> = {}): ImageRecord {
  return ImageRecord.parse({
    digest: aDigest("a"),
    name: "Image",
    kind: "disk",
    format: "qcow2",
    sizeBytes: 1024,
    virtualBytes: 2 * 1024 ** 3,
    addedAt: "2026-01-01T00:00:00.000Z",
    source: "a test",
    verifiedBy: "a test",
    ...given,
  });
}

export function aSystem(given: Partial<System> = {}): System {
  return System.parse({
    id: "test-linux",
    name: "Test Linux",
    summary: "For tests.",
    family: "linux",
    picture: "disk",
    architecture: "x86_64",
    minimum: { memoryMiB: 64, diskBytes: 0 },
    hardware: { memoryMiB: 128 },
    disk: { bus: "virtio", sizeBytes: 4 * 1024 ** 3 },
    source: {
      way: "download",
      urls: ["https://example.org/image.qcow2"],
      kind: "disk",
      format: "qcow2",
      proof: { by: "digest", digest: { algorithm: "sha256", hex: aDigest("b") } },
    },
    readiness: { sign: { kind: "agent" } },
    licence: "test",
    homepage: "https://example.org",
    ...given,
  });
}
