// Live events into the page's state: what an event touches is read again, many at once are gathered, and what a
// person should hear (a machine that started or failed, a job of theirs that went wrong) is said.
import { plain } from "@mimic/base";
import type { Event, JobView, MachineView, NetworkView } from "@mimic/model";
import { api } from "./api.ts";
import { followEvents } from "./live/events.ts";
import { announce, say, showProblem } from "./notices.ts";
import {
  imagesQuery,
  jobsQuery,
  machinesQuery,
  networksQuery,
  queryClient,
  storagesQuery,
  systemsQuery,
  templatesQuery,
  timetableQuery,
  trashQuery,
} from "./queries.ts";
import { POWER_WORDS } from "./words.ts";

/** More changed machines than this at once: one reading of the list costs less than one each. */
const SINGLY = 5;
const GATHER_MS = 120;
const JOBS_EVERY_MS = 300;

const changed = new Set<string>();
const followed = new Set<string>();
let gatherTimer: ReturnType<typeof setTimeout> | undefined;
let jobsTimer: ReturnType<typeof setTimeout> | undefined;
let networksTimer: ReturnType<typeof setTimeout> | undefined;
let jobsReadAt = 0;

let connected = true;
const connectionListeners = new Set<() => void>();
export const isConnected = (): boolean => connected;
export function onConnectionChange(listener: () => void): () => void {
  connectionListeners.add(listener);
  return () => connectionListeners.delete(listener);
}

/** A job that was begun from this page: its failure is shown wherever the person is then. */
export function followJob(job: JobView): void {
  followed.add(job.id);
  queryClient.setQueryData(jobsQuery.queryKey, (jobs) => [job, ...(jobs ?? []).filter((each) => each.id !== job.id)]);
  if (job.state === "running") readJobsSoon();
}

/** Puts one machine, as the daemon just told it, wherever the page shows it. */
export function rememberMachine(machine: MachineView): void {
  queryClient.setQueryData(machinesQuery.queryKey, (machines) =>
    machines?.some((each) => each.id === machine.id)
      ? machines.map((each) => (each.id === machine.id ? machine : each))
      : machines && [...machines, machine],
  );
  for (const [key, shown] of queryClient.getQueriesData<MachineView>({ queryKey: ["machine"] })) {
    if (shown?.id === machine.id) queryClient.setQueryData(key, machine);
  }
}

/** The same for a network. */
export function rememberNetwork(network: NetworkView): void {
  queryClient.setQueryData(networksQuery.queryKey, (networks) =>
    networks?.some((each) => each.id === network.id)
      ? networks.map((each) => (each.id === network.id ? network : each))
      : networks && [...networks, network],
  );
}

/** Networks are few and read together; what is known of single ones (leases, drops) is read again where it is shown. */
export function networksChanged(): void {
  if (networksTimer !== undefined) return;
  networksTimer = setTimeout(() => {
    networksTimer = undefined;
    void queryClient.invalidateQueries({ queryKey: networksQuery.queryKey });
    void queryClient.invalidateQueries({ queryKey: ["of-network"] });
  }, GATHER_MS);
}

function everything(): void {
  void queryClient.invalidateQueries();
}

async function readChanged(): Promise<void> {
  gatherTimer = undefined;
  const ids = [...changed];
  changed.clear();
  for (const [, shown] of queryClient.getQueriesData<MachineView>({ queryKey: ["machine"] })) {
    if (!shown || !ids.includes(shown.id)) continue;
    for (const ref of [shown.id, shown.name]) void queryClient.invalidateQueries({ queryKey: ["of-machine", ref] });
  }
  if (ids.length > SINGLY) {
    void queryClient.invalidateQueries({ queryKey: ["machines"] });
    void queryClient.invalidateQueries({ queryKey: ["machine"] });
    return;
  }
  await Promise.all(
    ids.map(async (id) => {
      try {
        rememberMachine(await api.machines.show({ machine: id }));
      } catch {
        void queryClient.invalidateQueries({ queryKey: ["machines"] });
      }
    }),
  );
}

function machineChanged(id: string): void {
  changed.add(id);
  if (gatherTimer === undefined) gatherTimer = setTimeout(() => void readChanged(), GATHER_MS);
}

function readJobsSoon(): void {
  if (jobsTimer !== undefined) return;
  jobsTimer = setTimeout(
    () => {
      jobsTimer = undefined;
      jobsReadAt = performance.now();
      void queryClient.invalidateQueries({ queryKey: jobsQuery.queryKey });
    },
    Math.max(0, JOBS_EVERY_MS - (performance.now() - jobsReadAt)),
  );
}

async function jobEnded(id: string): Promise<void> {
  try {
    const job = await api.jobs.show({ job: id });
    queryClient.setQueryData(jobsQuery.queryKey, (jobs) => jobs?.map((each) => (each.id === id ? job : each)));
    for (const subject of job.subjects) if (subject.startsWith("mch_")) machineChanged(subject);
    if (!followed.delete(id)) return;
    if (job.state === "failed" && job.problem) showProblem(job.problem, job.title);
    else if (job.state === "done") announce(`Done: ${job.title}`);
  } catch {
    readJobsSoon();
  }
}

const nameOf = (id: string): string =>
  queryClient.getQueryData(machinesQuery.queryKey)?.find((each) => each.id === id)?.name ?? "A machine";

function take({ fact }: Event): void {
  switch (fact.kind) {
    case "machine.power_changed":
      machineChanged(fact.machineId);
      announce(`${nameOf(fact.machineId)}: ${POWER_WORDS[fact.to]}`);
      return;
    case "machine.became_usable":
      machineChanged(fact.machineId);
      announce(`${nameOf(fact.machineId)} is ready to use`);
      return;
    case "machine.changed":
    case "machine.renamed":
    case "machine.restarted_itself":
    case "machine.created":
      machineChanged(fact.machineId);
      return;
    case "machine.timetable_step": {
      machineChanged(fact.machineId);
      queryClient.setQueryData(timetableQuery(fact.machineId).queryKey, (told = []) => [...told, fact].slice(-500));
      const outcome = { live: "done", later: "at its next start", impossible: "not possible" }[fact.when];
      // The page that it was begun on lists each step.
      if (!window.location.pathname.endsWith("/hardware"))
        say(`${nameOf(fact.machineId)}, ${plain(fact.words, 200)}: ${outcome}. ${plain(fact.why, 400)}`);
      return;
    }
    case "machine.trashed":
    case "machine.restored":
    case "machine.forgotten":
      queryClient.setQueryData(machinesQuery.queryKey, (machines) =>
        fact.kind === "machine.restored" ? machines : machines?.filter((each) => each.id !== fact.machineId),
      );
      void queryClient.invalidateQueries({ queryKey: trashQuery.queryKey });
      if (fact.kind === "machine.restored") machineChanged(fact.machineId);
      return;
    case "moment.taken":
    case "moment.removed":
    case "moment.changed":
    case "moment.restored":
    case "routine.changed":
    case "routine.skipped":
      machineChanged(fact.machineId);
      return;
    case "template.made":
    case "template.removed":
    case "template.changed":
      void queryClient.invalidateQueries({ queryKey: templatesQuery.queryKey });
      return;
    case "storage.added":
    case "storage.removed":
      void queryClient.invalidateQueries({ queryKey: storagesQuery.queryKey });
      return;
    case "image.added":
    case "image.removed":
      void queryClient.invalidateQueries({ queryKey: imagesQuery.queryKey });
      void queryClient.invalidateQueries({ queryKey: systemsQuery.queryKey });
      return;
    case "network.created":
    case "network.changed":
    case "network.removed":
    case "port.connected":
    case "lease.granted":
    case "lease.ended":
    case "forward.added":
    case "forward.removed":
      networksChanged();
      return;
    case "nic.added":
    case "nic.changed":
    case "nic.removed":
      machineChanged(fact.machineId);
      networksChanged();
      return;
    case "port.troubled":
    case "network.loop_stopped":
    case "forward.failed":
      announce(fact.words);
      networksChanged();
      return;
    case "switch.restarted":
      announce(`The switch began anew: ${fact.because}`);
      networksChanged();
      return;
    case "job.started":
    case "job.progressed":
      readJobsSoon();
      return;
    case "job.ended":
      void jobEnded(fact.jobId);
      return;
    case "host.noticed":
      announce(fact.words);
      void queryClient.invalidateQueries({ queryKey: ["host"] });
      return;
    default:
      // A newer daemon may tell facts that this page does not know.
      return;
  }
}

/** Begins to follow; the page calls it once a session is open. Abort to end. */
export function follow(signal: AbortSignal): void {
  void followEvents(
    {
      event: take,
      lagged: everything,
      connected: (yes) => {
        if (yes === connected) return;
        connected = yes;
        for (const listener of connectionListeners) listener();
      },
    },
    signal,
  );
}
