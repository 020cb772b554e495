// QEMU as the workbench's hypervisor: prove, pin, explain, boot, adopt.
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { cpus } from "node:os";
import { type Clock, type Log, type LongWork, MimicError, quoted, type Random, type Waiting } from "@mimic/base";
import {
  ARCHITECTURES,
  type Finding,
  foreignBoard,
  gradeIsolation,
  growthOf,
  type HardwareSpec,
  type Isolation,
  isPc,
  type RunRecord,
} from "@mimic/model";
import { connectQmp } from "@mimic/qmp/node";
import type { BootPlan, ExplainedPart, Hypervisor, HypervisorFacts, ReadyStart, RunningMachine, SavedState } from "@mimic/workbench/ports";
import type { RunnerProgram } from "../agent/agent-ports.ts";
import { buildArgv, cpuModelOf, findGuestName, guestName, SOCKET } from "../argv/index.ts";
import { machineTypeOf, newestMachineType, programOf, type QemuCapabilities } from "../capabilities.ts";
import { noFirmware, noTpm, processorMissing } from "../errors.ts";
import { type FileNeed, numberFiles, planFiles } from "../files.ts";
import { chooseFirmware, type FirmwareFiles } from "../firmware.ts";
import { endLeftJobs } from "./block-jobs.ts";
import { probeCage } from "./cage.ts";
import type { DiskReader } from "./compare-apart.ts";
import { diagnose } from "./diagnose.ts";
import { heldFiles } from "./held-files.ts";
import { end, type Launched, letGo, openChannels, stand } from "./launch.ts";
import { MediaServers } from "./media.ts";
import { inNextFolders, removeNext, takePlace } from "./next-folders.ts";
import { type KvmVerdict, Probe, readFirmware } from "./probe.ts";
import { bootId, commandLineOf, guardOf, isAlive, killExactly, startTicksOf } from "./process.ts";
import { QemuMachine } from "./running-machine.ts";
import { saveState } from "./saved-state.ts";
import { freshMemory, SealedMemories } from "./sealed-memory.ts";
import { type Cage, seenFolder, seenNetFolder } from "./spawn.ts";
import { type Environment, findProgram } from "./tools.ts";
import { whatIsThere } from "./what-is-there.ts";
import { wrapperParts } from "./wrapper-parts.ts";

export interface QemuPorts {
  readonly stateDirectory: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly random: Random;
  readonly environment: Environment;
  /** Reads file systems, for comparing disks; without it none are compared. */
  readonly reader?: DiskReader | undefined;
  /** Lent to the guest agents of machines; without it commands there run by a script. */
  readonly runner?: RunnerProgram | undefined;
}

export class QemuHypervisor implements Hypervisor {
  readonly #ports: QemuPorts;
  readonly #probe: Probe;
  /** Tells the QEMUs of this installation from those of others on the same computer. */
  readonly installation: string;
  readonly #memories = new SealedMemories();
  #cage: Promise<Cage> | undefined;

  constructor(ports: QemuPorts) {
    this.#ports = ports;
    this.#probe = new Probe(ports.stateDirectory, ports.log);
    this.installation = createHash("sha256").update(ports.stateDirectory).digest("hex").slice(0, 8);
  }

  /** Decided once per life of the daemon; also used by the disk tool. */
  cage(fresh = false): Promise<Cage> {
    if (fresh) this.#cage = undefined;
    this.#cage ??= probeCage(this.#ports.environment, `${this.#ports.stateDirectory}/tmp`);
    return this.#cage;
  }

  async capabilities(options: Waiting): Promise<QemuCapabilities> {
    return await this.#probe.capabilities(await this.cage(), options);
  }

  /** Of the QEMU for this machine's processor. Throws `qemu.missing_processor` where it is not installed. */
  async #capabilitiesFor(hardware: HardwareSpec, options: Waiting): Promise<QemuCapabilities> {
    const cage = await this.cage();
    if (isPc(hardware)) return await this.#probe.capabilities(cage, options);
    const program = programOf(hardware.architecture);
    const binary = findProgram(program, this.#ports.environment.path);
    if (binary === undefined) throw processorMissing(ARCHITECTURES[hardware.architecture].words, program);
    return await this.#probe.capabilities(cage, options, binary);
  }

  async facts(options: Waiting): Promise<HypervisorFacts> {
    const cage = await this.cage();
    const capabilities = await this.#probe.capabilities(cage, options);
    const kvm = await this.#probe.kvm(cage, capabilities, "host");
    return {
      version: capabilities.version,
      accelerator: kvm.works ? "kvm" : "tcg",
      processor: cpus()[0]?.model ?? "",
      because: kvm.works ? `The processor's own virtualization works: ${kvm.because}` : `Machines are emulated: ${kvm.because}`,
      confinement: { works: cage.confines, because: cage.because },
    };
  }

  async diagnose(options: Waiting): Promise<readonly Finding[]> {
    return await diagnose({ cage: await this.cage(true), probe: this.#probe }, options);
  }

  async pin(hardware: HardwareSpec, options: Waiting): Promise<HardwareSpec> {
    if (hardware.machineType !== undefined) return hardware;
    return { ...hardware, machineType: newestMachineType(await this.#capabilitiesFor(hardware, options), hardware) };
  }

  async namesHere(hardware: HardwareSpec, options: Waiting): Promise<{ machineType: string; cpuModel: string }> {
    const capabilities = await this.#capabilitiesFor(hardware, options);
    const accelerator = await this.#accelerator(await this.cage(), capabilities, hardware);
    const pinned = hardware.machineType;
    const isKnown = pinned !== undefined && capabilities.machines.includes(pinned);
    return {
      machineType: isKnown ? pinned : newestMachineType(capabilities, hardware),
      cpuModel: cpuModelOf(hardware.cpuModel, accelerator),
    };
  }

  async explain(plan: BootPlan, options: Waiting): Promise<readonly ExplainedPart[]> {
    const cage = await this.cage();
    const capabilities = await this.#capabilitiesFor(plan.record.hardware, options);
    const { hardware } = plan.record;
    const accelerator = await this.#accelerator(cage, capabilities, hardware);
    const parts = await this.#argv(plan, cage, capabilities, accelerator, "0".repeat(16));
    return [...wrapperParts(cage, plan.files, accelerator), { args: [capabilities.binary], because: "QEMU itself." }, ...parts.parts];
  }

  async boot(plan: BootPlan, options: LongWork): Promise<RunningMachine> {
    await removeNext(plan.files);
    return await (await this.#begin(plan, options)).go(plan, options);
  }

  async prepare(plan: BootPlan, options: LongWork): Promise<ReadyStart | undefined> {
    // Without a cage QEMU sees its folders by their names, which are about to change.
    if (!(await this.cage()).confines) return undefined;
    await removeNext(plan.files);
    const begun = await this.#begin({ ...plan, files: inNextFolders(plan.files) }, options);
    let isTaken = false;
    return {
      go: async (onLaunched, waiting) => {
        isTaken = true;
        try {
          await takePlace(plan.files);
        } catch (error) {
          await begun.drop();
          throw error;
        }
        return await begun.go({ ...plan, onLaunched }, waiting);
      },
      [Symbol.asyncDispose]: async () => {
        if (isTaken) return;
        isTaken = true;
        await begun.drop();
        await removeNext(plan.files);
      },
    };
  }

  /** It stands, and its guest has not run yet. Either `go`, with the folders that it has by then, or `drop` must follow. */
  async #begin(
    plan: BootPlan,
    options: LongWork,
  ): Promise<{ go(plan: BootPlan, options: Waiting): Promise<RunningMachine>; drop(): Promise<void> }> {
    options.report({ words: "getting QEMU ready" });
    const cage = await this.cage();
    const capabilities = await this.#capabilitiesFor(plan.record.hardware, options);
    const hardware: HardwareSpec = { ...plan.record.hardware, machineType: machineTypeOf(plan.record.hardware, capabilities) };
    const accelerator = await this.#accelerator(cage, capabilities, hardware);
    const cookie = Buffer.from(this.#ports.random.bytes(8)).toString("hex");
    await using held = await heldFiles(plan, cage, { ...this.#ports, memories: this.#memories }, options);
    const { parts, needs, firmware } = await this.#argv(plan, cage, capabilities, accelerator, cookie, held.needs);
    const argv = parts.flatMap((part) => part.args);
    const resume = resumeOf(plan, needs);
    const standing = await stand({ plan, cage, capabilities, accelerator, argv, needs, firmware, ports: this.#ports, resume }, options);
    const { pid, startTicks, guard } = standing;
    return {
      drop: () => end(standing),
      go: async (final, waiting) => {
        const run: RunRecord = {
          bootId: bootId(),
          pid,
          startTicks,
          cookie,
          startedAt: new Date(this.#ports.clock.nowMs()).toISOString(),
          qemuVersion: capabilities.version,
          accelerator,
          confined: cage.confines,
          uid: guard.uid,
          hardware,
          growth: growthOf(hardware),
        };
        const beforeGuestRuns = async (): Promise<void> => await final.onLaunched?.(run);
        const launched = await letGo({ plan: final }, standing, { signal: waiting.signal, beforeGuestRuns });
        return this.#machine(final, run, cage, capabilities, launched, isolationOf(run, guard));
      },
    };
  }

  async mould(plan: BootPlan, to: SavedState & { readonly memoryPath: string }, options: LongWork): Promise<{ memorySha256: string }> {
    const cage = await this.cage();
    const capabilities = await this.#capabilitiesFor(plan.record.hardware, options);
    const { hardware } = plan.record;
    const accelerator = await this.#accelerator(cage, capabilities, hardware);
    const folder = `${this.#ports.stateDirectory}/tmp`;
    await using memory = await freshMemory(hardware.memoryMiB * 1024 ** 2, folder, cage);
    const extra: FileNeed[] = [{ key: "memory", path: to.memoryPath, writable: true, held: memory.fd }];
    const cookie = Buffer.from(this.#ports.random.bytes(8)).toString("hex");
    const held = { ...plan, hold: true };
    const { parts, needs, firmware } = await this.#argv(held, cage, capabilities, accelerator, cookie, extra, true);
    const argv = parts.flatMap((part) => part.args);
    const resume = { fd: fdOfNeed(needs, "state"), withoutMemory: false };
    const standing = await stand(
      { plan: held, cage, capabilities, accelerator, argv, needs, firmware, ports: this.#ports, resume },
      options,
    );
    const { pid, startTicks } = standing;
    try {
      const { clock } = this.#ports;
      await saveState(standing.session, to.statePath, { ...options, clock, withoutMemory: true, live: false, goOn: false });
    } finally {
      await end(standing);
      while (await isAlive(pid, startTicks)) await this.#ports.clock.sleep(2, { signal: AbortSignal.timeout(10_000) });
    }
    const memorySha256 = await memory.writeTo(to.memoryPath, options);
    const own = memory.take();
    if (own !== undefined) await this.#memories.adopt(to.memoryPath, own);
    return { memorySha256 };
  }

  async cool(memoryPath: string): Promise<void> {
    await this.#memories.release(memoryPath);
  }

  async adopt(plan: BootPlan, run: RunRecord, options: Waiting): Promise<RunningMachine | undefined> {
    if (run.bootId !== bootId() || !(await isAlive(run.pid, run.startTicks))) return undefined;
    if (findGuestName(await commandLineOf(run.pid))?.cookie !== run.cookie) return undefined;
    const cage = await this.cage();
    const capabilities = await this.#capabilitiesFor(plan.record.hardware, options);
    const guard = await guardOf(run.pid);
    if (guard === undefined) return undefined;
    const folder = plan.files.runDirectory;
    const limit = AbortSignal.any([options.signal, AbortSignal.timeout(5000)]);
    await using scope = new AsyncDisposableStack();
    try {
      const session = await connectQmp(`${folder}/${SOCKET.monitor}`, { signal: limit });
      scope.defer(() => session.close());
      const channels = await openChannels(run.hardware, plan, this.#ports, { signal: limit, patienceMs: 0, adopted: true });
      let status = await session.execute("query-status", {}, { signal: limit });
      if (status.status === "prelaunch") {
        // Its record was written, and the daemon ended before it could let the guest go.
        await session.execute("cont", {}, { signal: limit });
        status = await session.execute("query-status", {}, { signal: limit });
      }
      await endLeftJobs(session, this.#ports.clock);
      const hardware = await whatIsThere(session, run.hardware, plan.record.hardware, { signal: limit });
      scope.move();
      const launched: Launched = {
        pid: run.pid,
        startTicks: run.startTicks,
        guard,
        session,
        ...channels,
        child: undefined,
        logFrom: 0,
        paused: !status.running,
      };
      return this.#machine(plan, { ...run, hardware }, cage, capabilities, launched, isolationOf(run, guard));
    } catch (error) {
      options.signal.throwIfAborted();
      if (!(await isAlive(run.pid, run.startTicks))) return undefined;
      throw new MimicError("qemu.not_answering", `QEMU of ${quoted(plan.record.name)} runs but does not answer.`, {
        hint: "Is a second Mimic in charge of it? Otherwise end it: mimic kill, then start it again.",
        cause: error,
      });
    }
  }

  async sweep(knownCookies: ReadonlySet<string>, options: Waiting): Promise<number> {
    let ended = 0;
    for (const entry of await readdir("/proc")) {
      options.signal.throwIfAborted();
      if (!/^\d+$/.test(entry)) continue;
      const pid = Number(entry);
      const startTicks = await startTicksOf(pid);
      const name = findGuestName(await commandLineOf(pid));
      // bubblewrap's own process carries the same words; it ends by itself once its program has.
      if (startTicks === undefined || name === undefined || name.installation !== this.installation || knownCookies.has(name.cookie))
        continue;
      if (await killExactly(pid, startTicks)) ended++;
      this.#ports.log.warn("a QEMU that no record knows was ended", { pid });
    }
    return ended;
  }

  #machine(
    plan: BootPlan,
    run: RunRecord,
    cage: Cage,
    capabilities: QemuCapabilities,
    launched: Launched,
    isolation: Isolation,
  ): RunningMachine {
    const { files } = plan;
    return new QemuMachine({
      run,
      isolation,
      session: launched.session,
      files,
      seen: seenFolder(cage),
      seenNet: seenNetFolder(cage, files.runDirectory, files.netDirectory),
      serial: launched.serial,
      shell: launched.shell,
      agent: launched.agent,
      media: new MediaServers(cage, {
        binary: capabilities.binary,
        name: guestName(run.cookie, this.installation),
        runFolder: files.runDirectory,
        logFolder: files.logDirectory,
      }),
      child: launched.child,
      paused: launched.paused,
      logFrom: launched.logFrom,
      clock: this.#ports.clock,
      log: this.#ports.log.child({ machineId: plan.record.id }),
    });
  }

  async #accelerator(cage: Cage, capabilities: QemuCapabilities, hardware: HardwareSpec): Promise<"kvm" | "tcg"> {
    if (!isPc(hardware)) return "tcg";
    const verdict: KvmVerdict = await this.#probe.kvm(cage, capabilities, cpuModelOf(hardware.cpuModel, "kvm"));
    return verdict.works ? "kvm" : "tcg";
  }

  async #argv(
    plan: BootPlan,
    cage: Cage,
    capabilities: QemuCapabilities,
    accelerator: "kvm" | "tcg",
    cookie: string,
    held: readonly FileNeed[] = [],
    sharedMemory = false,
  ) {
    const { record, files } = plan;
    const { hardware } = record;
    const firmware = hardware.firmware === "uefi" ? await findFirmware(hardware) : undefined;
    if (hardware.tpm && cage.tools.swtpm === undefined) throw noTpm();
    const needs = [...planFiles(plan, firmware).filter(({ key }) => !held.some((one) => one.key === key)), ...held];
    const nowMs = this.#ports.clock.nowMs();
    const run = seenFolder(cage);
    const parts = buildArgv(
      {
        record,
        hardware,
        capabilities,
        accelerator,
        fds: numberFiles(needs),
        run,
        net: seenNetFolder(cage, files.runDirectory, files.netDirectory),
        cookie,
        installation: this.installation,
        nowMs,
        zoneMinutes: -new Date(nowMs).getTimezoneOffset(),
        firmware,
        seccomp: true,
        resumes: plan.resume !== undefined,
        endsAtRestart: held.some(({ key }) => key === "kernel"),
        sharedMemory,
        encrypted: new Set(Object.keys(plan.secrets ?? {})),
      },
      (diskId) => files.disks[diskId] ?? [],
    );
    return { parts, needs, firmware };
  }
}

const fdOfNeed = (needs: readonly FileNeed[], key: string): number => numberFiles(needs).get(key) ?? -1;

const resumeOf = (plan: BootPlan, needs: readonly FileNeed[]) =>
  plan.resume && { fd: fdOfNeed(needs, "state"), withoutMemory: plan.resume.memoryPath !== undefined };

async function findFirmware(hardware: HardwareSpec): Promise<FirmwareFiles> {
  const found = chooseFirmware(await readFirmware(), hardware);
  if (found === undefined) throw noFirmware(hardware.secureBoot ? "UEFI Secure Boot" : "UEFI");
  return found;
}

function isolationOf(
  run: RunRecord,
  guard: { readonly uid: number; readonly seccomp: boolean; readonly noNewPrivileges: boolean },
): Isolation {
  return gradeIsolation({
    accelerator: run.accelerator,
    supportedBoard: isPc(run.hardware) || foreignBoard(run.hardware)?.isCovered === true,
    confined: run.confined,
    filtered: guard.seccomp && guard.noNewPrivileges,
    runsAsRoot: guard.uid === 0,
  });
}
