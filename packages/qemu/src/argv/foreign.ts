// Machines that are no PCs. The same order of parts as for a PC, with what each board has: virtio by PCI, by mainframe
// channels (CCW) or by plain memory (MMIO), or the board's own connectors.
import { type ForeignBoard, foreignBoard, isAutomaticCpuModel } from "@mimic/model";
import { machineTypeOf, needDevice } from "../capabilities.ts";
import { bootIndexOf, bootParts } from "./boot.ts";
import { channelParts, monitorParts, SOCKET, socketChardev } from "./channels.ts";
import { clockParts, rngObject, sandboxParts } from "./devices.ts";
import { diskDevice, diskName, type Layer, layerArgs, limitArgs, limitNode } from "./disks.ts";
import { mediumArgs } from "./drives.ts";
import { firmwareParts } from "./firmware.ts";
import { identityParts, startParts } from "./machine.ts";
import { memoryParts } from "./memory.ts";
import { netdevOptions, nicDevice, nicNetdev } from "./nics.ts";
import { type ArgvContext, type ArgvPart, json, keyValue, part, pciAddress, SLOT } from "./part.ts";

type Place = Readonly<Record<string, string | number | undefined>>;

export function foreignParts(context: ArgvContext, layersOf: (diskId: string) => readonly Layer[]): readonly ArgvPart[] {
  const board = foreignBoard(context.hardware);
  if (board === undefined) throw new Error(`no facts about the board ${context.hardware.board}`);
  const on = new Plugs(board);
  return [
    ...identityParts(context),
    boardPart(context, board),
    ...startParts(context),
    ...cpuParts(context, board),
    ...memoryParts(context),
    ...firmwareParts(context),
    ...sandboxParts(context),
    ...monitorParts(context),
    ...displayParts(context, on),
    ...inputParts(context, on),
    ...serialParts(context),
    ...agentParts(context, on),
    ...rngParts(on),
    ...controllerParts(context, on),
    ...diskParts(context, on, layersOf),
    ...driveParts(context, on),
    ...nicParts(context, on),
    ...clockParts(context),
    ...bootParts(context),
  ];
}

/** How a device is named and placed on this board. */
class Plugs {
  readonly board: ForeignBoard;
  constructor(board: ForeignBoard) {
    this.board = board;
  }
  /** “virtio-blk” → “virtio-blk-pci” */
  virtio(name: string): string {
    return `${name}-${{ pcie: "pci", pci: "pci", ccw: "ccw", mmio: "device" }[this.board.virtio ?? "pci"]}`;
  }
  /** The same place at every start. MMIO devices are numbered in the order of the command line. */
  at(slot: number): Place {
    switch (this.board.virtio) {
      case "pcie":
        return { bus: "pcie.0", addr: pciAddress(slot) };
      case "pci":
        return { bus: "pci.0", addr: pciAddress(slot) };
      case "ccw":
        return { devno: `fe.0.${slot.toString(16).padStart(4, "0")}` };
      default:
        return {};
    }
  }
  get hasPci(): boolean {
    return this.board.virtio === "pcie" || this.board.virtio === "pci";
  }
}

function boardPart(context: ArgvContext, board: ForeignBoard): ArgvPart {
  const options = keyValue(machineTypeOf(context.hardware, context.capabilities), {
    "memory-backend": "mem0",
    ...board.machineOptions,
    // Else the Macs' firmware (OpenBIOS) looks for a screen first, and says hello to nobody.
    graphics: board.input === "board" && context.hardware.display === "none" ? "off" : undefined,
    pflash0: context.firmware ? "uefi-code" : undefined,
    pflash1: context.firmware ? "uefi-vars" : undefined,
  });
  return part(`The board: ${board.words}.`, ["-machine", options]);
}

function cpuParts({ hardware }: ArgvContext, board: ForeignBoard): ArgvPart[] {
  const model = isAutomaticCpuModel(hardware.cpuModel) ? board.cpu : hardware.cpuModel;
  return [
    part("The processor is emulated: it is of another kind than this computer's.", ["-accel", "tcg"]),
    ...(model === undefined ? [] : [part("The processor.", ["-cpu", model])]),
    part(`${hardware.cpus} processor${hardware.cpus === 1 ? "" : "s"}.`, ["-smp", `${hardware.cpus}`]),
  ];
}

function displayParts({ hardware, run }: ArgvContext, on: Plugs): ArgvPart[] {
  const { display, displaySize } = hardware;
  const parts = [part("No window and no text monitor of QEMU's own.", ["-display", "none", "-monitor", "none"])];
  if (display === "none") return parts;
  const driver = display === "vga" ? "VGA" : on.virtio("virtio-gpu");
  const size = display === "vga" ? {} : { xres: displaySize.width, yres: displaySize.height };
  return [
    ...parts,
    part("A graphics card.", json("-device", { driver, id: "video0", ...(on.board.virtio ? on.at(SLOT.display) : {}), ...size })),
    part("The screen, for any number of viewers, on a socket that only Mimic can reach.", [
      "-vnc",
      keyValue(`unix:${run}/vnc.sock`, { share: "force-shared" }),
    ]),
  ];
}

function inputParts({ hardware }: ArgvContext, on: Plugs): ArgvPart[] {
  if (hardware.display === "none" || on.board.input === "board") return [];
  if (on.board.input === "virtio")
    return [
      part("A keyboard.", json("-device", { driver: on.virtio("virtio-keyboard"), id: "keyboard0" })),
      part("A pointer that is exactly where yours is.", json("-device", { driver: on.virtio("virtio-tablet"), id: "tablet0" })),
    ];
  return [
    part("USB.", json("-device", { driver: "qemu-xhci", id: "usb0", ...on.at(SLOT.usb) })),
    part("A pointer that is exactly where yours is.", json("-device", { driver: "usb-tablet", id: "tablet0", bus: "usb0.0", port: "1" })),
    part("A USB keyboard.", json("-device", { driver: "usb-kbd", id: "keyboard0", bus: "usb0.0", port: "2" })),
  ];
}

/** The board's own serial ports: QEMU gives them out in order. */
function serialParts(context: ArgvContext): ArgvPart[] {
  return Array.from({ length: context.hardware.serialPorts }, (_, n) =>
    part(`Serial port ${n + 1}.`, socketChardev(context, `serial${n}`, SOCKET.serial(n)), ["-serial", `chardev:serial${n}`]),
  );
}

function agentParts(context: ArgvContext, on: Plugs): ArgvPart[] {
  if (!context.hardware.agent) return [];
  return channelParts(context, on.virtio("virtio-serial"), on.at(SLOT.serial));
}

function rngParts(on: Plugs): ArgvPart[] {
  if (on.board.virtio === undefined) return [];
  const device = { driver: on.virtio("virtio-rng"), id: "random0", rng: "rng0", ...on.at(SLOT.rng) };
  return [part("Good random numbers from the first moment.", rngObject(), json("-device", device))];
}

function controllerParts({ hardware }: ArgvContext, on: Plugs): ArgvPart[] {
  const isWanted = hardware.disks.some(({ bus }) => bus === "scsi") || hardware.drives.length > 0;
  if (on.board.virtio === undefined || !isWanted) return [];
  const device = { driver: on.virtio("virtio-scsi"), id: "scsi0", ...on.at(SLOT.scsi) };
  return [part("A SCSI controller (virtio) for SCSI disks and CD drives.", json("-device", device))];
}

function diskParts(context: ArgvContext, on: Plugs, layersOf: (diskId: string) => readonly Layer[]): ArgvPart[] {
  const { disks } = context.hardware;
  return disks.map((disk, index) => {
    const name = diskName(disks, disk.id);
    const place = Number(name.slice(4));
    const layers = layersOf(disk.id);
    const device = diskDevice(disk, name, disk.limits ? limitNode(name) : name, {
      ...diskPlace(on, disk.bus === "virtio" ? "virtio" : "scsi", place),
      bootindex: hasBootIndex(on) ? bootIndexOf(context.hardware, { kind: "disk", index }) : undefined,
    });
    const driver = disk.bus === "virtio" ? on.virtio("virtio-blk") : device.driver;
    needDevice(context.capabilities, driver, `${disk.bus} disks`);
    return part(
      `Disk ${index + 1} (${disk.bus}, ${disk.readOnly ? "read-only" : "its own layer"}), by descriptor: QEMU opens no name. It pauses when this computer's disk is full.`,
      ...layers.map((layer, depth) => layerArgs(context, disk, name, layer, depth, layers.length)).reverse(),
      ...limitArgs(disk, name),
      json("-device", { ...device, driver }),
    );
  });
}

/** Boards whose firmware asks QEMU for the order. */
const hasBootIndex = (on: Plugs): boolean => on.board.virtio !== undefined && on.board.virtio !== "mmio";

function diskPlace(on: Plugs, bus: "virtio" | "scsi", place: number): Place {
  if (on.board.onBoard === "ide") return { bus: "ide.0", unit: place };
  if (on.board.onBoard === "scsi") return { bus: "scsi.0", "scsi-id": place };
  return bus === "virtio" ? on.at(SLOT.firstDisk + place) : { bus: "scsi0.0", channel: 0, "scsi-id": place, lun: 0 };
}

function driveParts(context: ArgvContext, on: Plugs): ArgvPart[] {
  const { hardware } = context;
  return hardware.drives.map(({ slot }, index) => {
    const at: Place =
      on.board.onBoard === "ide"
        ? { bus: "ide.1", unit: index }
        : on.board.onBoard === "scsi"
          ? { bus: "scsi.0", "scsi-id": 5 + index }
          : { bus: "scsi0.0", channel: 0, "scsi-id": 128 + index, lun: 0 };
    return part(
      `CD drive ${slot}.`,
      mediumArgs(context, slot),
      json("-device", {
        driver: on.board.onBoard === "ide" ? "ide-cd" : "scsi-cd",
        id: slot,
        drive: mediumArgs(context, slot).length > 0 ? `${slot}-medium` : undefined,
        ...at,
        bootindex: hasBootIndex(on) ? bootIndexOf(hardware, { kind: "cd", slot }) : undefined,
      }),
    );
  });
}

/** First slot of network cards on boards with PCI or channels: after twelve disks. */
const FIRST_NIC = 0x14;

function nicParts({ hardware, net }: ArgvContext, on: Plugs): ArgvPart[] {
  return hardware.nics.map((nic, index) => {
    const because = `Network card ${index + 1}. Its cable is a socket that only Mimic's switch is given: QEMU itself has no network.`;
    const cable = json("-netdev", netdevOptions(nic.id, net));
    const { ownCard } = on.board;
    // A soldered card is no device that could be asked for: the board takes what stands here.
    if (ownCard !== undefined)
      return part(because, cable, ["-net", keyValue("nic", { model: ownCard, netdev: nicNetdev(nic.id), macaddr: nic.mac })]);
    const driver = on.board.virtio ? on.virtio("virtio-net") : "rtl8139";
    return part(
      because,
      cable,
      json("-device", {
        driver,
        id: nicDevice(nic.id),
        netdev: nicNetdev(nic.id),
        mac: nic.mac,
        ...(on.board.virtio ? on.at(FIRST_NIC + nic.place) : {}),
        ...(on.hasPci ? { romfile: "" } : {}),
      }),
    );
  });
}
