// Everything that touches this computer: QEMU as a hypervisor and as a tool for disks.
import type { DiskTool, Hypervisor } from "@mimic/workbench/ports";
import { QemuDiskTool } from "./disk-tool.ts";
import { type Helper, launchHelper } from "./helper.ts";
import { QemuHypervisor, type QemuPorts } from "./hypervisor.ts";

export type { Helper } from "./helper.ts";
export type { QemuPorts } from "./hypervisor.ts";
export { type Environment, environmentOf } from "./tools.ts";

/** `stateDirectory`: a folder (0700) of Mimic's own for what was found out about this computer. Starts nothing by itself. */
export function createQemu(ports: QemuPorts): {
  readonly hypervisor: Hypervisor;
  readonly diskTool: DiskTool;
  /** Starts a program of Mimic's own in the same kind of cage; it outlives us. Resolves with its process number. */
  readonly launch: (helper: Helper) => Promise<number>;
} {
  const hypervisor = new QemuHypervisor(ports);
  const launch = async (helper: Helper) => await launchHelper(await hypervisor.cage(), helper);
  return { hypervisor, diskTool: new QemuDiskTool(ports, hypervisor), launch };
}
