// What the daemon that does not exist does with machines.
import type { InputOf, OutputOf } from "@mimic/api/client";
import { HardwareSpec, hardwareInWords, type MachineView } from "@mimic/model";
import { nicVerbs } from "../network-mock.ts";
import { makeWorld } from "../world.ts";
import { type MockDaemon, Problem, type Verbs } from "./daemon.ts";

export const machineVerbs = (daemon: MockDaemon): Verbs => ({
  list: () => ({ machines: daemon.world.machines }),
  create: (input) => create(daemon, input),
  show: (_, { machine }) => daemon.machine(machine),
  change: (input: InputOf<"machines", "change">, { machine }) => {
    const before = daemon.machine(machine);
    const next = daemon.put({
      ...before,
      name: (input.name ?? before.name) as MachineView["name"],
      note: input.note ?? before.note,
      hardware: HardwareSpec.parse({ ...before.hardware, ...input.hardware }),
    });
    daemon.tell({ kind: "machine.changed", machineId: next.id, what: "hardware" });
    return { ...next, changes: [] };
  },
  remove: (_, { machine }) => {
    const gone = daemon.machine(machine);
    daemon.world.machines = daemon.world.machines.filter((each) => each.id !== gone.id);
    const entry = {
      id: `trs_${gone.id.slice(4)}`,
      name: gone.name,
      machineId: gone.id,
      trashedAt: new Date().toISOString(),
      expiresAt: new Date(Date.now() + 2.6e9).toISOString(),
      diskBytes: gone.diskBytes,
    };
    daemon.world.trash.push(entry);
    daemon.tell({ kind: "machine.trashed", machineId: gone.id, name: gone.name });
    return entry;
  },
  clone: (input: InputOf<"machines", "clone">, { machine }) => {
    const from = daemon.machine(machine);
    return daemon.job("machine.clone", `Copy “${from.name}” as “${input.name}”`, [], "Copying", () => {
      daemon.put({
        ...from,
        id: `mch_${Date.now().toString(32).padStart(26, "0")}`,
        name: input.name as MachineView["name"],
        power: "stopped",
      });
      return undefined;
    });
  },
  start: (_, { machine }) => {
    const started = daemon.power(machine, "start", "starting");
    return daemon.job("machine.start", `Start “${started.name}”`, [started.id], "Waiting for the guest agent to answer", () => {
      daemon.put({ ...started, power: "running", because: "switched on", usableBy: "the guest agent answered" });
      daemon.tell({ kind: "machine.power_changed", machineId: started.id, from: "starting", to: "running", because: "switched on" });
      return undefined;
    });
  },
  stop: (_, { machine }) => {
    const stopping = daemon.power(machine, "stop", "stopping");
    return daemon.job("machine.stop", `Shut “${stopping.name}” down`, [stopping.id], "Waiting for its system", () => {
      daemon.power(stopping.id, "kill", "stopped");
      return undefined;
    });
  },
  restart: (_, { machine }) =>
    daemon.job(
      "machine.restart",
      `Restart “${daemon.machine(machine).name}”`,
      [daemon.machine(machine).id],
      "Waiting for its system",
      () => undefined,
    ),
  kill: (_, { machine }) => daemon.power(machine, "kill", "stopped"),
  pause: (_, { machine }) => daemon.power(machine, "pause", "paused"),
  resume: (_, { machine }) => daemon.power(machine, "resume", "running"),
  reset: (_, { machine }) => daemon.machine(machine),
  press: () => ({}),
  type: () => ({}),
  changeMedium: (input: InputOf<"machines", "changeMedium">, { machine }) => {
    const before = daemon.machine(machine);
    const drives = before.hardware.drives.map((drive) =>
      drive.slot === input.slot
        ? { ...drive, medium: input.image === null ? null : { from: "image" as const, digest: input.image } }
        : drive,
    );
    return daemon.put({ ...before, hardware: { ...before.hardware, drives } });
  },
  explain: (_, { machine }): OutputOf<"machines", "explain"> => ({
    parts: [
      { args: ["-nodefaults", "-no-user-config"], because: "Nothing is in the machine that was not asked for." },
      {
        args: ["-machine", "pc-q35-7.2,usb=off,dump-guest-core=off"],
        because: "The board; its version is written down, so that an upgrade of QEMU changes nothing under the guest.",
      },
      { args: ["-accel", "tcg,thread=multi"], because: "The processor is emulated: the test guest did not start with KVM." },
      { args: ["-name", `guest=${daemon.machine(machine).name},debug-threads=on`], because: daemon.machine(machine).because },
    ],
  }),
  hardware: (_, { machine }): OutputOf<"machines", "hardware"> => ({
    rows: [
      {
        part: "Processor",
        what: `${daemon.machine(machine).hardware.cpus} cores, the best this computer can imitate`,
        change: "afterRestart",
        why: "Its system counted the cores when it started.",
      },
      { part: "Memory", what: "1 GB", change: "now", why: "" },
      {
        part: "Board",
        what: "q35 (PCI Express)",
        change: "never",
        why: "The system on its disk expects this board. Make a new machine for another.",
      },
      { part: "Screen", what: "VGA", change: "afterRestart", why: "" },
      { part: "Note", what: daemon.machine(machine).note || "none", change: "now", why: "" },
    ],
  }),
  story: (_, { machine }): OutputOf<"machines", "story"> => ({
    story: [
      "Made from Debian 13 as a thin layer over its image.",
      "Switched on.",
      "Ready after 31 s: the guest agent answered.",
      daemon.machine(machine).because,
    ].map((words, at) => ({ at: new Date(Date.now() - (40 - at * 9) * 60_000).toISOString(), words })),
  }),
  log: (): OutputOf<"machines", "log"> => ({
    text: `[    0.000000] Linux version 6.1.0\n[    0.412000] \u001b[1mtty0\u001b[0m enabled\n${daemon.world.serial}`,
  }),
  load: (): OutputOf<"machines", "load"> => ({
    samples: Array.from({ length: 90 }, (_, at) => ({
      at: new Date(Date.now() - (90 - at) * 2000).toISOString(),
      cpuCores: 0.25 + 0.2 * Math.sin(at / 7) + 0.1 * Math.sin(at * 1.7),
      memoryBytes: 3e8 + at * 9e5,
      diskReadBytesPerSecond: Math.max(0, 4e6 * Math.sin(at / 5)),
      diskWriteBytesPerSecond: Math.max(0, 3e6 * Math.cos(at / 9)),
    })),
  }),
  guest: () => daemon.world.guest,
  ping: () => ({ answeredInMs: 3 }),
  ...nicVerbs(daemon),
});

function create(daemon: MockDaemon, input: InputOf<"machines", "create">): OutputOf<"machines", "create"> {
  if (daemon.world.machines.some((each) => each.name === input.name))
    throw new Problem(409, "machine.name_taken", `There is a machine called “${input.name}” already.`, "Choose another name.");
  const base = daemon.world.machines[0] ?? makeWorld("usual").machines[0];
  if (!base) throw new Error("a world without machines");
  const system = daemon.world.systems.find((each) => each.id === input.system);
  const hardware = { ...base.hardware, cpus: input.hardware?.cpus ?? 1, memoryMiB: input.hardware?.memoryMiB ?? 1024 };
  const machine: MachineView = {
    ...base,
    id: `mch_${Date.now().toString(32).padStart(26, "0")}`,
    name: input.name as MachineView["name"],
    system: input.system,
    systemName: system?.name,
    hardware,
    hardwareInWords: hardwareInWords(hardware),
    power: "stopped",
    because: "never switched on",
    usableBy: undefined,
    createdAt: new Date().toISOString(),
    since: new Date().toISOString(),
    trouble: undefined,
  };
  return daemon.job("machine.create", `Make “${input.name}”`, [machine.id], "Laying a thin layer over the image", () => {
    daemon.put(machine);
    daemon.tell({ kind: "machine.created", machineId: machine.id, name: machine.name });
    if (input.start) daemon.power(machine.id, "start", "running");
    return { result: { machine: machine.id } };
  });
}
