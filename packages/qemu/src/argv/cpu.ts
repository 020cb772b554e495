// Accelerator and processors. A q35 machine keeps sockets free for processors that are added later.
import { isAutomaticCpuModel, maxCpus } from "@mimic/model";
import { type ArgvContext, type ArgvPart, keyValue, part } from "./part.ts";

/**
 * What "quick" leaves out where the processor is emulated. Systems that find the first two copy and clear memory byte by byte
 * (`rep movsb`), each byte a turn of a loop for QEMU; with the third they look addresses up in five steps instead of four.
 */
const DEAR = ["erms", "fsrm", "la57"];

/** QEMU's `-cpu` word: also the key under which the proof of KVM is remembered. */
export function cpuModelOf(model: string, accelerator: "tcg" | "kvm"): string {
  if (!isAutomaticCpuModel(model)) return model;
  if (accelerator === "kvm") return "host";
  return model === "quick" ? ["max", ...DEAR.map((feature) => `${feature}=off`)].join(",") : "max";
}

const WORDS = { quick: "The processor that is quickest here", best: "The best processor there is here" };

export function cpuParts(context: ArgvContext): ArgvPart[] {
  const { hardware, accelerator } = context;
  const model = cpuModelOf(hardware.cpuModel, accelerator);
  const is32 = hardware.architecture === "i386";
  const cores = maxCpus(hardware);
  return [
    part(
      accelerator === "kvm" ? "The processor's own virtualization (proved to work here)." : "The processor is emulated: works everywhere.",
      ["-accel", accelerator],
    ),
    part(
      `${isAutomaticCpuModel(hardware.cpuModel) ? WORDS[hardware.cpuModel] : "The processor that was chosen"}${is32 ? ", with its 64-bit half switched off" : ""}.`,
      ["-cpu", is32 && isAutomaticCpuModel(hardware.cpuModel) ? `${model},lm=off` : model],
    ),
    part(
      cores > hardware.cpus
        ? `${hardware.cpus} of ${cores} places taken: processors can be added while it runs.`
        : `${hardware.cpus} processors.`,
      ["-smp", keyValue(undefined, { cpus: hardware.cpus, maxcpus: cores, sockets: 1, cores, threads: 1 })],
    ),
  ];
}
