// What worlds are put together from: machines, images and jobs with good defaults.
import {
  type Diagnosis,
  emptyHardware,
  gradeIsolation,
  type HostView,
  hardwareInWords,
  type ImageView,
  type JobView,
  type MachineView,
  type NetworkView,
  type Power,
  type SystemView,
  type TrashView,
} from "@mimic/model";
import { linksOf, portsOf } from "../network-world.ts";

export interface World {
  machines: MachineView[];
  networks: NetworkView[];
  /** Guests and neighbours say what they should not. */
  isHostile: boolean;
  images: ImageView[];
  systems: SystemView[];
  jobs: JobView[];
  trash: TrashView[];
  host: HostView;
  diagnosis: Diagnosis;
  guest: { system: string; hostname: string; agentVersion: string };
  desktopName: string;
  serial: string;
  seq: number;
}
const now = Date.now();
export const before = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
export const GIB = 1024 ** 3;
export const hex = (seed: number): string =>
  Array.from({ length: 64 }, (_, at) => ((seed * 7 + at * 5 + (at >> 2)) % 16).toString(16)).join("");
export const idOf = (prefix: string, n: number): string => `${prefix}_${n.toString(32).padStart(26, "0")}`;

const isolation = gradeIsolation({ accelerator: "tcg", supportedBoard: true, confined: true, filtered: true, runsAsRoot: false });

interface Wish {
  readonly name: string;
  readonly system: string;
  readonly systemName: string;
  readonly power: Power;
  readonly because: string;
  readonly trouble?: MachineView["trouble"];
  readonly sound?: boolean;
  readonly note?: string;
  readonly job?: string;
}

let made = 0;
/** The next world has the same ids again. */
export function beginAnew(): void {
  made = 0;
}

export function machine(wish: Wish): MachineView {
  const n = ++made;
  const on = wish.power !== "stopped" && wish.power !== "failed";
  const hardware = {
    ...emptyHardware(),
    cpus: 1 + (n % 2),
    memoryMiB: 512 << (n % 3),
    sound: wish.sound ? ("hda" as const) : ("none" as const),
    disks: [
      { id: idOf("dsk", n), bus: "virtio" as const, format: "qcow2" as const, sizeBytes: (8 + n) * GIB, base: hex(1), readOnly: false },
    ],
    drives: [
      { slot: "cd0", kind: "cd" as const, medium: null },
      { slot: "cd1", kind: "cd" as const, medium: { from: "own" as const } },
    ],
  };
  return {
    id: idOf("mch", n),
    name: wish.name as MachineView["name"],
    createdAt: before(60 * 24 * n),
    system: wish.system,
    systemName: wish.systemName,
    note: wish.note ?? "",
    hardware,
    hardwareInWords: hardwareInWords(hardware),
    readiness: { sign: { kind: "agent" }, withinMs: 300_000 },
    login: { user: "you", shell: "hvc" },
    power: wish.power,
    because: wish.because,
    trouble: wish.trouble,
    since: before(3 + n * 7),
    usableBy: wish.power === "running" ? "the guest agent answered" : undefined,
    accelerator: on ? "tcg" : undefined,
    isolation: on ? isolation : undefined,
    pending: wish.power === "paused" ? ["memory becomes 2 GB"] : [],
    diskBytes: 340_000_000 * n,
    job: wish.job,
    links: [],
  };
}

export const image = (
  digest: string,
  name: string,
  kind: ImageView["kind"],
  bytes: number,
  usedBy: string[],
  systemId?: string,
): ImageView => ({
  digest,
  name,
  kind,
  format: kind === "disk" ? "qcow2" : "raw",
  sizeBytes: bytes,
  virtualBytes: kind === "disk" ? bytes * 6 : bytes,
  parts: [],
  architecture: "x86_64",
  system: systemId,
  addedAt: before(60 * 30),
  source: "https://example.org/images/debian-13-genericcloud-amd64.qcow2",
  verifiedBy: "the publisher’s checksum list, signed by its key",
  usedBy,
});

export const job = (n: number, rest: Partial<JobView> & Pick<JobView, "kind" | "title" | "state" | "words">): JobView => ({
  id: idOf("job", n),
  subjects: [],
  startedAt: before(12),
  cancellable: rest.state === "running",
  ...rest,
});

/** The networks as their machines are plugged in; the machines learn of it too. */
export function withPorts(networks: NetworkView[], machines: MachineView[]): NetworkView[] {
  const all = networks.map((each) => ({ ...each, ports: portsOf(each, machines) }));
  for (const [at, each] of machines.entries()) machines[at] = { ...each, links: linksOf(each, all) };
  return all;
}
