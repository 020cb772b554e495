// `mimic net plug MACHINE [NETWORK]`: a card and its cable.
import { quoted } from "@mimic/base";
import type { MachineView, NicModel } from "@mimic/model";
import { MACHINE, readChoice } from "../../arguments.ts";
import type { CommandSpec, Context, Given } from "../../command.ts";
import { line, printJson } from "../../io.ts";
import { MODE_OPTIONS, readMode } from "../../net-options.ts";

const MODELS: readonly NicModel[] = ["virtio", "e1000e", "e1000", "rtl8139", "pcnet", "ne2k_pci", "ne2k_isa"];

export const command: CommandSpec = {
  path: "net plug",
  group: "Networks",
  summary: "Plug a machine into a network",
  about: "Gives it a new network card, also while it runs. With --nic the cable of a card that it has is plugged in there instead.",
  args: [MACHINE, { name: "network", about: "where the cable leads; “home” when left out", optional: true, completes: "network" }],
  options: [
    {
      flags: "--nic <card>",
      about: "a card that it has: its number from 1, its MAC address, or the network that it is on",
      completes: "nothing",
    },
    { flags: "--model <model>", about: `of a new card: ${MODELS.join(", ")}; what suits the board when left out`, completes: MODELS },
    { flags: "--mac <address>", about: "of a new card; chosen for you when left out", completes: "nothing" },
    ...MODE_OPTIONS,
  ],
  examples: [
    { line: "mimic net plug hello lab", does: "one more card, on “lab”: a running system finds it in less than a second" },
    { line: "mimic net plug hello lab --nic 1", does: "moves the cable of its first card to “lab”" },
    { line: "mimic net plug router lab --trunk all", does: "a card that carries every VLAN, with tags" },
  ],
  run: async (context, given) => {
    const machine = await plug(context, given);
    if (given.json) printJson(context.io, machine);
    else {
      const waits = machine.pending.includes("network cards") ? " The card is there at its next start." : "";
      line(context.io, `${quoted(machine.name)} is plugged into ${quoted(given.maybe("network") ?? "home")}.${waits}`);
    }
    return 0;
  },
};

async function plug({ client }: Context, given: Given): Promise<MachineView> {
  const [nic, model, mac, mode] = [given.text("nic"), given.text("model"), given.text("mac"), readMode(given)];
  const wish = {
    machine: given.arg("name"),
    network: given.maybe("network") ?? "home",
    ...(model !== undefined && { model: readChoice("--model", model, MODELS) }),
    ...(mac !== undefined && { mac: mac.toLowerCase() }),
    ...(mode && { mode }),
  };
  return nic === undefined ? await client.machines.addNic(wish) : await client.machines.changeNic({ ...wish, nic, isUp: true });
}
