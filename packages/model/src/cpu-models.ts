// Processors that are chosen for the computer that a machine runs on.

/**
 * quick: all instructions that can be had, without what costs an emulated processor more time than it saves its system.
 * best: everything that can be had. Where the processor's own virtualization works, both are that very processor (`host`).
 */
export const AUTOMATIC_CPU_MODELS = ["quick", "best"] as const;
export type AutomaticCpuModel = (typeof AUTOMATIC_CPU_MODELS)[number];

export const isAutomaticCpuModel = (model: string): model is AutomaticCpuModel =>
  (AUTOMATIC_CPU_MODELS as readonly string[]).includes(model);

const WORDS: Record<AutomaticCpuModel, string> = { quick: "the quickest here", best: "everything that can be had" };

/** In words for people; any other model is QEMU's own name. Pure. */
export const cpuModelWords = (model: string): string => (isAutomaticCpuModel(model) ? WORDS[model] : model);
