// Choosing UEFI firmware from the descriptors that distributions install (QEMU docs/interop/firmware.json).
import type { HardwareSpec } from "@mimic/model";
import { z } from "zod";

export interface FirmwareFiles {
  readonly code: string;
  /** What a new machine's variables start as. */
  readonly varsTemplate: string;
  readonly needsSmm: boolean;
}

export const FirmwareDescriptor = z.object({
  "interface-types": z.array(z.string()),
  mapping: z.object({
    device: z.string(),
    executable: z.object({ filename: z.string().startsWith("/"), format: z.string() }).optional(),
    "nvram-template": z.object({ filename: z.string().startsWith("/"), format: z.string() }).optional(),
  }),
  targets: z.array(z.object({ architecture: z.string(), machines: z.array(z.string()) })),
  features: z.array(z.string()),
});
export type FirmwareDescriptor = z.infer<typeof FirmwareDescriptor>;

/** `descriptors` in file-name order, as the interop document asks. Undefined = none of them fits. */
export function chooseFirmware(
  descriptors: readonly FirmwareDescriptor[],
  hardware: Pick<HardwareSpec, "architecture" | "board" | "secureBoot">,
): FirmwareFiles | undefined {
  const type = { q35: "pc-q35-9.9", i440fx: "pc-i440fx-9.9", virt: "virt-9.9" }[hardware.board as "q35"] ?? hardware.board;
  for (const d of descriptors) {
    const { executable, "nvram-template": vars } = d.mapping;
    if (d.mapping.device !== "flash" || executable?.format !== "raw" || vars?.format !== "raw") continue;
    if (!d["interface-types"].includes("uefi")) continue;
    if (!d.targets.some((t) => t.architecture === hardware.architecture && t.machines.some((m) => matches(m, type)))) continue;
    const secure = d.features.includes("secure-boot") && d.features.includes("enrolled-keys");
    if (hardware.secureBoot !== secure) continue;
    // Without Secure Boot the plain build is wanted: it needs no system-management mode and starts faster.
    if (!hardware.secureBoot && d.features.includes("requires-smm")) continue;
    return { code: executable.filename, varsTemplate: vars.filename, needsSmm: d.features.includes("requires-smm") };
  }
  return undefined;
}

/** The descriptors' only wildcard is “*”. */
const matches = (pattern: string, name: string): boolean =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((s) => s.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(name);
