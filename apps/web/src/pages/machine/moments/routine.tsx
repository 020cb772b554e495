// Moments that Mimic keeps by itself: what the routine is, when the next one is due, why one was not kept; and changing it.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { plain } from "@mimic/base";
import { type MachineView, MOST_KEPT, type MomentRoutineView, type Rhythm, routineInWords } from "@mimic/model";
import { useState } from "react";
import { useVerb } from "../../../actions.ts";
import { api } from "../../../api.ts";
import { CommandLine } from "../../../ui/command.tsx";
import { Term } from "../../../ui/term.tsx";
import { commandLine } from "../../../words.ts";

const RHYTHMS = [
  { option: "hourly", label: "Hours", everyMinutes: 60, usual: "24" },
  { option: "daily", label: "Days", everyMinutes: 24 * 60, usual: "7" },
  { option: "weekly", label: "Weeks", everyMinutes: 7 * 24 * 60, usual: "" },
] as const;
type Option = (typeof RHYTHMS)[number]["option"];
type Counts = Readonly<Record<Option, string>>;

const readCount = (text: string): number | undefined => (/^\d{1,3}$/.test(text) && Number(text) <= MOST_KEPT ? Number(text) : undefined);

const countsOf = (routine: MomentRoutineView | undefined): Counts =>
  Object.fromEntries(
    RHYTHMS.map(({ option, everyMinutes, usual }) => {
      const keep = routine?.rhythms.find((one) => one.everyMinutes === everyMinutes)?.keep;
      return [option, routine === undefined ? usual : keep === undefined ? "" : String(keep)];
    }),
  ) as Counts;

export function Routine({ machine, routine }: { machine: MachineView; routine: MomentRoutineView | undefined }) {
  const [changed, setChanged] = useState<{ counts: Counts; kind: "snapshot" | "checkpoint" }>();
  const { counts, kind } = changed ?? { counts: countsOf(routine), kind: routine?.kind ?? "snapshot" };
  const change = useVerb((rhythms: readonly Rhythm[]) => api.moments.routine({ machine: machine.id, kind, rhythms: [...rhythms] }), {
    after: () => setChanged(undefined),
    done: (rhythms) => (rhythms.length > 0 ? "The routine is set." : "No moments are kept by a routine any more."),
  });
  // Rhythms that were made elsewhere (every ten minutes) stay as they are.
  const others = routine?.rhythms.filter(({ everyMinutes }) => !RHYTHMS.some((one) => one.everyMinutes === everyMinutes)) ?? [];
  const named = RHYTHMS.flatMap(({ option, everyMinutes }): Rhythm[] => {
    const keep = readCount(counts[option]);
    return keep ? [{ everyMinutes, keep }] : [];
  });
  const isBad = RHYTHMS.some(({ option }) => counts[option] !== "" && readCount(counts[option]) === undefined);
  const rhythms = [...others, ...named];
  const args = RHYTHMS.flatMap(({ option }) => (readCount(counts[option]) ? [`--${option}`, counts[option]] : []));
  return (
    <section aria-labelledby="routine">
      <h2 id="routine">By itself</h2>
      <p role="status">{routine ? plain(routineInWords(routine, Date.now()), 1000) : "No moments are kept by themselves."}</p>
      <form
        className="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (!isBad && rhythms.length > 0) change.mutate(rhythms);
        }}
      >
        <fieldset className="routine-counts">
          <legend>How many of the last ones stay</legend>
          {RHYTHMS.map(({ option, label }) => (
            <TextInput
              key={option}
              label={label}
              inputMode="numeric"
              value={counts[option]}
              placeholder="none"
              maxLength={3}
              autoComplete="off"
              error={counts[option] !== "" && readCount(counts[option]) === undefined ? `A number up to ${MOST_KEPT}` : undefined}
              onChange={(event) => setChanged({ kind, counts: { ...counts, [option]: event.currentTarget.value } })}
            />
          ))}
        </fieldset>
        <SegmentedControl
          aria-label="What is kept"
          className="routine-kind"
          value={kind}
          onChange={(value) => setChanged({ counts, kind: value as "snapshot" | "checkpoint" })}
          data={[
            { value: "snapshot", label: "Disks" },
            { value: "checkpoint", label: "Whole, while it runs" },
          ]}
        />
        <div className="row">
          <Button type="submit" disabled={isBad || rhythms.length === 0} loading={change.isPending}>
            {routine ? "Change it" : "Begin"}
          </Button>
          {routine ? <Button onClick={() => change.mutate([])}>Keep none by itself</Button> : null}
        </div>
        <p className="quiet">
          This is its <Term word="routine">routine</Term>. What you keep, name, note or protect yourself is never cleared away.
        </p>
        <CommandLine
          command={commandLine("moments", "routine", machine.name, ...args, ...(kind === "checkpoint" ? ["--kind", kind] : []))}
        />
      </form>
    </section>
  );
}
