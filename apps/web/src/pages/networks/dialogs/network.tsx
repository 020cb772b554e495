// A new network, a new name for one, and the end of one.
import { Button, Radio, TextInput } from "@mantine/core";
import type { NetworkKind, NetworkView } from "@mimic/model";
import { useState } from "react";
import { shownName } from "../../../queries.ts";
import { CommandLine } from "../../../ui/command.tsx";
import { Confirm } from "../../../ui/confirm.tsx";
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
  const [wish, setWish] = useState<ReturnType<typeof createNetwork>>();
  return (
    <ChangeDialog
      title="New network"
      action="Create"
      size="lg"
      onClose={onClose}
      command={netCommands.create(name, kind)}
      change={() => {
        if (bad) return undefined;
        const next = createNetwork({ name, kind });
        setWish(next);
        return next;
      }}
      onDone={(change) => {
        const made = (change === wish ? wish : (change as ReturnType<typeof createNetwork>)).made();
        if (made) onMade?.(made.id);
      }}
    >
      <TextInput
        data-autofocus
        label="Name"
        value={name}
        error={bad}
        maxLength={200}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setName(event.currentTarget.value)}
      />
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
    </ChangeDialog>
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
      <TextInput
        data-autofocus
        label="New name"
        value={name}
        error={bad}
        maxLength={200}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setName(event.currentTarget.value)}
      />
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
