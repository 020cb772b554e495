// The cage's own arguments with their reasons, for `mimic explain`.
import type { ExplainedPart, MachineFiles } from "@mimic/workbench/ports";
import { IN_JAIL_NET, IN_JAIL_RUN, jailArgv, limitArgv } from "../jail.ts";
import type { Cage } from "./spawn.ts";
import { systemView } from "./tools.ts";

/** Absent for a machine that cannot have network cards (an installer's). */
export const netFolders = ({ netDirectory }: Pick<MachineFiles, "netDirectory">) =>
  netDirectory === undefined ? [] : [{ path: netDirectory, at: IN_JAIL_NET, writable: true }];

export function wrapperParts(cage: Cage, files: MachineFiles, accelerator: "kvm" | "tcg"): ExplainedPart[] {
  const parts: ExplainedPart[] = [
    { args: limitArgv(cage.tools), because: "No core dumps, no rights to be gained, a bound on open files." },
  ];
  if (!cage.confines || cage.tools.bwrap === undefined) return parts;
  const args = jailArgv({
    bwrap: cage.tools.bwrap,
    system: systemView([cage.tools.qemu]),
    folders: [{ path: files.runDirectory, at: IN_JAIL_RUN, writable: true }, ...netFolders(files)],
    devices: accelerator === "kvm" ? ["/dev/kvm"] : [],
    dieWithParent: false,
    user: cage.user,
  });
  const who = cage.user ? " QEMU is another user than Mimic." : "";
  return [
    ...parts,
    {
      args,
      because: `The cage: no network, no other processes, no files but the system's programs and this machine's own folders (${IN_JAIL_RUN}, and ${IN_JAIL_NET} for its network cables).${who}`,
    },
  ];
}
