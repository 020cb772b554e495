// A machine's page: its screen with everything else around it. What Mimic says stands on the frame, outside the
// guest's picture: name, state, isolation grade, and the things one can do.
import { Tabs } from "@mantine/core";
import { plain } from "@mimic/base";
import type { MachineView } from "@mimic/model";
import { IconChevronLeft, IconNetwork } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { machineQuery, shownName, useJobOf } from "../../queries.ts";
import { JobProgress } from "../../ui/job.tsx";
import { Page, useHeadingFocus, useTitle, Waiting } from "../../ui/page.tsx";
import { ProblemNote } from "../../ui/problem.tsx";
import { PowerState } from "../../ui/state.tsx";
import { POWER_WORDS } from "../../words.ts";
import { Activity } from "./activity.tsx";
import { Details } from "./details.tsx";
import { Disks } from "./disks.tsx";
import { GradeMark } from "./grade.tsx";
import { Hardware } from "./hardware.tsx";
import { Logs } from "./logs.tsx";
import { Moments } from "./moments/moments.tsx";
import { Origin } from "./origin.tsx";
import { PowerBar } from "./power-bar.tsx";

const Screen = lazy(async () => ({ default: (await import("./screen.tsx")).Screen }));
const Terminal = lazy(async () => ({ default: (await import("./terminal.tsx")).TerminalTab }));
const Network = lazy(async () => ({ default: (await import("./network-tab.tsx")).NetworkTab }));
const Numbers = lazy(async () => ({ default: (await import("./numbers.tsx")).Numbers }));

const TABS = [
  ["screen", "Screen"],
  ["terminal", "Terminal"],
  ["hardware", "Hardware"],
  ["disks", "Disks and drives"],
  ["network", "Network"],
  ["moments", "Moments"],
  ["activity", "Activity"],
  ["numbers", "Numbers"],
  ["logs", "Logs"],
  ["details", "Details"],
] as const;
type Tab = (typeof TABS)[number][0];

const route = getRouteApi("/machines/$machine/{-$tab}");

export function MachinePage() {
  const { machine: ref, tab } = route.useParams();
  const { data: machine, error } = useQuery(machineQuery(ref));
  if (machine) return <Shown key={machine.id} machine={machine} tab={TABS.find(([name]) => name === tab)?.[0] ?? "screen"} />;
  return (
    <Page title={plain(ref, 63)}>
      {error ? <ProblemNote error={error} action={<Link to="/">See your machines</Link>} /> : <Waiting>Reading this machine…</Waiting>}
    </Page>
  );
}

function Shown({ machine, tab }: { machine: MachineView; tab: Tab }) {
  const navigate = useNavigate();
  const heading = useHeadingFocus();
  const name = shownName(machine.name);
  useTitle(`${name} (${POWER_WORDS[machine.power].toLowerCase()})`);
  const job = useJobOf(machine);
  const go = (next: string | null) => {
    const to = next === "screen" || next === null ? undefined : next;
    void navigate({ to: "/machines/$machine/{-$tab}", params: { machine: machine.name, tab: to }, replace: true });
  };
  return (
    <div className="page machine-page" data-tab={tab}>
      <header className="machine-head">
        <Link to="/" className="back" aria-label="All machines">
          <IconChevronLeft size={22} aria-hidden="true" />
        </Link>
        <div className="machine-title">
          <h1 ref={heading} tabIndex={-1}>
            <bdi>{name}</bdi>
          </h1>
          <PowerState machine={machine} />
          <GradeMark machine={machine} />
          <NetworkMark machine={machine} />
          <Because machine={machine} tab={tab} />
        </div>
        <PowerBar machine={machine} />
      </header>
      <Origin machine={machine} />
      {job ? (
        <div className="machine-job">
          <JobProgress job={job} />
        </div>
      ) : null}
      <Tabs value={tab} onChange={go} keepMounted={false} classNames={{ list: "tab-list" }}>
        <Tabs.List aria-label={`Views of ${name}`}>
          {TABS.map(([value, label]) => (
            <Tabs.Tab key={value} value={value}>
              {label}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Suspense fallback={<Waiting>Opening…</Waiting>}>
          <Tabs.Panel value="screen">
            <Screen machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="terminal">
            <Terminal machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="hardware">
            <Hardware machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="disks">
            <Disks machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="network">
            <Network machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="moments">
            <Moments machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="activity">
            <Activity machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="numbers">
            <Numbers machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="logs">
            <Logs machine={machine} />
          </Tabs.Panel>
          <Tabs.Panel value="details">
            <Details machine={machine} />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
    </div>
  );
}

/** Which networks it is on, and the way to its cards. */
function NetworkMark({ machine }: { machine: MachineView }) {
  const on = [...new Set(machine.links.flatMap(({ network }) => (network ? [shownName(network)] : [])))];
  return (
    <Link to="/machines/$machine/{-$tab}" params={{ machine: machine.name, tab: "network" }} className="grade network-mark">
      <IconNetwork size={15} aria-hidden="true" />
      {on.length === 0 ? "No network" : <span className="visually-hidden">On network </span>}
      <bdi>{on.slice(0, 3).join(", ")}</bdi>
    </Link>
  );
}

/** One line under the name; left out where the page says it already. */
function Because({ machine, tab }: { machine: MachineView; tab: Tab }) {
  const off = machine.power === "stopped" || machine.power === "failed";
  const known = machine.because.toLowerCase() === POWER_WORDS[machine.power].toLowerCase();
  if (!machine.usableBy && (known || (off && tab === "screen"))) return null;
  return <p className="quiet because">{machine.usableBy ? `Ready: ${plain(machine.usableBy, 200)}` : plain(machine.because, 300)}</p>;
}
