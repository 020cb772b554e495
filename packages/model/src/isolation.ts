// How strong the wall around a machine is, computed from facts and never set by hand.
import { z } from "zod";

export const Grade = z.enum(["A", "B", "C", "D"]);
export type Grade = z.infer<typeof Grade>;
export const Accelerator = z.enum(["kvm", "hvf", "whpx", "tcg"]);
export type Accelerator = z.infer<typeof Accelerator>;

export const Isolation = z.strictObject({ grade: Grade, because: z.array(z.string()) });
export type Isolation = z.infer<typeof Isolation>;

export interface IsolationFacts {
  readonly accelerator: Accelerator;
  /** A machine type that QEMU's security policy covers (pc, q35, microvm, virt). */
  readonly supportedBoard: boolean;
  /** bubblewrap with no network and only the machine's own folder was in force at launch. */
  readonly confined: boolean;
  /** `Seccomp: 2` and `NoNewPrivs: 1` were read from the running process. */
  readonly filtered: boolean;
  readonly runsAsRoot: boolean;
}

/**
 * A: hardware virtualization, supported board, confined. B: hardware, but something is missing.
 * C: emulation, confined: good against accidents, not to be relied on against an attacker. D: emulation
 * without confinement, or QEMU as root. (QEMU promises isolation only with hardware virtualization:
 * docs/system/security.rst.)
 */
export function gradeIsolation(facts: IsolationFacts): Isolation {
  const because: string[] = [];
  const hardware = facts.accelerator === "kvm" || facts.accelerator === "hvf" || facts.accelerator === "whpx";
  because.push(
    hardware
      ? `The processor's own virtualization (${facts.accelerator.toUpperCase()}) separates it.`
      : "The processor is emulated (TCG). QEMU does not promise isolation for emulation: good against accidents, not against an attacker.",
  );
  if (!facts.supportedBoard) because.push("Its board is not one that QEMU's security policy covers.");
  because.push(
    facts.confined ? "QEMU sees only this machine's own folder and no network." : "QEMU runs without a cage: it can see your files.",
  );
  because.push(facts.filtered ? "QEMU may not start programs or gain rights (seccomp)." : "The system-call filter is not in force.");
  if (facts.runsAsRoot) because.push("QEMU runs as root.");
  const caged = facts.confined && facts.filtered;
  if (facts.runsAsRoot || (!hardware && !caged)) return { grade: "D", because };
  if (!hardware || !facts.supportedBoard) return { grade: "C", because };
  return { grade: caged && facts.accelerator !== "whpx" ? "A" : "B", because };
}
