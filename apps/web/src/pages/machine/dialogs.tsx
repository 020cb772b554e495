// Rename, copy, and the way to the trash: small questions, each with the command that does the same.
import { Button, Radio } from "@mantine/core";
import { formatSize } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { machineQuery, queryClient, shownName, useTakenNames } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NameField } from "../../ui/name-field.tsx";
import { commandLine, freeName, nameTrouble } from "../../words.ts";

interface Props {
  readonly machine: MachineView;
  readonly opened: boolean;
  readonly onClose: () => void;
}

export function RenameDialog({ machine, opened, onClose }: Props) {
  const taken = useTakenNames();
  const navigate = useNavigate();
  const [name, setName] = useState<string>(machine.name);
  const bad = name === machine.name ? undefined : nameTrouble(name, taken);
  const rename = useVerb((to: string) => api.machines.change({ machine: machine.id, name: to }), {
    done: (to) => `It is called “${to}” now.`,
    after: (to) => {
      onClose();
      queryClient.setQueryData(machineQuery(to).queryKey, (known) => known ?? ({ ...machine, name: to } as MachineView));
      void navigate({ to: "/machines/$machine/{-$tab}", params: { machine: to }, replace: true });
    },
  });
  return (
    <FormDialog
      opened={opened}
      onClose={onClose}
      title={`Rename “${shownName(machine.name)}”`}
      action="Rename"
      command={commandLine("rename", machine.name, name || "NAME")}
      busy={rename.isPending}
      onSubmit={() => {
        if (!bad && name !== machine.name) rename.mutate(name);
      }}
    >
      <NameField label="New name" value={name} error={bad} onChange={setName} />
    </FormDialog>
  );
}

export function CloneDialog({ machine, opened, onClose }: Props) {
  const taken = useTakenNames();
  const [typed, setTyped] = useState<string>();
  const [how, setHow] = useState("linked");
  const name = typed ?? freeName(`${machine.name}-copy`, taken);
  const bad = nameTrouble(name, taken);
  const clone = useVerb(() => api.machines.clone({ machine: machine.id, name, full: how === "full" }), { after: onClose });
  return (
    <FormDialog
      opened={opened}
      onClose={onClose}
      title={`Copy “${shownName(machine.name)}”`}
      action="Copy"
      command={commandLine("clone", machine.name, name || "NAME", ...(how === "full" ? ["--full"] : []))}
      busy={clone.isPending}
      onSubmit={() => {
        if (!bad) clone.mutate(undefined);
      }}
    >
      <NameField label="Name of the copy" value={name} error={typed === undefined ? undefined : bad} onChange={setTyped} />
      <Radio.Group label="How" value={how} onChange={setHow}>
        <div className="dialog-form">
          <Radio value="linked" label="Linked" description="Ready at once; shares what neither of them changes." />
          <Radio value="full" label="Full" description={`Shares nothing; copies about ${formatSize(machine.diskBytes)}.`} />
        </div>
      </Radio.Group>
    </FormDialog>
  );
}

export function TrashDialog({ machine, opened, onClose }: Props) {
  const navigate = useNavigate();
  const name = shownName(machine.name);
  const remove = useVerb(() => api.machines.remove({ machine: machine.id }), {
    done: () => `“${name}” is in the trash. It can come back from there.`,
    after: () => void navigate({ to: "/" }),
  });
  return (
    <Dialog opened={opened} onClose={onClose} title={`Move “${name}” to the trash?`}>
      <div className="dialog-form">
        <p>Everything of it is kept there and can come back until it is forgotten.</p>
        <CommandLine command={commandLine("rm", machine.name)} />
        <div className="row end">
          <Button onClick={onClose}>Keep it</Button>
          <Button data-autofocus variant="filled" loading={remove.isPending} onClick={() => remove.mutate(undefined)}>
            Move to the trash
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
