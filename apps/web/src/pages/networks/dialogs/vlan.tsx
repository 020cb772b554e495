// A VLAN: its number, its name, and whether the gateway stands in it.
import { Button, Checkbox, TextInput } from "@mantine/core";
import type { NetworkView } from "@mimic/model";
import { useState } from "react";
import { shownName } from "../../../queries.ts";
import { removeVlan, setVlan, subnetOf } from "../changes.ts";
import { netCommands } from "../commands.ts";
import { make } from "../undo.ts";
import { ChangeDialog, wholeNumber } from "./form.tsx";

/** The next round number that is free. */
export function freeVlan(taken: readonly number[]): number {
  for (let vlan = 10; vlan <= 4090; vlan += 10) if (!taken.includes(vlan)) return vlan;
  return Array.from({ length: 4094 }, (_, at) => at + 1).find((vlan) => !taken.includes(vlan)) ?? 1;
}

export function VlanDialog({ network, vlan, onClose }: { network: NetworkView; vlan: number | undefined; onClose: () => void }) {
  const taken = network.vlans.map(({ id }) => id);
  const foot = network.gateway?.feet.find((each) => each.vlan === vlan);
  const [number, setNumber] = useState(String(vlan ?? freeVlan(taken)));
  const [name, setName] = useState(network.vlans.find(({ id }) => id === vlan)?.name ?? "");
  const [gateway, setGateway] = useState(vlan === undefined ? network.gateway !== undefined : foot !== undefined);
  const [subnet, setSubnet] = useState(subnetOf(foot?.v4) ?? "");
  const [asked, setAsked] = useState(false);
  const id = wholeNumber(number, 1, 4094);
  const bad =
    id === undefined ? "A number from 1 to 4094." : vlan === undefined && taken.includes(id) ? `There is a VLAN ${id} already.` : undefined;
  const used = network.ports.filter(({ mode }) => mode.mode !== "trunk" && mode.vlan === vlan).length;
  return (
    <ChangeDialog
      title={vlan === undefined ? `A new VLAN in “${shownName(network.name)}”` : `VLAN ${vlan} of “${shownName(network.name)}”`}
      action={vlan === undefined ? "Add it" : "Change it"}
      onClose={onClose}
      command={netCommands.vlan(network, number, name.trim(), gateway || !network.gateway)}
      change={() => {
        setAsked(true);
        return bad || id === undefined
          ? undefined
          : setVlan(network, {
              vlan: id,
              name: name.trim(),
              ...(network.gateway ? { gateway, ...(gateway && subnet.trim() ? { subnet: subnet.trim() } : {}) } : {}),
            });
      }}
    >
      <p>A VLAN is a private room of the network: machines in different rooms do not hear each other.</p>
      {vlan === undefined ? (
        <TextInput
          data-autofocus
          label="Number"
          value={number}
          error={asked ? bad : undefined}
          onChange={(event) => setNumber(event.currentTarget.value)}
        />
      ) : null}
      <TextInput
        label="Name"
        description="For people: guests, cameras, staff."
        value={name}
        maxLength={63}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      {network.gateway ? (
        <Checkbox
          label="The gateway stands in it"
          description="Then machines in it have addresses, names and the way out."
          checked={gateway}
          onChange={(event) => setGateway(event.currentTarget.checked)}
        />
      ) : null}
      {network.gateway && gateway ? (
        <TextInput
          label="Addresses"
          description="Such as 10.77.20.0/24; empty: Mimic chooses."
          value={subnet}
          onChange={(event) => setSubnet(event.currentTarget.value)}
        />
      ) : null}
      {vlan === undefined ? null : (
        <div>
          <Button
            disabled={used > 0}
            onClick={() => {
              onClose();
              void make(removeVlan(network, vlan));
            }}
          >
            Remove it
          </Button>
          {used > 0 ? (
            <p className="quiet">
              {used === 1 ? "A port stands" : `${used} ports stand`} in it; it cannot be removed before they are elsewhere.
            </p>
          ) : null}
        </div>
      )}
    </ChangeDialog>
  );
}
