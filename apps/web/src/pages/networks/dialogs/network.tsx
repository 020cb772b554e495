// A new network, a new name for one, and the end of one.
import { Button, NativeSelect, Radio } from "@mantine/core";
import { plain } from "@mimic/base";
import type { LanView, NetworkKind, NetworkView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { problemOf } from "../../../api.ts";
import { lanQuery, shownName } from "../../../queries.ts";
import { CommandLine } from "../../../ui/command.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
import { NameField } from "../../../ui/name-field.tsx";
import { freeName, nameTrouble } from "../../../words.ts";
import { changeNetwork, createNetwork, removeNetwork } from "../changes.ts";
import { netCommands } from "../commands.ts";
import type { World } from "../things.ts";
import { make } from "../undo.ts";
import { KIND_WORDS } from "../words.ts";
import { ChangeDialog } from "./form.tsx";

const namesOf = (world: World): ReadonlySet<string> => new Set(world.networks.map(({ name }) => name as string));
const inThisPage = (words: string | undefined): string | undefined => words?.replace("a machine called", "a network called");

export function NewNetworkDialog({
  world,
  onClose,
  onMade,
}: {
  world: World;
  onClose: () => void;
  onMade?: ((id: string) => void) | undefined;
}) {
  const taken = namesOf(world);
  const [name, setName] = useState(() => freeName("lab", taken));
  const [kind, setKind] = useState<NetworkKind>("nat");
  const bad = inThisPage(nameTrouble(name, taken));
  const lan = useQuery({ ...lanQuery, enabled: kind === "bridged" });
  const [chosen, setChosen] = useState<string>();
  const to = kind === "bridged" ? (chosen ?? lan.data?.usual ?? lan.data?.choices.find(({ isSuitable }) => isSuitable)?.name) : undefined;
  const cannot = kind === "bridged" && !lan.data?.mayBridge;
  const [wish, setWish] = useState<ReturnType<typeof createNetwork>>();
  return (
    <ChangeDialog
      title="New network"
      action="Create"
      size="lg"
      onClose={onClose}
      command={netCommands.create(name, kind, to)}
      change={() => {
        if (bad || cannot) return undefined;
        const next = createNetwork({ name, kind, ...(to !== undefined && { to }) });
        setWish(next);
        return next;
      }}
      onDone={(change) => {
        const made = (change === wish ? wish : (change as ReturnType<typeof createNetwork>)).made();
        if (made) onMade?.(made.id);
      }}
    >
      <NameField label="Name" value={name} error={bad} onChange={setName} />
      <Radio.Group label="Kind" value={kind} onChange={(value) => setKind(value as NetworkKind)}>
        <div className="radio-list">
          {(Object.keys(KIND_WORDS) as NetworkKind[]).map((value) => (
            <Radio
              key={value}
              value={value}
              label={`${KIND_WORDS[value].title} (${KIND_WORDS[value].field})`}
              description={KIND_WORDS[value].means}
            />
          ))}
        </div>
      </Radio.Group>
      {kind === "bridged" && lan.data ? <LanChoice lan={lan.data} to={to} onChoose={setChosen} /> : null}
      {kind === "bridged" && lan.error ? <p className="field-error">{problemOf(lan.error).message}</p> : null}
    </ChangeDialog>
  );
}

/** Which bridge of this computer; or, in words, why there is none to choose. */
function LanChoice({ lan, to, onChoose }: { lan: LanView; to: string | undefined; onChoose: (name: string) => void }) {
  if (!lan.mayBridge)
    return (
      <div role="status">
        <p className="field-error">{plain(lan.because, 400)}</p>
        <p className="quiet">{plain(lan.hint, 400)}</p>
      </div>
    );
  const bridges = lan.choices.filter(({ isSuitable }) => isSuitable);
  return (
    <NativeSelect
      label="Joined to"
      description="A bridge of this computer."
      value={to ?? ""}
      onChange={(event) => onChoose(event.currentTarget.value)}
      data={bridges.map(({ name, members }) => ({ value: name, label: `${name} (${members.join(", ") || "nothing plugged in"})` }))}
    />
  );
}

export function RenameNetworkDialog({ network, world, onClose }: { network: NetworkView; world: World; onClose: () => void }) {
  const [name, setName] = useState<string>(network.name);
  const bad = name === network.name ? undefined : inThisPage(nameTrouble(name, namesOf(world)));
  return (
    <ChangeDialog
      title={`Rename “${shownName(network.name)}”`}
      action="Rename"
      onClose={onClose}
      command={netCommands.rename(network, name)}
      change={() => (bad || name === network.name ? undefined : changeNetwork(network, { name }, `The network is called “${name}” now.`))}
    >
      <NameField label="New name" value={name} error={bad} onChange={setName} />
      <p className="quiet">Names of machines end with it, so they change too.</p>
    </ChangeDialog>
  );
}

export function RemoveNetworkDialog({ network, onClose }: { network: NetworkView; onClose: () => void }) {
  const name = shownName(network.name);
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`Remove the network “${name}”?`}
      action="Remove it"
      onConfirm={() => {
        onClose();
        void make(removeNetwork(network));
      }}
    >
      <p>
        Its VLANs, rules ({network.rules.length}), forwards ({network.forwards.length}) and names go with it, and do not come back. No
        machine is touched.
      </p>
      <CommandLine command={netCommands.remove(network)} />
    </Confirm>
  );
}

/** “New network”, wherever it stands. */
export const NewNetworkButton = ({ onPress, icon }: { onPress: () => void; icon?: React.ReactNode }) => (
  <Button variant="filled" leftSection={icon} onClick={onPress}>
    New network
  </Button>
);
