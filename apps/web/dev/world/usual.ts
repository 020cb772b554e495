// Worlds as people have them: usual ones, a thousand machines, a hundred on four networks.
import type { Power } from "@mimic/model";
import { crowdedNetworks, usualNetworks } from "../network-world.ts";
import { diagnosis, host } from "./host.ts";
import { before, hex, idOf, image, job, machine, type World, withPorts } from "./parts.ts";
import { SYSTEMS } from "./systems.ts";

export function usual(): World {
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
        expiresAt: before(-27 * 24 * 60),
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

export function many(): World {
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
export function crowd(): World {
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
