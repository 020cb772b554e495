// Everything that touches this computer: QEMU as a hypervisor and as a tool for disks.
import type { DiskTool, Hypervisor, LanBridges } from "@mimic/workbench/ports";
import { QemuDiskTool } from "./disk-tool.ts";
import { type Helper, launchHelper } from "./helper.ts";
import { QemuHypervisor, type QemuPorts } from "./hypervisor.ts";

import { type LanBridgesOptions, QemuLanBridges } from "./lan/lan-bridges.ts";

export type { DiskReader } from "./compare-apart.ts";
export type { Helper } from "./helper.ts";
export { SysfsUsb } from "./host-usb.ts";
export type { QemuPorts } from "./hypervisor.ts";
export { type Environment, environmentOf } from "./tools.ts";

/** `stateDirectory`: a folder (0700) of Mimic's own for what was found out about this computer. Starts nothing by itself. */
export function createQemu(ports: QemuPorts): {
  readonly hypervisor: Hypervisor;
  readonly diskTool: DiskTool;
  /** Starts a program of Mimic's own in the same kind of cage; it outlives us. Resolves with its process number. */
  readonly launch: (helper: Helper) => Promise<number>;
  readonly openLanBridges: (options: LanBridgesOptions) => LanBridges;
} {
  const hypervisor = new QemuHypervisor(ports);
  const launch = async (helper: Helper) => await launchHelper(await hypervisor.cage(), helper);
  const openLanBridges = (options: LanBridgesOptions): LanBridges =>
    new QemuLanBridges({
      ...options,
      installation: hypervisor.installation,
      log: ports.log,
      cage: () => hypervisor.cage(),
      binary: async () => (await hypervisor.capabilities({ signal: AbortSignal.timeout(20_000) })).binary,
    });
  return { hypervisor, diskTool: new QemuDiskTool(ports, hypervisor), launch, openLanBridges };
}
