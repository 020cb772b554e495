// Changes at given times, written as YAML; each step's outcome is shown as it happens.
import { Button, Textarea } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView, TimetableOutcome } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { queryClient, timetableQuery } from "../../queries.ts";
import type { Steps } from "./read-timetable.ts";

const EXAMPLE = `- at: 10s
  do: pull cable
- at: 20s
  do: memory
  to: half
- at: 30s
  do: slow disk
  disk: 1
  speed: 1M
- at: 60s
  do: plug cable
`;

export function Timetable({ machine }: { machine: MachineView }) {
  const [text, setText] = useState(EXAMPLE);
  const [wrong, setWrong] = useState<string>();
  const run = useVerb((steps: Steps) => api.machines.timetable({ machine: machine.id, steps }), {
    done: (steps) => `${steps.length} steps are under way; each is told here as it happens.`,
  });
  const begin = async () => {
    // The reader of YAML and the schemas are fetched only when somebody wants them.
    const { readText } = await import("./read-timetable.ts");
    const read = readText(text);
    setWrong("wrong" in read ? read.wrong : undefined);
    if ("steps" in read) {
      queryClient.setQueryData(timetableQuery(machine.id).queryKey, []);
      run.mutate(read.steps);
    }
  };
  const off = machine.runs === undefined;
  return (
    <section aria-labelledby="timetable">
      <h2 id="timetable">Timetable</h2>
      <Told machine={machine} />
      <form
        className="dialog-form panel"
        onSubmit={(event) => {
          event.preventDefault();
          if (!off) void begin();
        }}
      >
        <Textarea
          label="What happens when"
          description={
            off ? "It begins while the machine runs." : "Seconds count from now. What cannot be done is said, and the rest goes on."
          }
          value={text}
          error={wrong}
          autosize
          minRows={6}
          maxRows={20}
          maxLength={65_536}
          spellCheck={false}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setWrong(undefined);
          }}
        />
        <div className="row end">
          <Button type="submit" variant="filled" disabled={off} loading={run.isPending}>
            Begin
          </Button>
        </div>
      </form>
    </section>
  );
}

const OUTCOME: Readonly<Record<TimetableOutcome["when"], string>> = { live: "Done", later: "At its next start", impossible: "Impossible" };
const COLOUR = { live: "now", later: "afterRestart", impossible: "never" } as const;

/** Each step as it happens. */
function Told({ machine }: { machine: MachineView }) {
  const { data } = useQuery(timetableQuery(machine.id));
  if (data.length === 0) return null;
  return (
    <ol className="told" aria-label="What became of each step" aria-live="polite">
      {data.map(({ words, when, why }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps only ever come at the end
        <li key={at}>
          <span className="when" data-when={COLOUR[when]}>
            {OUTCOME[when]}
          </span>{" "}
          {plain(words, 200)}
          {why ? <span className="quiet row-why">{plain(why, 400)}</span> : null}
        </li>
      ))}
    </ol>
  );
}
