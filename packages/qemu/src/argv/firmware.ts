// UEFI as two flash chips: shared read-only code, and this machine's own variables. (BIOS needs nothing: SeaBIOS is QEMU's own.)
import { type ArgvContext, type ArgvPart, fdOf, json, part } from "./part.ts";

export function firmwareParts(context: ArgvContext): ArgvPart[] {
  if (!context.firmware) return [];
  const code = fdOf(context, "uefi.code");
  const vars = fdOf(context, "uefi.vars");
  const parts = [
    part(
      "UEFI firmware, read-only, by descriptor.",
      ["-add-fd", `fd=${code},set=${code}`],
      json("-blockdev", { driver: "file", "node-name": "uefi-code-file", filename: `/dev/fdset/${code}`, "read-only": true }),
      json("-blockdev", { driver: "raw", "node-name": "uefi-code", file: "uefi-code-file", "read-only": true }),
    ),
    part(
      "This machine's own UEFI variables (boot entries, keys).",
      ["-add-fd", `fd=${vars},set=${vars}`],
      json("-blockdev", { driver: "file", "node-name": "uefi-vars-file", filename: `/dev/fdset/${vars}` }),
      json("-blockdev", { driver: "raw", "node-name": "uefi-vars", file: "uefi-vars-file" }),
    ),
  ];
  if (context.firmware.needsSmm)
    parts.push(
      part("Only the firmware itself may change the Secure Boot variables.", ["-global", "driver=cfi.pflash01,property=secure,value=on"]),
    );
  return parts;
}
