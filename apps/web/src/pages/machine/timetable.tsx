// Changes at given times, written as YAML; each step's outcome is shown as it happens.
import { Button, Textarea } from "@mantine/core";
import { plain } from "@mimic/base";
import { type MachineView, readTimetable, stepWords } from "@mimic/model";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";

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

type Steps = Parameters<typeof api.machines.timetable>[0]["steps"];

/** The YAML reader is fetched only when somebody wants it. */
async function readText(text: string): Promise<{ readonly steps: Steps; readonly words: readonly string[] } | { readonly wrong: string }> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(text, { schema: "core", version: "1.2", customTags: [], merge: false });
  const [error] = document.errors;
  if (error) return { wrong: plain(error.message, 200) };
  try {
    const value: unknown = document.toJS({ maxAliasCount: 10 });
    const read = readTimetable(value);
    if ("wrong" in read) return read;
    return { steps: (Array.isArray(value) ? value : (value as { steps: unknown }).steps) as Steps, words: read.steps.map(stepWords) };
  } catch {
    return { wrong: "it repeats itself too often (aliases)" };
  }
}

export function Timetable({ machine }: { machine: MachineView }) {
  const [text, setText] = useState(EXAMPLE);
  const [wrong, setWrong] = useState<string>();
  const run = useVerb((steps: Steps) => api.machines.timetable({ machine: machine.id, steps }), {
    done: (steps) => `${steps.length} steps are under way; each is told here as it happens.`,
  });
  const begin = async () => {
    const read = await readText(text);
    setWrong("wrong" in read ? read.wrong : undefined);
    if ("steps" in read) run.mutate(read.steps);
  };
  const off = machine.runs === undefined;
  return (
    <section aria-labelledby="timetable">
      <h2 id="timetable">Timetable</h2>
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
