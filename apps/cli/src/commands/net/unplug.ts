// `mimic net unplug MACHINE [NETWORK]`.
import { quoted } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { MACHINE } from "../../arguments.ts";
import type { CommandSpec } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { UsageError } from "../../say.ts";

export const command: CommandSpec = {
  path: "net unplug",
  group: "Networks",
  summary: "Unplug a machine from a network",
  about: "Takes the card out, also while it runs. With --cable the card stays, and only its cable goes.",
  args: [
    MACHINE,
    { name: "network", about: "which of its networks; not needed when it has one card", optional: true, completes: "network" },
  ],
  options: [
    { flags: "--nic <card>", about: "the card: its number from 1, or its MAC address", completes: "nothing" },
    { flags: "--cable", about: "leave the card in, with a cable that leads nowhere" },
  ],
  examples: [
    { line: "mimic net unplug hello lab", does: "takes its card on “lab” out" },
    { line: "mimic net unplug hello --nic 2 --cable", does: "its second card stays, and sees no carrier" },
  ],
  run: async ({ io, client }, given) => {
    const machine = given.arg("name");
    const nic = given.text("nic") ?? given.maybe("network") ?? onlyCard(await client.machines.show({ machine }));
    const view = given.flag("cable")
      ? await client.machines.changeNic({ machine, nic, network: null })
      : await client.machines.removeNic({ machine, nic });
    if (given.json) printJson(io, view);
    else
      line(io, given.flag("cable") ? `The cable of ${quoted(machine)} leads nowhere now.` : `A network card of ${quoted(machine)} is out.`);
    return 0;
  },
};

function onlyCard({ name, hardware }: MachineView): string {
  const [only, ...more] = hardware.nics;
  if (only && more.length === 0) return only.id;
  throw new UsageError(
    "cli.usage",
    only ? `${quoted(name)} has ${hardware.nics.length} network cards.` : `${quoted(name)} has no network card.`,
    {
      hint: only ? `Say which: mimic net unplug ${name} NETWORK, or --nic 1` : `Give it one: mimic net plug ${name} home`,
    },
  );
}
