// Network cards. Each one's cable is a unix stream socket in the machine's net folder: QEMU listens, the switch dials and
// dials again (QEMU 7.2 cannot dial again by itself). On q35 every card sits in a PCI Express socket of its own, because
// only there it can be added and taken out while the machine runs; on i440fx the board's own bus can do that.
import type { HardwareSpec, NicModel, NicSpec } from "@mimic/model";
import { needDevice } from "../capabilities.ts";
import { noPlace } from "../errors.ts";
import { bootIndexOf } from "./boot.ts";
import { type ArgvContext, type ArgvPart, type JsonOptions, json, part, pciAddress, SLOT } from "./part.ts";

const DEVICE: Readonly<Record<NicModel, string>> = {
  virtio: "virtio-net-pci",
  e1000e: "e1000e",
  e1000: "e1000",
  rtl8139: "rtl8139",
  pcnet: "pcnet",
  ne2k_pci: "ne2k_pci",
  ne2k_isa: "ne2k_isa",
};
export const NIC_WORDS: Readonly<Record<NicModel, string>> = {
  virtio: "virtio, made for virtual machines",
  e1000e: "Intel 82574L, PCI Express, 2008",
  e1000: "Intel 82540EM, 2002",
  rtl8139: "Realtek RTL8139, 1999",
  pcnet: "AMD PCnet-PCI II, 1994",
  ne2k_pci: "NE2000 on PCI, 1995",
  ne2k_isa: "NE2000 on ISA, 1987",
};

/** On q35: sockets for cards, at one slot of the board, a function each. */
export const NIC_SOCKETS = 8;
/** i440fx: slots of its PCI bus that nothing else uses, by place. */
const OLD_SLOTS = [0x1d, 0x1e, 0x19, 0x1a] as const;
/** Where DOS looks for an NE2000: port and interrupt, by place (the jumpers of the card). */
const JUMPERS = [
  { iobase: 0x300, irq: 9 },
  { iobase: 0x320, irq: 10 },
  { iobase: 0x340, irq: 11 },
  { iobase: 0x360, irq: 5 },
] as const;

/** Names in QEMU: letters and digits only, the same for the card's whole life. */
export const nicDevice = (nicId: string): string => nicId.replace("_", "");
export const nicNetdev = (nicId: string): string => nicId.replace("nic_", "net");
export const nicSocketName = (nicId: string): string => `${nicId}.sock`;

/** What `-netdev` and QMP's netdev_add take (qapi/net.json, Netdev). */
export const netdevOptions = (nicId: string, netFolder: string) => ({
  type: "stream" as const,
  id: nicNetdev(nicId),
  server: true as const,
  addr: { type: "unix" as const, path: `${netFolder}/${nicSocketName(nicId)}` },
});

/** Where it goes on the board; undefined = this board has no such place. */
export function nicPlace(board: HardwareSpec["board"], { model, place }: Pick<NicSpec, "model" | "place">): JsonOptions | undefined {
  if (model === "ne2k_isa") return board === "i440fx" ? JUMPERS[place] : undefined;
  if (board === "q35") return place < NIC_SOCKETS ? { bus: `nicport${place}`, addr: "0x0" } : undefined;
  // On boards of other processors cards stay as they are while the machine runs.
  const slot = board === "i440fx" ? OLD_SLOTS[place] : undefined;
  return slot === undefined ? undefined : { bus: "pci.0", addr: pciAddress(slot) };
}

/** What `-device` and QMP's device_add take. Throws never: `place` was looked up before. */
export function nicOptions(nic: NicSpec, place: JsonOptions, bootIndex: number | undefined): JsonOptions & { driver: string; id: string } {
  const isPci = nic.model !== "ne2k_isa";
  return {
    driver: DEVICE[nic.model],
    id: nicDevice(nic.id),
    netdev: nicNetdev(nic.id),
    mac: nic.mac,
    ...place,
    bootindex: bootIndex,
    // The card's own boot program is asked for only when the machine shall boot from the network.
    romfile: isPci && bootIndex === undefined ? "" : undefined,
  };
}

export function nicSocketParts({ hardware }: ArgvContext): ArgvPart[] {
  if (hardware.board !== "q35") return [];
  const ports = Array.from({ length: NIC_SOCKETS }, (_, n) =>
    json("-device", {
      driver: "pcie-root-port",
      id: `nicport${n}`,
      bus: "pcie.0",
      chassis: 16 + n,
      slot: 16 + n,
      addr: pciAddress(SLOT.network, n),
      multifunction: n === 0 ? true : undefined,
    }),
  );
  return [part(`${NIC_SOCKETS} sockets for network cards, each of its own, so that they can come and go while it runs.`, ...ports)];
}

export function nicParts(context: ArgvContext): ArgvPart[] {
  const { hardware, net, capabilities } = context;
  return hardware.nics.map((nic, index) => {
    needDevice(capabilities, DEVICE[nic.model], `“${nic.model}” network cards`);
    const place = nicPlace(hardware.board, nic);
    if (place === undefined) throw noPlace(nic, hardware.board);
    return part(
      `Network card ${index + 1} (${NIC_WORDS[nic.model]}). Its cable is a socket that only Mimic's switch is given: QEMU itself has no network.`,
      json("-netdev", netdevOptions(nic.id, net)),
      json("-device", nicOptions(nic, place, bootIndexOf(hardware, { kind: "network", index }))),
    );
  });
}
