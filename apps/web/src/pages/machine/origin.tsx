// Where a machine comes from, as far as it matters now: that it vanishes, that it follows its template, that there is a newer one.
import { Button } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { shownName, useTakenNames } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { NameField } from "../../ui/name-field.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine, nameTrouble } from "../../words.ts";

export function Origin({ machine }: { machine: MachineView }) {
  const [asking, setAsking] = useState<"keep" | "renew">();
  const { forgets, madeFrom } = machine;
  const because = machine.origin?.switchedOnBecause;
  const close = () => setAsking(undefined);
  const isBehind = madeFrom !== undefined && madeFrom.generation !== madeFrom.newest;
  if (forgets === undefined && !isBehind) return null;
  const template = madeFrom && `“${shownName(madeFrom.template)}”`;
  return (
    <aside className="origin" aria-label="Where it comes from">
      {forgets === "machine" ? (
        <p>
          It is a <Term word="disposable" /> machine: it vanishes when it stops, with all that was written in it.
          {because === undefined ? "" : ` It was switched on instead of going on from memory: ${plain(because, 400)}.`}
        </p>
      ) : forgets === "disks" ? (
        <p>
          It <Term word="follow">follows</Term> {template ? `the template ${template}` : "a template that is gone"}: its system begins anew
          at each start{isBehind ? `, with generation ${madeFrom.newest} the next time` : ""}. {keptInWords(machine)}
        </p>
      ) : (
        <p>
          It was made from generation {madeFrom?.generation} of {template}; {madeFrom?.newest} is the newest.
        </p>
      )}
      {forgets ? (
        <Button variant={forgets === "machine" ? "filled" : "default"} onClick={() => setAsking("keep")}>
          {forgets === "machine" ? "Keep this one…" : "Let it stop following…"}
        </Button>
      ) : (
        <ReasonButton
          why={machine.power === "stopped" || machine.power === "failed" ? undefined : "Shut it down first: its system is exchanged."}
          onPress={() => setAsking("renew")}
        >
          Move it there…
        </ReasonButton>
      )}
      {asking === "keep" ? <KeepDialog machine={machine} onClose={close} /> : null}
      <Renew machine={machine} opened={asking === "renew"} onClose={close} />
    </aside>
  );
}

function keptInWords({ hardware }: MachineView): string {
  if (hardware.disks.some(({ keeps }) => keeps === "home")) return "What is in /home, /root and /usr/local stays.";
  return hardware.disks.some(({ keeps }) => keeps) ? "Disks of its own stay." : "Nothing that is written in it stays.";
}

function KeepDialog({ machine, onClose }: { machine: MachineView; onClose: () => void }) {
  const taken = useTakenNames();
  const navigate = useNavigate();
  const [name, setName] = useState<string>(machine.name);
  const bad = name === machine.name ? undefined : nameTrouble(name, taken);
  const keep = useVerb(() => api.disposables.keep({ machine: machine.id, ...(name !== machine.name && { name }) }), {
    done: () => `“${shownName(name)}” stays.`,
    after: () => {
      onClose();
      void navigate({ to: "/machines/$machine/{-$tab}", params: { machine: name }, replace: true });
    },
  });
  return (
    <FormDialog
      onClose={onClose}
      title={`Keep “${shownName(machine.name)}”`}
      action="Keep it"
      command={commandLine("keep", machine.name, ...(name === machine.name ? [] : ["--name", name || "NAME"]))}
      busy={keep.isPending}
      onSubmit={() => {
        if (!bad) keep.mutate(undefined);
      }}
    >
      <p>
        It becomes a machine like any: what was written in it so far stays, also when it stops.
        {machine.forgets === "disks" ? " It keeps the generation that it has, and gets no newer one by itself." : ""}
      </p>
      <NameField label="Its name" value={name} error={bad} onChange={setName} />
    </FormDialog>
  );
}

function Renew({ machine, opened, onClose }: { machine: MachineView; opened: boolean; onClose: () => void }) {
  const renew = useVerb(() => api.machines.renew({ machine: machine.id }), { after: onClose });
  const { madeFrom } = machine;
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title={`Move “${shownName(machine.name)}” to generation ${madeFrom?.newest ?? ""}?`}
      action="Move it"
      busy={renew.isPending}
      onConfirm={() => renew.mutate(undefined)}
    >
      <p>
        Its system begins anew with the template’s. What it is now is kept as a snapshot first, under “Moments”: you can go back to it.
        Disks of its own stay as they are.
      </p>
      <CommandLine command={commandLine("renew", machine.name)} />
    </Confirm>
  );
}
