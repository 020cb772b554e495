// What a machine can be offered in forms: the parts that go with its kind of processor. Pure.
import {
  ARCHITECTURES,
  AUTOMATIC_CPU_MODELS,
  type Board,
  cpuModelWords,
  type DiskBus,
  foreignBoard,
  type HardwareSpec,
  isAutomaticCpuModel,
  isPc,
  soundCardsFor,
} from "@mimic/model";

interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
}

const BOARDS: readonly Choice<Board>[] = [
  { value: "q35", label: "A PC of today (q35)" },
  { value: "i440fx", label: "A PC of the nineties (i440fx)" },
];
const FIRMWARES: readonly Choice<HardwareSpec["firmware"]>[] = [
  { value: "bios", label: "BIOS" },
  { value: "uefi", label: "UEFI" },
];
const BUSES: readonly Choice<DiskBus>[] = [
  { value: "virtio", label: "virtio" },
  { value: "scsi", label: "SCSI" },
  { value: "sata", label: "SATA" },
  { value: "nvme", label: "NVMe" },
  { value: "ide", label: "IDE" },
];
const DISPLAYS: readonly Choice<HardwareSpec["display"]>[] = [
  { value: "vga", label: "VGA (works everywhere)" },
  { value: "virtio", label: "virtio (faster, newer systems)" },
  { value: "cirrus", label: "Cirrus (systems of the nineties)" },
  { value: "none", label: "None" },
];
const SOUNDS: readonly Choice<HardwareSpec["sound"]>[] = [
  { value: "none", label: "None" },
  { value: "hda", label: "Intel HDA" },
  { value: "ac97", label: "AC97 (older systems)" },
  { value: "sb16", label: "Sound Blaster 16 and AdLib (DOS)" },
  { value: "speaker", label: "Only the beeping speaker" },
];
const PC_MODELS = ["qemu64", "Nehalem", "Skylake-Client", "EPYC", "pentium3", "pentium", "486"];

type Computer = Pick<HardwareSpec, "architecture" | "board" | "cpuModel">;

/** Boards that such a processor sits on, in words. */
export function boardsFor({ architecture }: Pick<Computer, "architecture">): Choice<Board>[] {
  if (isPc({ architecture })) return [...BOARDS];
  return ARCHITECTURES[architecture].boards.map((value) => {
    const words = foreignBoard({ architecture, board: value })?.words ?? value;
    return { value, label: `${words[0]?.toUpperCase()}${words.slice(1)} (${value})` };
  });
}

/** Without a table of the board everything that a PC knows is offered. */
const offered = <T extends string>(all: readonly Choice<T>[], known: readonly string[] | undefined): Choice<T>[] =>
  all.filter(({ value }) => known?.includes(value) ?? true);

export const firmwaresFor = (computer: Computer) => offered(FIRMWARES, foreignBoard(computer)?.firmware);
export const busesFor = (computer: Computer) => offered(BUSES, foreignBoard(computer)?.diskBuses);
export const displaysFor = (computer: Computer) => offered(DISPLAYS, foreignBoard(computer)?.displays);

export const soundsFor = (computer: Computer) => offered(SOUNDS, soundCardsFor(computer));

/** The model that it has is always among them. */
export function cpuModelsFor(computer: Computer): Choice<string>[] {
  const board = foreignBoard(computer);
  const { cpuModel } = computer;
  const automatic = board ? ["quick"] : AUTOMATIC_CPU_MODELS;
  const models = [...automatic, ...(board ? [...(board.cpu === undefined ? [] : [board.cpu]), ...board.otherCpus] : PC_MODELS)];
  return (models.includes(cpuModel) ? models : [cpuModel, ...models]).map((value) => ({
    value,
    label: !isAutomaticCpuModel(value) ? value : board ? "The board’s usual one" : `Chosen: ${cpuModelWords(value)}`,
  }));
}
