// The machine's story in plain words, newest first.
import { plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { useQuery } from "@tanstack/react-query";
import { storyQuery } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";

export function Activity({ machine }: { machine: MachineView }) {
  const { data: story, error } = useQuery(storyQuery(machine.id));
  if (error) return <ProblemNote error={error} />;
  if (!story) return <Waiting>Reading its story…</Waiting>;
  if (story.length === 0) return <p className="quiet">Nothing has happened to it yet.</p>;
  return (
    <ol className="story" aria-label="What happened, newest first">
      {story.toReversed().map((line, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two lines may be equal, and lines are only added
        <li key={`${story.length - at} ${line.at}`}>
          <span>{plain(line.words, 600)}</span>
          <span className="quiet">
            <Ago at={line.at} />
          </span>
        </li>
      ))}
    </ol>
  );
}
