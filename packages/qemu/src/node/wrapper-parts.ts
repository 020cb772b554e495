// The cage's own arguments with their reasons, for `mimic explain`.
import type { ExplainedPart } from "@mimic/workbench/ports";
import { IN_JAIL_RUN, jailArgv, limitArgv } from "../jail.ts";
import type { Cage } from "./spawn.ts";
import { systemView } from "./tools.ts";

export function wrapperParts(cage: Cage, runFolder: string, accelerator: "kvm" | "tcg"): ExplainedPart[] {
  const parts: ExplainedPart[] = [
    { args: limitArgv(cage.tools), because: "No core dumps, no rights to be gained, a bound on open files." },
  ];
  if (!cage.confines || cage.tools.bwrap === undefined) return parts;
  const args = jailArgv({
    bwrap: cage.tools.bwrap,
    system: systemView([cage.tools.qemu]),
    folders: [{ path: runFolder, at: IN_JAIL_RUN, writable: true }],
    devices: accelerator === "kvm" ? ["/dev/kvm"] : [],
    dieWithParent: false,
    user: cage.user,
  });
  const who = cage.user ? " QEMU is another user than Mimic." : "";
  return [
    ...parts,
    {
      args,
      because: `The cage: no network, no other processes, no files but the system's programs and this machine's own folder (${IN_JAIL_RUN}).${who}`,
    },
  ];
}
