// What Mimic keeps before going back and before a risky change: how long it stays, in words, and changing that.
import { Button, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import { type MachineView, MOST_DAYS, MOST_KEPT, type MomentRetentionView, retentionInWords } from "@mimic/model";
import { useState } from "react";
import { useVerb } from "../../../actions.ts";
import { api } from "../../../api.ts";
import { CommandLine } from "../../../ui/command.tsx";
import { Term } from "../../../ui/term.tsx";
import { commandLine } from "../../../words.ts";

const PARTS = [
  { part: "keep", label: "Last ones", least: 1, most: MOST_KEPT, digits: 3 },
  { part: "days", label: "Days", least: 0, most: MOST_DAYS, digits: 4 },
] as const;

export function Retention({ machine, retention }: { machine: MachineView; retention: MomentRetentionView }) {
  const [changed, setChanged] = useState<Readonly<Record<"keep" | "days", string>>>();
  const texts = changed ?? { keep: String(retention.keep), days: String(retention.days) };
  const change = useVerb(
    () => api.moments.routine({ machine: machine.id, retention: { keep: Number(texts.keep), days: Number(texts.days) } }),
    { after: () => setChanged(undefined), done: () => "That is how long they stay now." },
  );
  const troubles = PARTS.map(({ part, least, most }) => {
    const isGood = /^\d{1,4}$/.test(texts[part]) && Number(texts[part]) >= least && Number(texts[part]) <= most;
    return isGood ? undefined : `A number from ${least} to ${most}`;
  });
  const isBad = troubles.some((trouble) => trouble !== undefined);
  return (
    <section aria-labelledby="retention">
      <h2 id="retention">Before something</h2>
      <p role="status">{plain(retentionInWords(retention), 1000)}</p>
      <form
        className="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBad) change.mutate();
        }}
      >
        <fieldset className="routine-counts">
          <legend>How many of the last ones stay, and of how many days all</legend>
          {PARTS.map(({ part, label, digits }, index) => (
            <TextInput
              key={part}
              label={label}
              inputMode="numeric"
              value={texts[part]}
              maxLength={digits}
              autoComplete="off"
              error={troubles[index]}
              onChange={(event) => setChanged({ ...texts, [part]: event.currentTarget.value })}
            />
          ))}
        </fieldset>
        <div className="row">
          <Button type="submit" disabled={isBad || changed === undefined} loading={change.isPending}>
            Change how long they stay
          </Button>
        </div>
        <p className="quiet">
          That is their <Term word="retention">retention</Term>. What you protect, name or note is never cleared away.
        </p>
        <CommandLine command={commandLine("moments", "routine", machine.name, "--before", texts.keep, "--before-days", texts.days)} />
      </form>
    </section>
  );
}
