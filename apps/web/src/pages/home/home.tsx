// All machines: what needs attention on top, then live cards (or a table, to compare). Works with one and with a
// thousand: cards out of view cost nothing, and only cards whose machine changed are drawn again.
import { SegmentedControl, TextInput } from "@mantine/core";
import type { MachineView } from "@mimic/model";
import { IconLayoutGrid, IconPlus, IconSearch, IconTable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useDeferredValue, useMemo, useState } from "react";
import { jobsQuery, machinesQuery, systemsQuery } from "../../queries.ts";
import { JobProgress } from "../../ui/job.tsx";
import { LinkButton } from "../../ui/link-button.tsx";
import { Empty, Page, Waiting } from "../../ui/page.tsx";
import { Picture } from "../../ui/pictures.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { type Filter, keep, needsAttention } from "../../words.ts";
import { MachineCard } from "./card.tsx";

const MachineTable = lazy(async () => ({ default: (await import("./table.tsx")).MachineTable }));

const FILTERS: { value: Filter; label: string }[] = [
  { value: "all", label: "All" },
  { value: "running", label: "On" },
  { value: "off", label: "Off" },
  { value: "attention", label: "Needs you" },
];

type Look = "cards" | "table";
const LOOK_KEY = "mimic-home-look";
function readLook(): Look {
  try {
    return localStorage.getItem(LOOK_KEY) === "table" ? "table" : "cards";
  } catch {
    return "cards";
  }
}

const NewButton = () => (
  <LinkButton to="/new" variant="filled" leftSection={<IconPlus size={18} aria-hidden="true" />}>
    New machine
  </LinkButton>
);

export function HomePage() {
  const { data: machines, error, isPending } = useQuery(machinesQuery);
  const [wanted, setWanted] = useState("");
  const [filter, setFilter] = useState<Filter>("all");
  const [look, setLook] = useState<Look>(readLook);
  const search = useDeferredValue(wanted);
  const shown = useMemo(
    () =>
      (machines ?? [])
        .filter((machine) => keep(machine, filter, search))
        .toSorted((a, b) => Number(needsAttention(b)) - Number(needsAttention(a)) || a.name.localeCompare(b.name, "en", { numeric: true })),
    [machines, filter, search],
  );
  if (error && !machines)
    return (
      <Page title="Machines">
        <ProblemNote error={error} />
      </Page>
    );
  if (isPending)
    return (
      <Page title="Machines">
        <Waiting>Reading your machines…</Waiting>
      </Page>
    );
  if (machines.length === 0) return <NoMachines />;
  const on = machines.filter((machine) => machine.power !== "stopped" && machine.power !== "failed").length;
  const choose = (next: string) => {
    setLook(next as Look);
    try {
      localStorage.setItem(LOOK_KEY, next);
    } catch {
      // Not kept; nothing is lost.
    }
  };
  return (
    <Page
      title="Machines"
      lead={`${machines.length === 1 ? "1 machine" : `${machines.length} machines`}, ${on === 0 ? "none on" : `${on} on`}`}
      actions={<NewButton />}
    >
      <UnderWay machines={machines} />
      <div className="tools">
        <TextInput
          className="search"
          type="search"
          aria-label="Search machines"
          placeholder="Search by name, system or note"
          leftSection={<IconSearch size={16} aria-hidden="true" />}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
        <SegmentedControl aria-label="Which machines" data={FILTERS} value={filter} onChange={(value) => setFilter(value as Filter)} />
        <SegmentedControl
          aria-label="How to show them"
          className="look"
          value={look}
          onChange={choose}
          data={[
            { value: "cards", label: <LookLabel icon={<IconLayoutGrid size={18} aria-hidden="true" />} words="Cards" /> },
            { value: "table", label: <LookLabel icon={<IconTable size={18} aria-hidden="true" />} words="Table" /> },
          ]}
        />
      </div>
      <p className="visually-hidden" role="status">
        {shown.length} of {machines.length} machines shown
      </p>
      <Suspense fallback={<Waiting>Drawing the table…</Waiting>}>
        {shown.length === 0 ? (
          <Nothing filter={filter} />
        ) : look === "cards" ? (
          <Cards machines={shown} />
        ) : (
          <MachineTable machines={shown} />
        )}
      </Suspense>
    </Page>
  );
}

const LookLabel = ({ icon, words }: { icon: React.ReactNode; words: string }) => (
  <span className="look-label">
    {icon}
    <span className="visually-hidden">{words}</span>
  </span>
);

function Nothing({ filter }: { filter: Filter }) {
  return (
    <p className="nothing">
      {filter === "attention" ? "No machine needs you. That is the good state." : "No machine fits. Search for less, or choose “All”."}
    </p>
  );
}

function Cards({ machines }: { machines: readonly MachineView[] }) {
  const { data: systems } = useQuery(systemsQuery);
  const { data: jobs } = useQuery(jobsQuery);
  const pictures = useMemo(() => new Map(systems?.map((system) => [system.id, system])), [systems]);
  const working = useMemo(() => {
    const byMachine = new Map<string, NonNullable<typeof jobs>[number]>();
    for (const job of jobs ?? []) if (job.state === "running") for (const subject of job.subjects) byMachine.set(subject, job);
    return byMachine;
  }, [jobs]);
  return (
    <ul className="cards">
      {machines.map((machine) => {
        const system = machine.system ? pictures.get(machine.system) : undefined;
        return (
          <MachineCard
            key={machine.id}
            machine={machine}
            picture={system?.picture}
            family={system?.family}
            job={working.get(machine.id) ?? working.get(machine.name)}
          />
        );
      })}
    </ul>
  );
}

/** Work that has no card to stand on: a machine that is being made, an image on its way. */
function UnderWay({ machines }: { machines: readonly MachineView[] }) {
  const { data: jobs } = useQuery(jobsQuery);
  const shown = jobs?.filter(
    (job) =>
      job.state === "running" &&
      !machines.some((machine) => machine.job === job.id || job.subjects.includes(machine.id) || job.subjects.includes(machine.name)),
  );
  if (!shown || shown.length === 0) return null;
  return (
    <section className="under-way" aria-label="Under way">
      {shown.slice(0, 3).map((job) => (
        <div key={job.id} className="panel">
          <JobProgress job={job} />
        </div>
      ))}
    </section>
  );
}

function NoMachines() {
  return (
    <Page title="Machines">
      <UnderWay machines={[]} />
      <Empty
        title="No machines yet"
        picture={
          <div className="empty-pictures">
            <Picture picture="disc" size={56} />
            <Picture picture="seedling" size={72} />
            <Picture picture="prompt" size={56} />
          </div>
        }
        action={<NewButton />}
      >
        A machine is a whole computer made of software. Try another system, break things without harm, or look at how a computer works. The
        smallest one is ready in seconds.
      </Empty>
    </Page>
  );
}
