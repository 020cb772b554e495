// Long work: what is running, and what ended lately and how.
import { formatDuration, plain } from "@mimic/base";
import type { JobView } from "@mimic/model";
import { IconAlertTriangle, IconBan, IconCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { jobsQuery } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { JobProgress } from "../../ui/job.tsx";
import { Empty, Page, Waiting } from "../../ui/page.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { ProblemNote, ProblemWords } from "../../ui/problem.tsx";

export function JobsPage() {
  const { data: jobs, error } = useQuery(jobsQuery);
  const running = jobs?.filter((job) => job.state === "running") ?? [];
  const ended = (jobs?.filter((job) => job.state !== "running") ?? []).toSorted((a, b) => (b.endedAt ?? "").localeCompare(a.endedAt ?? ""));
  return (
    <Page title="Jobs" lead="Work that takes a while: what is running, and how the last ones ended.">
      {error ? <ProblemNote error={error} /> : null}
      {!jobs && !error ? <Waiting>Reading the jobs…</Waiting> : null}
      {jobs?.length === 0 ? (
        <Empty title="No jobs" picture={<Picture picture="wrench" size={64} />}>
          Starting a machine, getting an image, making a copy: whatever takes longer than a moment shows here with how far it is.
        </Empty>
      ) : null}
      {running.length > 0 ? (
        <section aria-labelledby="running" className="stack">
          <h2 id="running">Running</h2>
          {running.map((job) => (
            <div key={job.id} className="panel">
              <JobProgress job={job} />
            </div>
          ))}
        </section>
      ) : null}
      {ended.length > 0 ? (
        <section aria-labelledby="ended">
          <h2 id="ended">Ended</h2>
          <ul className="items">
            {ended.map((job) => (
              <Ended key={job.id} job={job} />
            ))}
          </ul>
        </section>
      ) : null}
    </Page>
  );
}

const STATES = { done: "Done", failed: "Failed", cancelled: "Cancelled", running: "Running" } as const;
const ICONS = { done: IconCheck, failed: IconAlertTriangle, cancelled: IconBan, running: IconCheck } as const;

function Ended({ job }: { job: JobView }) {
  const Icon = ICONS[job.state];
  const took = job.endedAt ? formatDuration(Date.parse(job.endedAt) - Date.parse(job.startedAt)) : undefined;
  return (
    <li className="item" data-state={job.state}>
      <Icon size={22} className="job-icon" aria-hidden="true" />
      <div className="item-words">
        <strong>{plain(job.title, 160)}</strong>
        <span className="quiet">
          {STATES[job.state]}
          {took ? ` after ${took}` : ""}
          {job.endedAt ? (
            <>
              , <Ago at={job.endedAt} />
            </>
          ) : null}
        </span>
        {job.problem ? <ProblemWords problem={job.problem} /> : null}
      </div>
    </li>
  );
}
