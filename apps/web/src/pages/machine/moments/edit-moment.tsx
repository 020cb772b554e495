// A moment's name and the note to oneself. What a person names or notes is no longer Mimic's to clear away.
import { Textarea, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView, MomentView } from "@mimic/model";
import { useState } from "react";
import { useVerb } from "../../../actions.ts";
import { api } from "../../../api.ts";
import { FormDialog } from "../../../ui/form-dialog.tsx";
import { commandLine } from "../../../words.ts";

interface Props {
  readonly machine: MachineView;
  readonly moment: MomentView;
  readonly onClose: () => void;
}

export function EditMoment({ machine, moment, onClose }: Props) {
  const [name, setName] = useState(moment.name);
  const [note, setNote] = useState(moment.note);
  const changed = {
    ...(name.trim() !== moment.name && { name: name.trim() }),
    ...(note !== moment.note && { note }),
  };
  const save = useVerb(() => api.moments.change({ machine: machine.id, moment: moment.id, ...changed }), { after: onClose });
  const bad = name.trim() === "" ? "It needs a name." : undefined;
  const args = [...(changed.name ? ["--name", changed.name] : []), ...(changed.note === undefined ? [] : ["--note", changed.note])];
  return (
    <FormDialog
      onClose={onClose}
      title={`The moment “${plain(moment.name, 80)}”`}
      action="Save"
      command={commandLine("moments", "set", machine.name, moment.name, ...args)}
      busy={save.isPending}
      disabled={bad !== undefined}
      onSubmit={() => save.mutate(undefined)}
    >
      <TextInput
        data-autofocus
        label="Its name"
        value={name}
        error={bad}
        maxLength={80}
        autoComplete="off"
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea
        label="A note to yourself"
        value={note}
        maxLength={2000}
        autosize
        minRows={2}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
