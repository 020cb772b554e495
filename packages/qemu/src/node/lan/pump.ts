// The process that carries frames between a tap and a socket which the switch dials: a QEMU without a machine, in the cage, as
// QEMU's user, with no right but the open tap that it was born with. It outlives the daemon, and is found again by its name.
import { closeSync, openSync } from "node:fs";
import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { handOver } from "../cage.ts";
import { NO_MACHINE } from "../helper-qemu.ts";
import { commandLineOf, startTicksOf } from "../process.ts";
import { type Cage, seenFolder, spawnCaged } from "../spawn.ts";

export interface Pump {
  readonly pid: number;
  readonly startTicks: string;
  readonly port: string;
}

export interface PumpWish {
  readonly binary: string;
  /** Of this installation: eight digits in hex. */
  readonly installation: string;
  readonly port: string;
  /** Its socket is made here. */
  readonly folder: string;
  /** An open tap; the caller's own descriptor may be closed afterwards. */
  readonly tap: number;
  readonly logPath: string;
}

/** What the switch dials. */
const SOCKET = "lan.sock";

export async function startPump(cage: Cage, wish: PumpWish): Promise<Pump> {
  await mkdir(wish.folder, { recursive: true, mode: 0o700 });
  await handOver(wish.folder, cage);
  await rm(`${wish.folder}/${SOCKET}`, { force: true });
  await mkdir(dirname(wish.logPath), { recursive: true, mode: 0o700 });
  const log = openSync(wish.logPath, "a", 0o600);
  try {
    const argv = [wish.binary, ...pumpArgs(wish, seenFolder(cage))];
    const { child, pid } = spawnCaged(cage, { argv, folder: wish.folder, files: [wish.tap], stderr: log, outlives: true });
    child.unref();
    const number = await pid;
    return { pid: number, startTicks: (await startTicksOf(number)) ?? "", port: wish.port };
  } finally {
    closeSync(log);
  }
}

/** The tap is descriptor 3. A hub of two ports joins it with the socket; QEMU calls that “no nics”, which is the point. */
function pumpArgs({ installation, port }: PumpWish, run: string): readonly string[] {
  return [
    "-name",
    nameOf(installation, port),
    ...NO_MACHINE,
    "-netdev",
    "tap,id=lan,fd=3",
    "-netdev",
    `stream,id=switch,server=on,addr.type=unix,addr.path=${run}/${SOCKET}`,
    "-netdev",
    "hubport,id=h0,hubid=0,netdev=lan",
    "-netdev",
    "hubport,id=h1,hubid=0,netdev=switch",
  ];
}

const nameOf = (installation: string, port: string): string => `mimic-lan-${installation}-${port}`;

/** All pumps of this installation that run now. Their wrapper carries the same words, but not at the beginning. */
export async function findPumps(installation: string): Promise<Pump[]> {
  const pumps: Pump[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    const match = /^[^\0]+\0-name\0mimic-lan-([0-9a-f]{8})-(prt_[0-9a-z]{26})\0/.exec(await commandLineOf(pid));
    if (match?.[1] !== installation) continue;
    const startTicks = await startTicksOf(pid);
    if (startTicks !== undefined) pumps.push({ pid, startTicks, port: match[2] as string });
  }
  return pumps;
}
