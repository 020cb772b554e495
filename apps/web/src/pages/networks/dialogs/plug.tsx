// Where a cable leads: the keyboard's way of dragging it.
import { NativeSelect } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView, NicModel, PortMode } from "@mimic/model";
import { useState } from "react";
import { shownName } from "../../../queries.ts";
import { addNic, plugIn } from "../changes.ts";
import { netCommands } from "../commands.ts";
import type { NicThing, World } from "../things.ts";
import { laneKeyOf, modeInLane, vlanTitle } from "../topology/lanes.ts";
import { KIND_WORDS } from "../words.ts";
import { ChangeDialog } from "./form.tsx";

const MODELS: Readonly<Record<NicModel, string>> = {
  virtio: "virtio (fastest, systems of today)",
  e1000e: "Intel e1000e (Windows and others without drivers)",
  e1000: "Intel e1000 (older systems)",
  rtl8139: "Realtek 8139 (around 2000)",
  pcnet: "AMD PCnet (the nineties)",
  ne2k_pci: "NE2000, PCI (the nineties)",
  ne2k_isa: "NE2000, ISA (DOS)",
};

export function PlugDialog({
  machine,
  nic,
  world,
  onClose,
}: {
  machine: MachineView;
  nic: NicThing | undefined;
  world: World;
  onClose: () => void;
}) {
  const [network, setNetwork] = useState(nic?.nic.network ?? world.networks[0]?.id ?? "");
  const [lane, setLane] = useState(nic ? laneKeyOf(nic.nic.port) : "v1");
  const [model, setModel] = useState<NicModel | "">("");
  const chosen = world.networks.find(({ id }) => id === network);
  const lanes = [
    ...(chosen?.vlans ?? []).map(({ id, name }) => ({ value: `v${id}`, label: plain(vlanTitle(id, name), 80) })),
    { value: "trunk", label: "All of them, tagged (trunk)" },
  ];
  const known = lanes.some(({ value }) => value === lane) ? lane : (lanes[0]?.value ?? "v1");
  const mode: PortMode = modeInLane(known, nic?.nic.port ?? { mode: "access", vlan: 1 });
  const name = shownName(machine.name);
  return (
    <ChangeDialog
      title={nic ? `Where the cable of “${name}” leads` : `A new network card for “${name}”`}
      action={nic ? "Plug it in" : "Add it"}
      onClose={onClose}
      command={chosen && (nic ? netCommands.plug(nic, chosen.name, mode) : netCommands.add(machine, chosen.name, mode))}
      change={() =>
        nic
          ? plugIn(nic, network === "" ? { network: null, mode: nic.nic.port } : { network, mode })
          : addNic(machine, {
              network: network === "" ? null : network,
              ...(network === "" ? {} : { mode }),
              ...(model === "" ? {} : { model }),
            })
      }
    >
      <NativeSelect
        data-autofocus
        label="Network"
        description={chosen ? KIND_WORDS[chosen.kind].means : "The card is there, and its cable hangs loose."}
        value={network}
        onChange={(event) => setNetwork(event.currentTarget.value)}
        data={[
          ...world.networks.map((each) => ({ value: each.id, label: shownName(each.name) })),
          { value: "", label: "None: leave the cable loose" },
        ]}
      />
      {chosen ? (
        <NativeSelect
          label="VLAN"
          description="Which private room of the network it stands in."
          value={known}
          onChange={(event) => setLane(event.currentTarget.value)}
          data={lanes}
        />
      ) : null}
      {nic ? null : (
        <NativeSelect
          label="Kind of card"
          description={
            machine.power === "running" ? "Its system finds the card at once where it can." : "Its system finds it at the next start."
          }
          value={model}
          onChange={(event) => setModel(event.currentTarget.value as NicModel | "")}
          data={[
            { value: "", label: "The one that fits its system" },
            ...Object.entries(MODELS).map(([value, label]) => ({ value, label })),
          ]}
        />
      )}
    </ChangeDialog>
  );
}
