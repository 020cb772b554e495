// What every verb works with: the ports, and the few things the workbench itself remembers.
import { type Clock, type IdMaker, isRefusal, type Log, type Random, type Refusal, refusal } from "@mimic/base";
import { findByName, type Name, readName, type TemplateRecord } from "@mimic/model";
import type { ReadyMachines } from "./disposables/ready-machines.ts";
import type { EventLog } from "./events.ts";
import type { JobBoard } from "./jobs/job-board.ts";
import type { MachineActor } from "./machines/machine-actor.ts";
import type { LayerWork } from "./moments/layer-work.ts";
import type { Routines } from "./moments/routines.ts";
import type { NetworkBook } from "./networks/network-book.ts";
import type {
  DiskTool,
  HostSurvey,
  HostUsb,
  Hypervisor,
  ImageSources,
  ImageStore,
  Journal,
  LanBridges,
  LayerStore,
  MachineStore,
  MomentStore,
  NetworkStore,
  ReadyStart,
  RunningMachine,
  StorageStore,
  SwitchFabric,
  TemplateStore,
} from "./ports/index.ts";
import type { Unread } from "./unreadable.ts";

export interface Ports {
  readonly hypervisor: Hypervisor;
  readonly diskTool: DiskTool;
  readonly sources: ImageSources;
  readonly images: ImageStore;
  readonly machines: MachineStore;
  readonly networks: NetworkStore;
  readonly fabric: SwitchFabric;
  readonly lans: LanBridges;
  readonly hostUsb: HostUsb;
  readonly journal: Journal;
  readonly layers: LayerStore;
  readonly moments: MomentStore;
  readonly templates: TemplateStore;
  readonly storages: StorageStore;
  readonly survey: HostSurvey;
  readonly clock: Clock;
  readonly ids: IdMaker;
  readonly random: Random;
  /** A small program, to be lent, that gives a guest's kernel fresh randomness (x86-64 Linux). */
  readonly reseedProgram: Uint8Array;
  readonly log: Log;
  /** Public keys that are put into systems which take one. */
  readonly authorizedKeys: readonly string[];
  /** This boot of the computer. */
  readonly bootId: string;
  readonly about: {
    readonly version: string;
    readonly build?: string | undefined;
    readonly dataDirectory: string;
    readonly startedAt: string;
    browserAddress(): string | undefined;
  };
}

export interface Context {
  readonly ports: Ports;
  readonly events: EventLog;
  readonly jobs: JobBoard;
  readonly actors: Map<string, MachineActor>;
  readonly networks: NetworkBook;
  /** Names of machines that are being made. */
  readonly reserved: Set<string>;
  /** System id → the acquisition under way, so that two wishes share one download. */
  readonly acquiring: Map<string, Promise<string | Refusal>>;
  readonly templates: Map<string, TemplateRecord>;
  /** System id → its template that is being made, so that two wishes share one start. */
  readonly making: Map<string, Promise<TemplateRecord | Refusal>>;
  /** Machines that wait ready, by template. */
  readonly pool: ReadyMachines;
  readonly routines: Routines;
  /** Machine → the moment that its next start goes on from, and the process that stands ready to. */
  readonly wakeFrom: Map<string, { readonly moment: string; readonly process: ReadyStart | undefined }>;
  /** Who may work on layers when. */
  readonly layerWork: LayerWork;
  /** What could not be read at the start: while there are machines or templates among it, no layer is removed. */
  unread: readonly Unread[];
  /** What this start finished or undid, in plain words. */
  recovered: readonly string[];
  makingTemplates: number;
  /** The last change of a template's record that was asked for: see `changeTemplateRecord`. */
  templateTurn: Promise<unknown>;
  closing: boolean;
}

export function findMachine(context: Context, wanted: string): MachineActor | Refusal {
  const entries = [...context.actors.values()].map((actor) => ({ id: actor.record.id, name: actor.record.name as string, actor }));
  const found = findByName(entries, wanted, "machine");
  return isRefusal(found) ? found : found.item.actor;
}

export function findRunning(context: Context, wanted: string): RunningMachine | Refusal {
  const actor = findMachine(context, wanted);
  if (isRefusal(actor)) return actor;
  return (
    actor.running ??
    refusal("machine.not_running", `“${actor.record.name}” is ${actor.state.power}.`, `Start it: mimic start ${actor.record.name}`)
  );
}

/** A name that is valid and free, or the refusal that says what to do. */
export function freeName(context: Context, wanted: string): Name | Refusal {
  const name = readName(wanted);
  if (isRefusal(name)) return name;
  if (!takenNames(context).has(name)) return name;
  return refusal(
    "machine.name_taken",
    `There is a machine called “${name}” already.`,
    `Choose another name, for example “${nextFree(context, name)}”.`,
  );
}

/** Of machines, of those that are being made, and of those that wait ready. */
export const takenNames = ({ actors, pool, reserved }: Context): ReadonlySet<string> =>
  new Set<string>([...reserved, ...[...actors.values()].map((actor) => actor.record.name), ...pool.names()]);

/** hello → hello-2 → hello-3 … */
export function nextFree(context: Context, name: string): string {
  const taken = takenNames(context);
  if (!taken.has(name)) return name;
  const stem = name.replace(/-\d+$/, "").slice(0, 58);
  for (let n = 2; ; n++) if (!taken.has(`${stem}-${n}`)) return `${stem}-${n}`;
}

export const nowIso = (context: Context): string => new Date(context.ports.clock.nowMs()).toISOString();
