// From a plan to a QEMU whose guest runs, in two steps: it stands (files open, cage up, every channel connected, guard
// checked), and only then its processors are let go. Whatever fails on the way, nothing is left running.
import type { ChildProcess } from "node:child_process";
import { chmodSync, chownSync, closeSync, fstatSync, openSync, renameSync } from "node:fs";
import { copyFile, mkdir, rm, stat } from "node:fs/promises";
import type { Socket } from "node:net";
import { type Log, type LongWork, quoted, type Waiting } from "@mimic/base";
import type { HardwareSpec } from "@mimic/model";
import type { QmpSession } from "@mimic/qmp";
import { connectQmp, connectWhenThere } from "@mimic/qmp/node";
import type { BootPlan } from "@mimic/workbench/ports";
import type { AgentPorts } from "../agent/agent-ports.ts";
import { SOCKET } from "../argv/channels.ts";
import type { QemuCapabilities } from "../capabilities.ts";
import { qemuExitedEarly, qemuUnguarded } from "../errors.ts";
import { FIRST_FD, type FileNeed } from "../files.ts";
import type { FirmwareFiles } from "../firmware.ts";
import { exitInWords } from "../news.ts";
import { cardName, hasCarrier, pullAllTillPlugged, setLink } from "./nics.ts";
import { openFiles } from "./open-files.ts";
import { guardOf, killExactly, type ProcessGuard, startTicksOf } from "./process.ts";
import { openAgent, type QemuAgent } from "./qemu-agent.ts";
import { lastWords } from "./qemu-log.ts";
import { emptyRunFolder, isSocket } from "./run-folder.ts";
import { restoreState } from "./saved-state.ts";
import { SerialHub, tailOf } from "./serial-hub.ts";
import { type Cage, spawnCaged } from "./spawn.ts";
import { startTpm } from "./tpm.ts";
import { netFolders } from "./wrapper-parts.ts";

export interface LaunchSpec {
  readonly plan: BootPlan;
  readonly cage: Cage;
  readonly capabilities: QemuCapabilities;
  readonly accelerator: "kvm" | "tcg";
  readonly argv: readonly string[];
  readonly needs: readonly FileNeed[];
  readonly firmware: FirmwareFiles | undefined;
  readonly ports: AgentPorts & { readonly log: Log };
  /** The number of the saved state's descriptor in QEMU, and whether the memory is a file beside it. */
  readonly resume?: { readonly fd: number; readonly withoutMemory: boolean } | undefined;
}

export interface Channels {
  readonly serial: readonly SerialHub[];
  readonly shell: SerialHub | undefined;
  readonly agent: QemuAgent | undefined;
}

export interface Launched extends Channels {
  readonly pid: number;
  readonly startTicks: string;
  readonly guard: ProcessGuard;
  readonly session: QmpSession;
  readonly child: ChildProcess | undefined;
  readonly logFrom: number;
  readonly paused: boolean;
}

/** It is wholly there, and its guest has not run yet. */
export interface Standing extends Omit<Launched, "paused"> {
  readonly child: ChildProcess;
}

/** How long QEMU may take until its monitor answers. */
const START_MS = 30_000;

export async function stand(spec: LaunchSpec, options: LongWork): Promise<Standing> {
  const { plan, cage } = spec;
  const { files, record } = plan;
  await prepareFolders(spec);
  await using scope = new AsyncDisposableStack();
  const log = openLog(files.logDirectory);
  scope.defer(() => closeSync(log.fd));
  const own = async (name: string): Promise<void> => {
    chmodSync(`${files.runDirectory}/${name}`, 0o400);
    if (cage.user) chownSync(`${files.runDirectory}/${name}`, cage.user.uid, cage.user.gid);
  };
  const opened = scope.use(await openFiles(spec.needs, files.disks, cage.user ? { folder: files.runDirectory, own } : undefined));
  if (record.hardware.tpm) await startTpm(cage, files, options);
  options.signal.throwIfAborted();
  options.report({ words: "starting QEMU" });
  const devices = spec.accelerator === "kvm" ? ["/dev/kvm"] : [];
  const groups = spec.accelerator === "kvm" ? [(await stat("/dev/kvm")).gid] : [];
  const argv = [spec.capabilities.binary, ...spec.argv];
  if (opened.fds.length + FIRST_FD > 1000) throw new RangeError("too many files");
  const { child, pid } = spawnCaged(cage, {
    argv,
    folder: files.runDirectory,
    folders: netFolders(files),
    files: opened.fds,
    devices,
    groups,
    stderr: log.fd,
    // Copies of one memory are many, and wait most of the time.
    smallPages: plan.traceless === true && plan.resume !== undefined,
    outlives: true,
  });
  return await orEnd(spec, { child, pid, logFrom: log.from }, options, async (signal) => {
    const standing = await bringUp(spec, pid, signal);
    // Copies that only QEMU's start needed; in a run folder that lives in memory they would cost as much for ever.
    for (const need of spec.needs) if (need.reopened) await rm(`${files.runDirectory}/${need.key}`, { force: true });
    return { ...standing, child, logFrom: log.from };
  });
}

/** Lets the guest's processors go, once `beforeGuestRuns` has resolved; not those of one that is to be held. */
export async function letGo(
  spec: Pick<LaunchSpec, "plan">,
  standing: Standing,
  options: Waiting & { readonly beforeGuestRuns: () => Promise<void> },
): Promise<Launched> {
  const { plan } = spec;
  const { child, logFrom } = standing;
  return await orEnd(spec, { child, pid: Promise.resolve(standing.pid), logFrom }, options, async (signal) => {
    await using scope = new AsyncDisposableStack();
    scope.defer(() => leave(standing));
    if (standing.serial.length > 0) await rm(serialLog(plan, 0), { force: true });
    if (!plan.traceless) for (const [n, port] of standing.serial.entries()) port.logTo(serialLog(plan, n));
    await options.beforeGuestRuns();
    if (plan.hold !== true) await standing.session.execute("cont", {}, { signal });
    scope.move();
    return { ...standing, paused: plan.hold === true };
  });
}

/** Ends one that stands and will not be let go. */
export async function end(standing: Standing): Promise<void> {
  leave(standing);
  await endChild(standing.child, Promise.resolve(standing.pid));
}

function leave(standing: Standing): void {
  closeChannels(standing);
  standing.session.close();
}

/** `signal`: also aborted when QEMU ends. On a throw QEMU is ended, and when it had ended by itself its last words are told. */
async function orEnd<T>(
  { plan }: Pick<LaunchSpec, "plan">,
  { child, pid, logFrom }: { readonly child: ChildProcess; readonly pid: Promise<number>; readonly logFrom: number },
  options: Waiting,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const exited = new AbortController();
  if (child.exitCode !== null || child.signalCode !== null) exited.abort(new Error("QEMU ended"));
  child.once("exit", () => exited.abort(new Error("QEMU ended")));
  child.once("error", (error) => exited.abort(error));
  try {
    return await work(AbortSignal.any([options.signal, exited.signal]));
  } catch (error) {
    await endChild(child, pid);
    options.signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) {
      const { record, files } = plan;
      throw qemuExitedEarly(quoted(record.name), exitInWords(child.exitCode, child.signalCode), lastWords(files.logDirectory, logFrom));
    }
    throw error;
  }
}

async function bringUp(spec: LaunchSpec, pidSoon: Promise<number>, signal: AbortSignal): Promise<Omit<Standing, "child" | "logFrom">> {
  const { files, record } = spec.plan;
  await using scope = new AsyncDisposableStack();
  const session = await connectQmp(`${files.runDirectory}/${SOCKET.monitor}`, { signal, patienceMs: START_MS });
  scope.defer(() => session.close());
  const channels = await openChannels(record.hardware, spec.plan, spec.ports, { signal, patienceMs: 2000, adopted: false });
  scope.defer(() => closeChannels(channels));
  const pid = await pidSoon;
  const [startTicks, guard] = await Promise.all([startTicksOf(pid), guardOf(pid)]);
  if (startTicks === undefined || guard === undefined) throw new Error("QEMU ended");
  if (!guard.seccomp || !guard.noNewPrivileges) throw qemuUnguarded();
  await pullAllTillPlugged(session, record.hardware, { signal });
  if (spec.resume) await restoreState(session, spec.resume.fd, { signal, withoutMemory: spec.resume.withoutMemory });
  for (const nic of record.hardware.nics)
    if (!hasCarrier(nic)) await setLink(session, cardName(record.hardware, nic.id), false, { signal });
  scope.move();
  return { pid, startTicks, guard, session, ...channels };
}

const serialLog = ({ files }: Pick<BootPlan, "files">, n: number): string =>
  `${files.logDirectory}/${n === 0 ? "serial.log" : `serial${n + 1}.log`}`;

/** Connects to every text channel of the guest. Sockets only: whatever else stands there is not followed. */
export async function openChannels(
  hardware: HardwareSpec,
  plan: BootPlan,
  ports: AgentPorts,
  options: Waiting & { readonly patienceMs: number; readonly adopted: boolean },
): Promise<Channels> {
  const { files } = plan;
  const connect = async (name: string): Promise<Socket> => {
    const path = `${files.runDirectory}/${name}`;
    if (options.adopted && !(await isSocket(path))) throw new Error(`${name} is not a socket`);
    return await connectWhenThere(path, options.patienceMs, options.signal);
  };
  const serialSockets = Promise.all(Array.from({ length: hardware.serialPorts }, (_, n) => connect(SOCKET.serial(n))));
  const [sockets, shell, agent] = await Promise.all([
    serialSockets,
    hardware.agent ? connect(SOCKET.shell) : undefined,
    hardware.agent ? connect(SOCKET.agent) : undefined,
  ]);
  const serial = sockets.map((socket, n) => {
    const hub = new SerialHub(socket);
    if (!options.adopted) return hub;
    hub.remember(tailOf(serialLog(plan, n), 1024 ** 2));
    if (!plan.traceless) hub.logTo(serialLog(plan, n));
    return hub;
  });
  return {
    serial,
    shell: shell && new SerialHub(shell),
    agent: agent && openAgent(agent, ports),
  };
}

export function closeChannels(channels: Channels): void {
  for (const port of channels.serial) port[Symbol.dispose]();
  channels.shell?.[Symbol.dispose]();
  channels.agent?.close();
}

async function prepareFolders(spec: LaunchSpec): Promise<void> {
  const { files } = spec.plan;
  await Promise.all([
    emptyRunFolder(files.runDirectory, spec.cage),
    ...(files.netDirectory === undefined ? [] : [emptyRunFolder(files.netDirectory, spec.cage)]),
    mkdir(files.logDirectory, { recursive: true, mode: 0o700 }),
  ]);
  if (!spec.firmware) return;
  await mkdir(files.nvramDirectory, { recursive: true, mode: 0o700 });
  const vars = `${files.nvramDirectory}/efivars.fd`;
  // A machine's own variables are made once; a half-made file would be a broken flash chip.
  if (await stat(vars).catch(() => undefined)) return;
  await copyFile(spec.firmware.varsTemplate, `${vars}.new`);
  chmodSync(`${vars}.new`, 0o600);
  renameSync(`${vars}.new`, vars);
}

/** QEMU's own words; a log of more than 1 MiB is turned over at the next start. */
function openLog(folder: string): { readonly fd: number; readonly from: number } {
  const path = `${folder}/qemu.log`;
  let fd = openSync(path, "a", 0o600);
  if (fstatSync(fd).size > 1024 ** 2) {
    closeSync(fd);
    renameSync(path, `${path}.1`);
    fd = openSync(path, "a", 0o600);
  }
  return { fd, from: fstatSync(fd).size };
}

async function endChild(child: ChildProcess, pid: Promise<number>): Promise<void> {
  const number = await Promise.race([
    pid.catch(() => undefined),
    new Promise<undefined>((resolve) => setTimeout(resolve, 2000, undefined)),
  ]);
  if (number !== undefined) {
    const startTicks = await startTicksOf(number);
    if (startTicks) await killExactly(number, startTicks);
  } else child.kill("SIGKILL");
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
    await new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      setTimeout(resolve, 3000);
    });
}
