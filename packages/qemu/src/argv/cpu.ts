// Accelerator and processors. A q35 machine keeps sockets free for processors that are added later.
import { maxCpus } from "@mimic/model";
import { type ArgvContext, type ArgvPart, keyValue, part } from "./part.ts";

/** QEMU's `-cpu` word: also the key under which the proof of KVM is remembered. */
export function cpuModelOf(model: string, accelerator: "tcg" | "kvm"): string {
  return model === "best" ? (accelerator === "kvm" ? "host" : "max") : model;
}

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
      `${hardware.cpuModel === "best" ? "The best processor there is here" : "The processor that was chosen"}${is32 ? ", with its 64-bit half switched off" : ""}.`,
      ["-cpu", is32 && hardware.cpuModel === "best" ? `${model},lm=off` : model],
    ),
    part(
      cores > hardware.cpus
        ? `${hardware.cpus} of ${cores} places taken: processors can be added while it runs.`
        : `${hardware.cpus} processors.`,
      ["-smp", keyValue(undefined, { cpus: hardware.cpus, maxcpus: cores, sockets: 1, cores, threads: 1 })],
    ),
  ];
}
