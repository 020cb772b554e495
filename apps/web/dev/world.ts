// A world that does not exist, for looking at the interface: machines in every state, images, jobs, findings.
// Typed by the model, so that it cannot say what the daemon could not.
import {
  type Diagnosis,
  type Event,
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
import { crowdedNetworks, hostileNetworks, linksOf, portsOf, usualNetworks } from "./network-world.ts";

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
export type Kind = "usual" | "empty" | "many" | "hostile" | "crowd";

const now = Date.now();
const before = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
const GIB = 1024 ** 3;
const hex = (seed: number): string => Array.from({ length: 64 }, (_, at) => ((seed * 7 + at * 5 + (at >> 2)) % 16).toString(16)).join("");
const idOf = (prefix: string, n: number): string => `${prefix}_${n.toString(32).padStart(26, "0")}`;

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
function machine(wish: Wish): MachineView {
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

type SystemWish = Pick<SystemView, "id" | "name" | "summary" | "family" | "picture" | "imageDigest"> & {
  memoryMiB: number;
  diskGiB: number;
  source: SystemView["source"];
};
function system(wish: SystemWish, rank: number): SystemView {
  const { memoryMiB, diskGiB, ...rest } = wish;
  return {
    ...rest,
    revision: 1,
    rank,
    architecture: "x86_64",
    minimum: { memoryMiB, diskBytes: diskGiB * GIB },
    hardware: { cpus: memoryMiB > 600 ? 2 : 1, memoryMiB: memoryMiB * 2 },
    ...(diskGiB > 0 ? { disk: { bus: "virtio", sizeBytes: 2 * diskGiB * GIB } } : {}),
    readiness: { sign: { kind: "agent" }, withinMs: 300_000 },
    seed: "none",
    licence: "Free software, several licences",
    homepage: "https://example.org/",
  };
}

const assemble: SystemView["source"] = { way: "assemble", builder: "tiny-linux", suite: "bookworm", packages: [], options: {} };
const download = (sizeBytes: number): SystemView["source"] => ({
  way: "download",
  urls: ["https://example.org/image"],
  kind: "disk",
  format: "qcow2",
  compression: "none",
  sizeBytes,
  proof: { by: "digest", digest: { algorithm: "sha256", hex: hex(9) } },
});

export const SYSTEMS: SystemView[] = [
  {
    id: "tiny",
    name: "Tiny Linux",
    summary: "A whole Linux in a few seconds. For first steps and for trying things without harm.",
    family: "linux" as const,
    picture: "tiny-linux",
    imageDigest: hex(2),
    memoryMiB: 64,
    diskGiB: 0,
    source: assemble,
  },
  {
    id: "debian-13",
    name: "Debian 13",
    summary: "A calm, complete Linux for servers and for learning. Ready to use, without a desktop.",
    family: "linux" as const,
    picture: "debian",
    imageDigest: hex(1),
    memoryMiB: 512,
    diskGiB: 4,
    source: download(420_000_000),
  },
  {
    id: "ubuntu-24.04",
    name: "Ubuntu 24.04 LTS",
    summary: "The Linux that most instructions on the web are written for.",
    family: "linux" as const,
    picture: "ubuntu",
    imageDigest: undefined,
    memoryMiB: 1024,
    diskGiB: 5,
    source: download(620_000_000),
  },
  {
    id: "fedora-43",
    name: "Fedora 43",
    summary: "A Linux with the newest of everything.",
    family: "linux" as const,
    picture: "fedora",
    imageDigest: undefined,
    memoryMiB: 1024,
    diskGiB: 5,
    source: download(520_000_000),
  },
  {
    id: "alpine-3",
    name: "Alpine 3",
    summary: "A very small Linux that starts fast and does one thing well.",
    family: "linux" as const,
    picture: "alpine",
    imageDigest: undefined,
    memoryMiB: 128,
    diskGiB: 1,
    source: download(180_000_000),
  },
  {
    id: "debian-12-install",
    name: "Debian 12, installed fresh",
    summary: "Watch Debian install itself from the network onto an empty disk.",
    family: "linux" as const,
    picture: "debian-installer",
    imageDigest: undefined,
    memoryMiB: 512,
    diskGiB: 8,
    source: { way: "install" as const, installer: "debian" as const, suite: "bookworm", packages: [] },
  },
  {
    id: "freedos",
    name: "FreeDOS 1.3",
    summary: "The PC of the nineties: old games and programs from a black screen.",
    family: "dos" as const,
    picture: "freedos",
    imageDigest: undefined,
    memoryMiB: 32,
    diskGiB: 1,
    source: download(420_000_000),
  },
  {
    id: "memtest",
    name: "Memory test",
    summary: "Tests a computer’s memory. Here: a good look at a machine without any system.",
    family: "tool" as const,
    picture: "memtest",
    imageDigest: undefined,
    memoryMiB: 32,
    diskGiB: 0,
    source: assemble,
  },
  {
    id: "windows-11",
    name: "Windows 11",
    summary: "From an installation medium of your own.",
    family: "windows" as const,
    picture: "windows",
    imageDigest: undefined,
    memoryMiB: 65_536,
    diskGiB: 64,
    source: { way: "bring" as const, kind: "cd" as const, hint: "Get the ISO from its maker." },
  },
].map(system);

const image = (digest: string, name: string, kind: ImageView["kind"], bytes: number, usedBy: string[], systemId?: string): ImageView => ({
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

const job = (n: number, rest: Partial<JobView> & Pick<JobView, "kind" | "title" | "state" | "words">): JobView => ({
  id: idOf("job", n),
  subjects: [],
  startedAt: before(12),
  cancellable: rest.state === "running",
  ...rest,
});

function host(): HostView {
  return {
    version: "0.1.0",
    features: [],
    hostname: "kestrel",
    cpus: 4,
    memoryBytes: 16 * GIB,
    memoryFreeBytes: 9.4 * GIB,
    diskFreeBytes: 128 * GIB,
    load1: 0.8,
    qemuVersion: "7.2.15",
    accelerator: "tcg",
    browserAddress: "http://127.0.0.1:7717",
    dataDirectory: "~/.local/share/mimic",
    startedAt: before(600),
    eventSeq: 1,
  };
}

const diagnosis: Diagnosis = {
  checkedAt: before(0.2),
  bestGrade: "C",
  findings: [
    {
      id: "kvm",
      title: "Hardware virtualization",
      state: "limited",
      found: "/dev/kvm is here, but a test guest did not start with it.",
      mend: "Machines run emulated (TCG): everything works, more slowly. If this computer is itself a machine, switch nested virtualization on there.",
      detail: "KVM self-test: no progress after 5.0 s\nfalling back to tcg",
    },
    { id: "qemu", title: "QEMU", state: "good", found: "Version 7.2.15 for x86_64 and i386.", mend: "" },
    { id: "jail", title: "Confinement", state: "good", found: "A canary inside the jail saw no network and no file of yours.", mend: "" },
    {
      id: "swtpm",
      title: "TPM",
      state: "bad",
      found: "swtpm is not installed, so machines cannot have a TPM.",
      mend: "Install it: sudo apt-get install swtpm",
    },
    { id: "space", title: "Room on disk", state: "good", found: "128 GiB is free.", mend: "" },
    {
      id: "clock",
      title: "Clock",
      state: "unknown",
      found: "No time service answered.",
      mend: "Nothing to do unless machines show the wrong time.",
    },
  ],
};

function withPorts(networks: NetworkView[], machines: MachineView[]): NetworkView[] {
  const all = networks.map((each) => ({ ...each, ports: portsOf(each, machines) }));
  for (const [at, each] of machines.entries()) machines[at] = { ...each, links: linksOf(each, all) };
  return all;
}

function usual(): World {
  const pull = job(1, {
    kind: "image.pull",
    title: "Get “Ubuntu 24.04 LTS”",
    state: "running",
    words: "Downloading from example.org",
    done: 214_000_000,
    total: 620_000_000,
    unit: "bytes",
    remainingMs: 95_000,
  });
  const starting = job(2, {
    kind: "machine.start",
    title: "Start “workshop”",
    state: "running",
    words: "Waiting for the guest agent to answer",
    subjects: [],
  });
  const machines = [
    machine({ name: "hello", system: "tiny", systemName: "Tiny Linux", power: "running", because: "switched on", sound: true }),
    machine({
      name: "web-server",
      system: "debian-13",
      systemName: "Debian 13",
      power: "running",
      because: "switched on",
      note: "for the course",
    }),
    machine({ name: "desktop", system: "debian-13", systemName: "Debian 13", power: "paused", because: "paused" }),
    machine({
      name: "workshop",
      system: "alpine-3",
      systemName: "Alpine 3",
      power: "starting",
      because: "started by you",
      job: starting.id,
    }),
    machine({ name: "old-games", system: "freedos", systemName: "FreeDOS 1.3", power: "stopped", because: "switched off" }),
    machine({ name: "backup", system: "debian-13", systemName: "Debian 13", power: "stopping", because: "shutting down" }),
    machine({
      name: "compiler",
      system: "fedora-43",
      systemName: "Fedora 43",
      power: "failed",
      because: "QEMU ended by itself: qemu-system-x86_64: could not open disk: No space left on device",
    }),
    machine({
      name: "database",
      system: "debian-13",
      systemName: "Debian 13",
      power: "paused",
      trouble: "diskFull",
      because: "paused: this computer’s disk is full. Make room and let it go on; nothing is lost.",
    }),
    machine({ name: "lab-a", system: "tiny", systemName: "Tiny Linux", power: "stopped", because: "never switched on" }),
  ];
  starting.subjects.push(machines[3]?.id ?? "");
  const networks = withPorts(usualNetworks(machines), machines);
  return {
    machines,
    networks,
    isHostile: false,
    systems: SYSTEMS,
    trash: [
      {
        id: idOf("trs", 1),
        name: "experiment",
        machineId: idOf("mch", 900),
        trashedAt: before(60 * 26),
        expiresAt: new Date(now + 27 * 86_400_000).toISOString(),
        diskBytes: 1.3e9,
      },
    ],
    images: [
      image(hex(1), "debian-13", "disk", 430_000_000, ["web-server", "desktop", "backup", "database", "hello"], "debian-13"),
      image(hex(2), "tiny", "boot", 11_000_000, ["hello", "lab-a"], "tiny"),
      image(hex(3), "rescue-cd", "cd", 780_000_000, []),
    ],
    jobs: [
      pull,
      starting,
      job(3, { kind: "machine.clone", title: "Copy “web-server” as “web-2”", state: "done", words: "Done", endedAt: before(9) }),
      job(4, {
        kind: "image.import",
        title: "Bring in “holiday.vmdk”",
        state: "failed",
        words: "Failed",
        endedAt: before(40),
        startedAt: before(41),
        problem: {
          code: "image.refused",
          message: "“holiday.vmdk” was not brought in: its descriptor names a second file.",
          hint: "Convert it to one file where it was made, and bring that.",
          detail: 'descriptor line 14: RW 4192256 FLAT "/etc/passwd" 0',
        },
      }),
      job(5, {
        kind: "image.verify",
        title: "Check “debian-13”",
        state: "cancelled",
        words: "Cancelled",
        endedAt: before(130),
        startedAt: before(131),
      }),
    ],
    host: host(),
    diagnosis,
    guest: { system: "Debian GNU/Linux 13 (trixie)", hostname: "web", agentVersion: "9.2.0" },
    desktopName: "QEMU",
    serial: "Tiny Linux\r\n\r\nhello login: you\r\n\u001b[32myou@hello\u001b[0m:~$ ",
    seq: 100,
  };
}

function many(): World {
  const states: Power[] = ["running", "stopped", "stopped", "paused", "running", "stopped", "failed", "running"];
  const machines = Array.from({ length: 1000 }, (_, n) =>
    machine({
      name: `node-${n + 1}`,
      system: "tiny",
      systemName: "Tiny Linux",
      power: n % 97 === 6 ? "failed" : states[n % 8] === "failed" ? "stopped" : (states[n % 8] as Power),
      because: n % 97 === 6 ? "QEMU was killed (signal 9)" : "switched on",
    }),
  );
  return { ...usual(), machines, networks: [], jobs: [] };
}

/** A hundred machines on four networks. */
function crowd(): World {
  const machines = Array.from({ length: 100 }, (_, n) =>
    machine({
      name: `node-${n + 1}`,
      system: "tiny",
      systemName: "Tiny Linux",
      power: n % 9 === 4 ? "stopped" : "running",
      because: "switched on",
    }),
  );
  const networks = withPorts(crowdedNetworks(machines), machines);
  return { ...usual(), machines, networks, jobs: [] };
}

/** Names and words that a guest, an image or a web page could choose; each must be shown and do nothing. */
export const HOSTILE: readonly string[] = [
  "<script>window.__hit=1</script>",
  "<img src=x onerror=window.__hit=1>",
  '"><svg onload=window.__hit=1>',
  '\'><iframe srcdoc="<script>parent.__hit=1</script>">',
  "<a href=javascript:window.__hit=1>x</a>",
  "javascript:window.__hit=1",
  "{{constructor.constructor('window.__hit=1')()}}",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant to stay a text
  "${window.__hit=1}",
  "</title><script>window.__hit=1</script>",
  "</textarea><script>window.__hit=1</script>",
  "<style>@import 'http://127.0.0.1:9/x';</style>",
  "<link rel=stylesheet href=http://127.0.0.1:9/>",
  "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
  "<base href=http://127.0.0.1:9/>",
  "<form action=http://127.0.0.1:9/><button>go</button></form>",
  "<object data=http://127.0.0.1:9/>",
  "<embed src=http://127.0.0.1:9/>",
  "<video src=http://127.0.0.1:9/ onerror=window.__hit=1>",
  "<math><mi xlink:href=javascript:window.__hit=1>x</mi></math>",
  "<details open ontoggle=window.__hit=1>",
  "&lt;script&gt;window.__hit=1&lt;/script&gt;",
  "\u003cscript\u003ewindow.__hit=1\u003c/script\u003e",
  "<scr\u0000ipt>window.__hit=1</script>",
  "<ſcript>window.__hit=1</ſcript>",
  "\u202egnp.exe",
  "\u2066\u2067\u2068abc\u2069",
  "a\u200b\u200c\u200db",
  "\u001b]52;c;aGl0\u0007",
  "\u001b]8;;http://127.0.0.1:9/\u0007click\u001b]8;;\u0007",
  "\u001b]0;pwned\u0007",
  "\u001b[2J\u001b[H",
  "\u009b31m",
  "\r\n\r\nHTTP/1.1 200 OK",
  "../../../../etc/passwd",
  "__proto__",
  "constructor",
  `${"A".repeat(5000)}`,
  "Z\u0351\u036b\u0343\u036a".repeat(50),
  "مرحبا <b>بالعالم</b>",
  "\ud800broken",
  "%3Cscript%3Ewindow.__hit=1%3C/script%3E",
];

function hostile(): World {
  const world = usual();
  const first = world.machines[0] as MachineView;
  const text = (n: number): string => HOSTILE[n % HOSTILE.length] as string;
  const machines: MachineView[] = [
    ...HOSTILE.map(
      (payload, n): MachineView => ({
        ...first,
        id: idOf("mch", 5000 + n),
        name: `m-${n}` as MachineView["name"],
        systemName: payload,
        because: payload,
        note: payload,
        power: n % 2 ? "failed" : "stopped",
        usableBy: undefined,
        isolation: { grade: "C", because: [payload] },
      }),
    ),
    { ...first, id: idOf("mch", 7000), name: HOSTILE[0] as MachineView["name"] },
  ];
  const networks = withPorts(hostileNetworks(machines, HOSTILE), machines);
  return {
    ...world,
    machines,
    networks,
    isHostile: true,
    images: HOSTILE.map((payload, n) => ({
      ...image(hex(100 + n).replace(/^.{4}/, n.toString(16).padStart(4, "0")), payload.slice(0, 120) || "x", "cd", 1000, [
        payload.slice(0, 60),
      ]),
      source: payload.slice(0, 2000),
      verifiedBy: payload.slice(0, 500),
    })),
    jobs: HOSTILE.map((payload, n) =>
      job(6000 + n, {
        kind: "image.import",
        title: payload,
        state: n % 2 ? "running" : "failed",
        words: payload,
        ...(n % 2 ? {} : { endedAt: before(1), problem: { code: payload.slice(0, 80), message: payload, hint: payload, detail: payload } }),
      }),
    ),
    trash: HOSTILE.map((payload, n) => ({
      id: idOf("trs", 50 + n),
      name: payload,
      machineId: idOf("mch", 8000 + n),
      trashedAt: before(5),
      expiresAt: before(-500),
      diskBytes: 1,
    })),
    diagnosis: {
      ...diagnosis,
      findings: HOSTILE.map((payload, n) => ({
        id: String(n),
        title: payload,
        state: "bad" as const,
        found: payload,
        mend: payload,
        detail: payload,
      })),
    },
    host: { ...world.host, hostname: text(0), qemuVersion: text(1) },
    guest: { system: text(0), hostname: text(1), agentVersion: text(2) },
    desktopName: text(1),
    serial: HOSTILE.join("\r\n"),
  };
}

export function makeWorld(kind: Kind): World {
  made = 0;
  switch (kind) {
    case "empty":
      return { ...usual(), machines: [], networks: [], images: [], jobs: [], trash: [] };
    case "crowd":
      return crowd();
    case "many":
      return many();
    case "hostile":
      return hostile();
    case "usual":
      return usual();
  }
}

export const eventOf = (world: World, fact: Event["fact"]): Event => ({ seq: ++world.seq, at: new Date().toISOString(), fact });
