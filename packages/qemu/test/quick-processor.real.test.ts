// What a Linux sees of the processors that are chosen for it.
import type { RunningMachine } from "@mimic/workbench/ports";
import { expect, test } from "vitest";
import type { QemuAgent } from "../src/agent/agent.ts";
import { aPlan } from "./context.ts";
import { linuxGuest } from "./guests.ts";
import { aWorkshop, patient } from "./real-ports.ts";

const DEAR = ["erms", "la57"];
const MODERN = ["avx2", "bmi2", "aes", "fma", "rdrand"];

test("quick has every instruction that best has, and leaves out what only an emulator pays for", async () => {
  await using shop = await aWorkshop();
  const guest = await linuxGuest();
  const flagsWith = async (cpuModel: string): Promise<ReadonlySet<string>> => {
    const directBoot = { image: "a".repeat(64), kernel: "kernel", initrd: "initrd", commandLine: guest.commandLine };
    const plan = aPlan(
      { memoryMiB: 256, input: "ps2", cpuModel, directBoot },
      { kernel: guest.kernel, initrd: guest.initrd },
      `${shop.folder}/${cpuModel}`,
    );
    const machine: RunningMachine = shop.own(await shop.qemu.hypervisor.boot(plan, patient()));
    const agent = machine.agent as QemuAgent;
    await agent.waitUntilReady(patient());
    const { out } = await agent.quick({ program: "/bin/grep", args: ["-m1", "^flags", "/proc/cpuinfo"] }, patient());
    return new Set(out.split(/\s+/));
  };
  const [quick, best] = await Promise.all([flagsWith("quick"), flagsWith("best")]);
  expect(MODERN.filter((flag) => !quick.has(flag))).toEqual([]);
  // The control: with everything these are there. Where nothing is emulated both are the computer's own processor.
  const { accelerator } = await shop.qemu.hypervisor.facts(patient());
  expect([...best].filter((flag) => !quick.has(flag)).toSorted()).toEqual(accelerator === "kvm" ? [] : DEAR);
});
