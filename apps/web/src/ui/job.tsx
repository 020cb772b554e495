// One piece of long work: what is happening in words, how far, how long still, and Cancel.

import { Button, Progress } from "@mantine/core";
import { plain } from "@mimic/base";
import type { JobView } from "@mimic/model";
import { useVerb } from "../actions.ts";
import { api } from "../api.ts";
import { amount, percentOf, remaining } from "../words.ts";

export function JobBar({ job, size = "md" }: { job: JobView; size?: "sm" | "md" }) {
  const percent = percentOf(job);
  return (
    <Progress.Root size={size} className="job-bar" data-unknown={percent === undefined || undefined}>
      <Progress.Section
        value={percent ?? 100}
        animated={percent === undefined}
        striped={percent === undefined}
        // Its own attributes would say “66.66666666666666%” and not our words.
        withAria={false}
        role="progressbar"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent === undefined ? undefined : Math.round(percent)}
        aria-label={plain(job.title, 120)}
        aria-valuetext={percent === undefined ? plain(job.words, 200) : `${Math.round(percent)} percent: ${plain(job.words, 200)}`}
      />
    </Progress.Root>
  );
}

export function JobProgress({ job, title = true }: { job: JobView; title?: boolean }) {
  const cancel = useVerb(() => api.jobs.cancel({ job: job.id }));
  const left = [amount(job), remaining(job.remainingMs)].filter(Boolean).join(" · ");
  return (
    <div className="job">
      <div className="job-words">
        <div>
          {title ? <strong>{plain(job.title, 160)}</strong> : null}
          <span>{plain(job.words, 300)}</span>
        </div>
        {job.cancellable ? (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => cancel.mutate(undefined)}
            loading={cancel.isPending}
            aria-label={`Cancel: ${plain(job.title, 120)}`}
          >
            Cancel
          </Button>
        ) : null}
      </div>
      <JobBar job={job} />
      {left ? <div className="quiet numbers">{left}</div> : null}
    </div>
  );
}
