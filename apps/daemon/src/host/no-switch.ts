// A stand-in until the switch process is wired: networks are written down, and say that nothing carries them.
import { MimicError } from "@mimic/base";
import type { SwitchFabric } from "@mimic/workbench";

const fail = (): never => {
  throw new MimicError("switch.absent", "This Mimic has no switch.", { hint: "Use a Mimic that has one." });
};

export const noSwitch: SwitchFabric = {
  apply: async () => fail(),
  remove: async () => {},
  counters: async () => fail(),
  leases: async () => fail(),
  release: async () => fail(),
  drops: async () => fail(),
  forwards: async () => fail(),
  trace: async () => fail(),
  // biome-ignore lint/correctness/useYield: it only throws
  capture: async function* () {
    fail();
  },
  connect: async () => fail(),
  listen: () => ({ [Symbol.dispose]() {} }),
  close: async () => {},
};
