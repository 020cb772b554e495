// “Make a template…”: of a machine that runs with its memory, so that others go on from there; of one that is off its disks.
import { Checkbox } from "@mantine/core";
import type { MachineView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { shownName, templatesQuery } from "../../queries.ts";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NameField } from "../../ui/name-field.tsx";
import { commandLine, nameTrouble } from "../../words.ts";

const NOBODY: ReadonlySet<string> = new Set();

export function TemplateDialog({ machine, onClose }: { machine: MachineView; onClose: () => void }) {
  const { data: templates } = useQuery(templatesQuery);
  const [name, setName] = useState<string>(machine.name);
  const [disksOnly, setDisksOnly] = useState(false);
  const runs = machine.power === "running" || machine.power === "paused";
  const known = templates?.find((one) => one.name === name);
  const bad = nameTrouble(name, NOBODY);
  const make = useVerb(() => api.templates.make({ machine: machine.id, name, ...(runs && disksOnly && { disksOnly }) }), {
    after: onClose,
  });
  return (
    <FormDialog
      onClose={onClose}
      title={`Make a template of “${shownName(machine.name)}”`}
      action={known ? `Make generation ${known.generation + 1}` : "Make the template"}
      command={commandLine(
        "template",
        machine.name,
        ...(name === machine.name ? [] : [name || "NAME"]),
        ...(runs && disksOnly ? ["--disks-only"] : []),
      )}
      busy={make.isPending}
      onSubmit={() => {
        if (!bad) make.mutate(undefined);
      }}
    >
      <p>
        {runs
          ? "It is kept as it is now, memory and devices too, and does not notice: machines made from it go on from here."
          : "Its disks are kept as they are: machines made from it are switched on with them. Of a machine that runs, memory is kept too."}
      </p>
      <NameField
        label="Name of the template"
        description={
          known
            ? `There is one: this becomes its generation ${known.generation + 1}. Machines that follow it get it at their next start.`
            : "A name that is there already gets a new generation."
        }
        value={name}
        error={bad}
        onChange={setName}
      />
      {runs ? (
        <Checkbox
          checked={disksOnly}
          onChange={(event) => setDisksOnly(event.currentTarget.checked)}
          label="Only its disks"
          description="Machines made from it are switched on."
        />
      ) : null}
    </FormDialog>
  );
}
