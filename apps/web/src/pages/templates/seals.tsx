// Whether a template is still what it was: one button reads it all again; what was found stands here, file by file.
import { Button } from "@mantine/core";
import { formatSize, plain } from "@mimic/base";
import type { TemplateVerification, TemplateView } from "@mimic/model";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useVerb } from "../../actions.ts";
import { api } from "../../api.ts";
import { jobsQuery, shownName, verificationQuery } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { CommandLine } from "../../ui/command.tsx";
import { JobProgress } from "../../ui/job.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Term } from "../../ui/term.tsx";
import { commandLine } from "../../words.ts";

export function VerifyButton({ template }: { template: TemplateView }) {
  const verify = useVerb(() => api.templates.verify({ template: template.id }));
  const job = useVerification(template);
  return (
    <Button
      loading={verify.isPending || job !== undefined}
      title={commandLine("template", "verify", template.name)}
      aria-label={`Verify ${shownName(template.name)}`}
      onClick={() => verify.mutate(undefined)}
    >
      Verify
    </Button>
  );
}

function useVerification({ id }: TemplateView) {
  const { data: jobs } = useQuery(jobsQuery);
  return jobs?.find((job) => job.state === "running" && job.kind === "template.verify" && job.subjects.includes(id));
}

export function Seals({ template }: { template: TemplateView }) {
  const job = useVerification(template);
  const { checkedAt, damage } = template;
  return (
    <>
      {job === undefined ? null : <JobProgress job={job} title={false} />}
      {checkedAt === undefined ? (
        <span className="quiet">
          Its <Term word="seal">seals</Term> were never compared.
        </span>
      ) : (
        // What was found broken is shown without being asked for.
        <Found key={damage ?? ""} template={template} checkedAt={checkedAt} />
      )}
    </>
  );
}

function Found({ template, checkedAt }: { template: TemplateView; checkedAt: string }) {
  const [open, setOpen] = useState(template.damage !== undefined);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        Verified <Ago at={checkedAt} />
      </summary>
      {open ? <Files template={template} /> : null}
    </details>
  );
}

function Files({ template }: { template: TemplateView }) {
  const { data, error } = useQuery(verificationQuery(template.id, template.checkedAt));
  if (error) return <ProblemNote error={error} />;
  return (
    <>
      <ul className="generations" aria-label={`Files of ${shownName(template.name)}`}>
        {data?.files.map((file) => (
          <FileRow key={file.id} file={file} />
        ))}
      </ul>
      <CommandLine command={commandLine("template", "verify", template.name)} />
    </>
  );
}

function FileRow({ file }: { file: TemplateVerification["files"][number] }) {
  return (
    <li>
      <span>
        {file.advice === undefined ? null : <IconAlertTriangle size={16} aria-hidden="true" />} {plain(file.words, 120)}
        {file.sizeBytes === undefined ? "" : ` · ${formatSize(file.sizeBytes)}`} · <strong>{file.outcomeInWords}</strong>
        {file.why === undefined ? "" : ` (${plain(file.why, 200)})`}
      </span>
      {file.advice === undefined ? null : (
        <span>
          {plain(file.advice, 1000)} <code className="break">{plain(file.path, 1000)}</code>
        </span>
      )}
    </li>
  );
}

/** Nothing is made from it any more, or nothing goes on from its memory. */
export function Damaged({ template: { damage } }: { template: TemplateView }) {
  if (damage === undefined) return null;
  return (
    <div className="problem" role="note">
      <IconAlertTriangle size={20} aria-hidden="true" />
      <span>Nothing is made from it any more: {plain(damage, 400)}.</span>
    </div>
  );
}
