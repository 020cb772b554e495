// What the page asks the daemon, each under one key, so that live events can renew exactly what they touch.
import { plain } from "@mimic/base";
import type { MachineView, TimetableOutcome } from "@mimic/model";
import { notifyManager, QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError, api } from "./api.ts";

// What is known is shown in the same frame: a thing that was let go of must not stand at its old place for a blink.
notifyManager.setScheduler(queueMicrotask);

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      // Live events say when something changed; polling is the exception and says so where it happens.
      staleTime: 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.status === 0,
    },
    mutations: { retry: false },
  },
});

export const machinesQuery = queryOptions({
  queryKey: ["machines"],
  queryFn: async ({ signal }) => (await api.machines.list({}, { signal })).machines,
});
export const machineQuery = (machine: string) =>
  queryOptions({
    queryKey: ["machine", machine],
    queryFn: ({ signal }) => api.machines.show({ machine }, { signal }),
    initialData: () => queryClient.getQueryData(machinesQuery.queryKey)?.find((each) => each.name === machine || each.id === machine),
  });
export const hardwareQuery = (machine: string) =>
  queryOptions({
    queryKey: ["of-machine", machine, "hardware"],
    queryFn: async ({ signal }) => (await api.machines.hardware({ machine }, { signal })).rows,
  });
/** What became of the steps of a timetable since it was begun on this page: filled by live events. */
export const timetableQuery = (machineId: string) =>
  queryOptions({
    queryKey: ["timetable", machineId],
    queryFn: (): TimetableOutcome[] => [],
    initialData: (): TimetableOutcome[] => [],
    staleTime: Number.POSITIVE_INFINITY,
  });
export const storyQuery = (machine: string) =>
  queryOptions({
    queryKey: ["of-machine", machine, "story"],
    queryFn: async ({ signal }) => (await api.machines.story({ machine }, { signal })).story,
  });
export const explainQuery = (machine: string) =>
  queryOptions({
    queryKey: ["of-machine", machine, "explain"],
    queryFn: async ({ signal }) => (await api.machines.explain({ machine }, { signal })).parts,
  });
export const logQuery = (machine: string, which: "qemu" | "serial") =>
  queryOptions({
    queryKey: ["of-machine", machine, "log", which],
    queryFn: async ({ signal }) => (await api.machines.log({ machine, which }, { signal })).text,
  });
export const loadQuery = (machine: string) =>
  queryOptions({
    queryKey: ["of-machine", machine, "load"],
    queryFn: async ({ signal }) => (await api.machines.load({ machine }, { signal })).samples,
    refetchInterval: 2_000,
  });
export const guestQuery = (machine: string) =>
  queryOptions({
    queryKey: ["of-machine", machine, "guest"],
    queryFn: ({ signal }) => api.machines.guest({ machine }, { signal }),
  });
export const pingQuery = (machine: string) =>
  queryOptions({
    queryKey: ["of-machine", machine, "ping"],
    queryFn: ({ signal }) => api.machines.ping({ machine }, { signal }),
  });
export const networksQuery = queryOptions({
  queryKey: ["networks"],
  queryFn: async ({ signal }) =>
    (await api.networks.list({}, { signal })).networks.toSorted(
      (a, b) => a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id),
    ),
});
export const leasesQuery = (network: string) =>
  queryOptions({
    queryKey: ["of-network", network, "leases"],
    queryFn: async ({ signal }) => (await api.networks.leases({ network }, { signal })).leases,
  });
export const dropsQuery = (network: string, port: string | undefined) =>
  queryOptions({
    queryKey: ["of-network", network, "drops", port ?? ""],
    queryFn: async ({ signal }) => (await api.networks.drops(port ? { network, port } : { network }, { signal })).drops,
    refetchInterval: 3_000,
  });
export const momentsQuery = (machine: string) =>
  queryOptions({
    queryKey: ["of-machine", machine, "moments"],
    queryFn: async ({ signal }) => await api.moments.list({ machine }, { signal }),
  });
/** A picture never changes, so it is asked for once. */
export const momentPictureQuery = (machine: string, moment: string) =>
  queryOptions({
    queryKey: ["moment-picture", moment],
    queryFn: async ({ signal }) => (await api.moments.picture({ machine, moment }, { signal })).png,
    staleTime: Number.POSITIVE_INFINITY,
  });
export const templatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: async ({ signal }) => (await api.templates.list({}, { signal })).templates,
});
/** Read again when it was looked at again. */
export const verificationQuery = (template: string, checkedAt: string | undefined) =>
  queryOptions({
    queryKey: ["verification", template, checkedAt],
    queryFn: async ({ signal }) => await api.templates.verification({ template }, { signal }),
  });
export const storagesQuery = queryOptions({
  queryKey: ["storages"],
  queryFn: async ({ signal }) => (await api.storages.list({}, { signal })).storages,
  // Drives come and go, and room too.
  refetchInterval: 10_000,
});
export const imagesQuery = queryOptions({
  queryKey: ["images"],
  queryFn: async ({ signal }) => (await api.images.list({}, { signal })).images,
});
export const systemsQuery = queryOptions({
  queryKey: ["systems"],
  queryFn: async ({ signal }) =>
    (await api.systems.list({}, { signal })).systems.toSorted((a, b) => a.rank - b.rank || a.name.localeCompare(b.name)),
});
export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: async ({ signal }) => (await api.jobs.list({}, { signal })).jobs,
});
export const trashQuery = queryOptions({
  queryKey: ["trash"],
  queryFn: async ({ signal }) => (await api.trash.list({}, { signal })).trash,
});
export const hostQuery = queryOptions({
  queryKey: ["host"],
  queryFn: ({ signal }) => api.host.show({}, { signal }),
});
/** What is plugged into this computer; devices come and go without a word, so it is looked at again and again. */
export const hostUsbQuery = queryOptions({
  queryKey: ["host", "usb"],
  queryFn: ({ signal }) => api.host.usb({}, { signal }),
  refetchInterval: 5000,
});
/** What a bridged network can be joined to. */
export const lanQuery = queryOptions({
  queryKey: ["lan"],
  queryFn: ({ signal }) => api.host.lan({}, { signal }),
});
export const diagnosisQuery = queryOptions({
  queryKey: ["diagnosis"],
  queryFn: ({ signal }) => api.host.diagnose({}, { signal }),
});

/** The job that works on this machine now, when there is one. */
export function useJobOf(machine: MachineView | undefined) {
  const { data: jobs } = useQuery(jobsQuery);
  if (!machine) return undefined;
  return jobs?.find((job) => job.state === "running" && (job.id === machine.job || job.subjects.includes(machine.id)));
}

/** The names that a new machine cannot have. */
export function useTakenNames(): ReadonlySet<string> {
  const { data } = useQuery(machinesQuery);
  return useMemo(() => new Set(data?.map(({ name }) => name as string)), [data]);
}

/** What a machine is called where room is short; names are slugs, but nothing is taken on trust. */
export const shownName = (name: string): string => plain(name, 63);
