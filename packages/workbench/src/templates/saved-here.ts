// What a memory that is saved here and now is saved with, and whether one that was saved once can wake up here.
import { type HardwareSpec, type SavedWith, whyNotWake } from "@mimic/model";
import type { Context } from "../context.ts";

interface Options {
  readonly signal: AbortSignal;
}

/** Of a machine with this hardware. */
export async function savedHere({ ports }: Context, hardware: HardwareSpec, options: Options): Promise<SavedWith> {
  const { hypervisor } = ports;
  const [facts, names] = await Promise.all([hypervisor.facts(options), namesHere(ports.hypervisor, hardware, options)]);
  return {
    qemuVersion: facts.version,
    accelerator: facts.accelerator,
    processor: facts.accelerator === "tcg" ? "" : facts.processor,
    ...names,
  };
}

/** Nothing where its processor cannot be had here at all: a start says so in its own words. */
const namesHere = (
  hypervisor: Context["ports"]["hypervisor"],
  hardware: HardwareSpec,
  options: Options,
): Promise<Pick<SavedWith, "machineType" | "cpuModel">> =>
  hypervisor.namesHere(hardware, options).catch(() => {
    options.signal.throwIfAborted();
    return {};
  });

/** Undefined = it can go on from there. Of what was saved before boards were written down, the pinned one counts. */
export const whyNotWakeHere = async (
  context: Context,
  saved: SavedWith,
  hardware: HardwareSpec,
  options: Options,
): Promise<string | undefined> =>
  whyNotWake({ ...saved, machineType: saved.machineType ?? hardware.machineType }, await savedHere(context, hardware, options));
