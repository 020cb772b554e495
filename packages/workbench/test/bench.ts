// A workbench on memory, with time that the test moves.
import { IdMaker, isRefusal, type Refusal, silentLog } from "@mimic/base";
import {
  MemoryHostUsb,
  MemoryHypervisor,
  type MemoryHypervisorOptions,
  MemoryImageStore,
  MemoryJournal,
  MemoryLanBridges,
  MemoryLayerStore,
  MemoryMachineStore,
  MemoryMomentStore,
  MemoryNetworkStore,
  MemoryStorageStore,
  MemorySwitchFabric,
  MemoryTemplateStore,
  memoryDiskTool,
  memoryImageSources,
} from "@mimic/memory";
import type { JobView, System } from "@mimic/model";
import { anImage, aSystem, countingRandom, VirtualClock } from "@mimic/testkit";
import { createWorkbench, type HostRoom, type Ports } from "../src/index.ts";

export interface BenchOptions extends Partial<Omit<MemoryHypervisorOptions, "clock" | "random">> {
  room?: Partial<HostRoom>;
  systems?: System[];
  ports?: Partial<Ports>;
  store?: MemoryMachineStore;
  hypervisor?: MemoryHypervisor;
  networks?: MemoryNetworkStore;
  fabric?: MemorySwitchFabric;
  /** Where this computer itself is. */
  routes?: string[];
  clock?: VirtualClock;
  bootId?: string;
  /** What the store finished or undid before. */
  recovered?: string[];
}

export async function makeBench(options: BenchOptions = {}) {
  const clock = options.clock ?? new VirtualClock();
  const random = countingRandom();
  const ids = new IdMaker(clock, random);
  const hypervisor = options.hypervisor ?? new MemoryHypervisor({ clock, random, ...options });
  const store = options.store ?? new MemoryMachineStore(ids, clock);
  const networks = options.networks ?? new MemoryNetworkStore();
  const fabric = options.fabric ?? new MemorySwitchFabric(clock);
  const lans = new MemoryLanBridges();
  const hostUsb = new MemoryHostUsb();
  const images = new MemoryImageStore();
  const journal = new MemoryJournal();
  const room: HostRoom = {
    hostname: "host",
    cpus: 2,
    memoryBytes: 8 * 1024 ** 3,
    memoryFreeBytes: 6 * 1024 ** 3,
    diskFreeBytes: 50 * 1024 ** 3,
    load1: 0,
    ...options.room,
  };
  const workbench = createWorkbench({
    hypervisor,
    diskTool: memoryDiskTool,
    sources: memoryImageSources(options.systems ?? [aSystem()], (system) =>
      anImage({ system, digest: system === "import" ? "c".repeat(64) : "a".repeat(64) }),
    ),
    images,
    machines: store,
    networks,
    fabric,
    lans,
    hostUsb,
    journal,
    survey: { survey: async () => room, routes: async () => options.routes ?? [] },
    layers: new MemoryLayerStore(),
    moments: new MemoryMomentStore(),
    templates: new MemoryTemplateStore(),
    storages: new MemoryStorageStore(),
    random,
    reseedProgram: new Uint8Array(1),
    clock,
    ids,
    log: silentLog,
    authorizedKeys: [],
    bootId: options.bootId ?? "memory",
    about: { version: "0", dataDirectory: "/nowhere", startedAt: "2026-01-01T00:00:00.000Z", browserAddress: () => undefined },
    ...options.ports,
  });
  await workbench.bringBack({ signal: new AbortController().signal, recovered: options.recovered ?? [] });
  return { workbench, clock, hypervisor, store, networks, fabric, lans, hostUsb, images, journal, room };
}

export type Bench = Awaited<ReturnType<typeof makeBench>>;

export function granted<T>(answer: T | Refusal): T {
  if (isRefusal(answer)) throw new Error(`refused: ${answer.code} ${answer.why}`);
  return answer as T;
}

/** Waits for a job's end; the job must have ended by then. */
export async function ended(bench: Bench, started: { job: JobView } | Refusal): Promise<JobView> {
  return granted(await bench.workbench.jobs.wait({ job: granted(started).job.id, withinMs: 1_000_000 }));
}

export async function withMachine(options: BenchOptions = {}, wish: Partial<Parameters<Bench["workbench"]["machines"]["create"]>[0]> = {}) {
  const bench = await makeBench(options);
  const job = await ended(bench, await bench.workbench.machines.create({ name: "alpha", system: "test-linux", ...wish }));
  return { ...bench, job };
}
