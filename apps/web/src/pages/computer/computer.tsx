// This computer: what works for machines here, what does not, why, and how to mend it.
import { Button } from "@mantine/core";
import { formatSize, plain, plainBlock } from "@mimic/base";
import type { Finding, HostView } from "@mimic/model";
import { IconAlertTriangle, IconCircleCheck, IconCircleHalf2, IconHelpCircle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { diagnosisQuery, hostQuery } from "../../queries.ts";
import { Ago } from "../../ui/ago.tsx";
import { CommandLine } from "../../ui/command.tsx";
import { Page, Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { Term } from "../../ui/term.tsx";

const STATES = {
  good: { words: "Good", icon: IconCircleCheck },
  limited: { words: "Limited", icon: IconCircleHalf2 },
  bad: { words: "Does not work", icon: IconAlertTriangle },
  unknown: { words: "Not known", icon: IconHelpCircle },
} as const;

export function ComputerPage() {
  const { data: host } = useQuery({ ...hostQuery, refetchInterval: 10_000 });
  const { data: diagnosis, error, refetch, isFetching } = useQuery({ ...diagnosisQuery, staleTime: 30_000 });
  return (
    <Page
      title="This computer"
      lead="What works for machines here, what does not, why, and how to mend it."
      actions={
        <Button onClick={() => void refetch()} loading={isFetching && diagnosis !== undefined}>
          Look again
        </Button>
      }
    >
      {host ? <HostFacts host={host} /> : null}
      {error ? <ProblemNote error={error} /> : null}
      {!diagnosis && !error ? <Waiting>Looking at this computer; some questions take a few seconds…</Waiting> : null}
      {diagnosis ? (
        <section aria-labelledby="findings">
          <h2 id="findings">
            What was found{" "}
            <span className="quiet">
              <Ago at={diagnosis.checkedAt} />
            </span>
          </h2>
          <p>
            The best <Term word="grade">isolation grade</Term> a machine can have here is <strong>{diagnosis.bestGrade}</strong>.
          </p>
          <ul className="items">
            {diagnosis.findings.map((finding) => (
              <FindingRow key={finding.id} finding={finding} />
            ))}
          </ul>
          <CommandLine command="mimic doctor" />
        </section>
      ) : null}
    </Page>
  );
}

function FindingRow({ finding }: { finding: Finding }) {
  const { words, icon: Icon } = STATES[finding.state];
  return (
    <li className="item finding" data-state={finding.state}>
      <Icon size={24} className="finding-icon" aria-hidden="true" />
      <div className="item-words">
        <strong>
          {plain(finding.title, 120)} <span className="finding-state">{words}</span>
        </strong>
        <span>{plain(finding.found, 600)}</span>
        {finding.mend ? <span className="mend">{plain(finding.mend, 800)}</span> : null}
        {finding.code ? <code>{plain(finding.code, 60)}</code> : null}
        {finding.detail ? (
          <details>
            <summary>Detail</summary>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long detail scrolls, and must do so by keyboard too */}
            <pre tabIndex={0}>{plainBlock(finding.detail, 8_000)}</pre>
          </details>
        ) : null}
      </div>
    </li>
  );
}

function HostFacts({ host }: { host: HostView }) {
  const facts: [React.ReactNode, string][] = [
    ["Name", plain(host.hostname, 80)],
    ["Processor cores", `${host.cpus}, load ${host.load1.toFixed(1)}`],
    ["Memory", `${formatSize(host.memoryFreeBytes)} free of ${formatSize(host.memoryBytes)}`],
    ["Disk", `${formatSize(host.diskFreeBytes)} free`],
    [<Term key="q" word="qemu" />, host.qemuVersion ? plain(host.qemuVersion, 60) : "not found"],
    [<Term key="a" word="accelerator" />, host.accelerator?.toUpperCase() ?? "not known yet"],
    ["Mimic", plain(host.version, 40)],
    ["Its data", plain(host.dataDirectory, 200)],
  ];
  return (
    <dl className="facts panel host-facts">
      {facts.map(([name, value]) => (
        <div key={value}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
