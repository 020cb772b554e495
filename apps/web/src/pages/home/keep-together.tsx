// One moment of the machines that are chosen in the table: of all of them, or of none.
import { Button, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { shownName } from "../../queries.ts";
import { CommandLine } from "../../ui/command.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { ReasonButton } from "../../ui/reason-button.tsx";
import { commandLine } from "../../words.ts";
import { whyNotKeep, whyNotKeepWhole } from "../machine/moments/why-not-keep.ts";

interface Props {
  readonly machines: readonly MachineView[];
  readonly onDone: () => void;
}

/** The first of them that cannot be kept, and why. */
function whyNone(machines: readonly MachineView[], kind: "snapshot" | "checkpoint"): string | undefined {
  for (const machine of machines) {
    const why = kind === "snapshot" ? whyNotKeep(machine) : whyNotKeepWhole(machine);
    if (why) return `${shownName(machine.name)}: ${why}`;
  }
  return undefined;
}

export function KeepTogether({ machines, onDone }: Props) {
  const [isOpen, setOpen] = useState(false);
  const count = machines.length === 1 ? "1 machine is chosen" : `${machines.length} machines are chosen`;
  return (
    <div className="tools chosen" data-empty={machines.length === 0 || undefined}>
      <span role="status" className={machines.length === 0 ? "visually-hidden" : "quiet"}>
        {machines.length === 0 ? "No machine is chosen" : count}
      </span>
      {machines.length > 0 ? (
        <ReasonButton why={machines.length < 2 ? "Choose another one, too." : undefined} onPress={() => setOpen(true)}>
          Keep one moment of all
        </ReasonButton>
      ) : null}
      {isOpen ? <KeepDialog machines={machines} onClose={() => setOpen(false)} onDone={onDone} /> : null}
    </div>
  );
}

function KeepDialog({ machines, onClose, onDone }: Props & { onClose: () => void }) {
  const [name, setName] = useState("");
  const words = name.trim();
  const keep = useVerb(
    (kind: "snapshot" | "checkpoint") =>
      api.moments.takeTogether({ machines: machines.map(({ id }) => id), kind, ...(words && { name: words }) }),
    {
      after: () => {
        onClose();
        onDone();
      },
    },
  );
  const [first, ...others] = machines;
  const command = commandLine(
    "snapshot",
    first?.name ?? "NAME",
    ...(words ? [plain(words, 80)] : []),
    ...others.flatMap((other) => ["--with", other.name]),
  );
  return (
    <Dialog opened onClose={onClose} title={`One moment of ${machines.length} machines`}>
      <div className="dialog-form">
        <p>
          {machines.map((machine) => shownName(machine.name)).join(", ")}: all stand still together for a moment. It is kept of all of them,
          or of none.
        </p>
        <TextInput
          data-autofocus
          label="What to call it"
          placeholder="the time, when left empty"
          value={name}
          maxLength={80}
          autoComplete="off"
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <CommandLine command={command} />
        <div className="row end">
          <Button onClick={onClose}>Not now</Button>
          <ReasonButton why={whyNone(machines, "checkpoint")} loading={keep.isPending} onPress={() => keep.mutate("checkpoint")}>
            Keep them whole
          </ReasonButton>
          <ReasonButton
            why={whyNone(machines, "snapshot")}
            variant="filled"
            loading={keep.isPending}
            onPress={() => keep.mutate("snapshot")}
          >
            Keep their disks
          </ReasonButton>
        </div>
      </div>
    </Dialog>
  );
}
