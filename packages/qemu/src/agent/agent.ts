// What the workbench asks of a guest's helper, in qemu-ga's verbs. Every answer is checked before it is believed.
import { messageOf, type Waiting } from "@mimic/base";
import type { GuestAgent, GuestCommand, GuestExit } from "@mimic/workbench/ports";
import { z } from "zod";
import type { AgentPorts } from "./agent-ports.ts";
import { AGENT_LINE_BYTES, type AgentChannel } from "./channel.ts";
import { agentAbsent, agentMisbehaved, agentRefused } from "./errors.ts";
import { runInGuest, type Scratch } from "./exec.ts";
import { GuestFiles, textOf } from "./files.ts";
import { clearFreezeNote, guardFreeze } from "./freeze-guard.ts";
import { growFileSystem, onlineMemoryByItself, trimFileSystems } from "./guest-help.ts";
import { lendRunner } from "./lent-runner.ts";
import { RUNNER_PROGRAM, SCRATCH_SCRIPT } from "./scripts.ts";

const Claim = z.string().max(1000);
const HostName = z.object({ "host-name": Claim });
const OsInfo = z.object({ "pretty-name": Claim.optional(), name: Claim.optional() });
const Info = z.object({ version: Claim });
const Started = z.object({ pid: z.int().positive() });
const Count = z.int().min(0).max(100_000);
const QuickStatus = z.object({
  exited: z.boolean(),
  exitcode: z.int().optional(),
  signal: z.int().optional(),
  "out-data": z.string().max(AGENT_LINE_BYTES).optional(),
});

const FREEZE_MS = 60_000;

/** Memory before disks. */
const SCRATCH_PLACES = ["/dev/shm", "/run", "/tmp", "/var/tmp"];

const Vcpus = z.array(z.object({ "logical-id": z.int(), online: z.boolean(), "can-offline": z.boolean().optional() })).max(4096);

/** The lowest ones come into use first, the highest go out of it first; the first of all stays. Pure. */
export function vcpuSteps(known: z.infer<typeof Vcpus>, count: number): { "logical-id": number; online: boolean }[] {
  const sorted = [...known].sort((a, b) => a["logical-id"] - b["logical-id"]);
  const online = sorted.filter((cpu) => cpu.online);
  const missing = count - online.length;
  const chosen =
    missing > 0
      ? sorted.filter((cpu) => !cpu.online).slice(0, missing)
      : missing < 0
        ? online.filter((cpu) => cpu["can-offline"] !== false).slice(missing)
        : [];
  return chosen.map((cpu) => ({ "logical-id": cpu["logical-id"], online: missing > 0 }));
}

export class QemuAgent implements GuestAgent {
  readonly #channel: AgentChannel;
  readonly #ports: AgentPorts;
  readonly #files: GuestFiles;
  #scratch: Scratch | undefined;
  /** Commands since the guest began. */
  #commands = 0;
  /** How often the guest began anew. */
  #boots = 0;

  constructor(channel: AgentChannel, ports: AgentPorts) {
    this.#channel = channel;
    this.#ports = ports;
    this.#files = new GuestFiles(channel);
  }

  waitUntilReady(options: Waiting): Promise<void> {
    return this.#channel.whenSynced(options);
  }

  async ping(options: Waiting): Promise<void> {
    await this.#channel.call("guest-ping", {}, options);
  }

  async exec(command: GuestCommand, options: Waiting): Promise<GuestExit> {
    const scratch = await this.#findScratch(options);
    const boot = this.#boots;
    const isSameBoot = () => this.#boots === boot;
    return await runInGuest({ channel: this.#channel, files: this.#files, ports: this.#ports, scratch, isSameBoot }, command, options);
  }

  async talk(pipes: Parameters<GuestAgent["talk"]>[0], message: Uint8Array, options: Waiting): Promise<Uint8Array | undefined> {
    return await this.#files.talk(pipes, message, options);
  }

  readFile(path: string, options: Waiting): AsyncIterable<Uint8Array> {
    return this.#files.read(path, options);
  }

  async writeFile(path: string, bytes: AsyncIterable<Uint8Array>, options: Waiting): Promise<void> {
    await this.#files.write(path, bytes, options);
  }

  async describe(options: Waiting): Promise<Awaited<ReturnType<GuestAgent["describe"]>>> {
    const ask = async <T>(command: string, schema: z.ZodType<T>): Promise<T | undefined> => {
      try {
        return schema.safeParse(await this.#channel.call(command, {}, options)).data;
      } catch (error) {
        options.signal.throwIfAborted();
        this.#ports.log.debug("the guest did not say", { command, error: messageOf(error) });
        return undefined;
      }
    };
    const info = await ask("guest-info", Info);
    if (info === undefined && !this.#channel.synced) throw agentAbsent("it said nothing about itself");
    const os = await ask("guest-get-osinfo", OsInfo);
    const host = await ask("guest-get-host-name", HostName);
    return { system: os?.["pretty-name"] ?? os?.name, hostname: host?.["host-name"], agentVersion: info?.version };
  }

  async useCpus(count: number, options: Waiting): Promise<number> {
    const ask = async () => Vcpus.safeParse(await this.#channel.call("guest-get-vcpus", {}, options)).data;
    const known = await ask();
    if (known === undefined) throw agentMisbehaved("a list of processors that makes no sense");
    const vcpus = vcpuSteps(known, count);
    if (vcpus.length > 0) await this.#channel.call("guest-set-vcpus", { vcpus }, options);
    return (await ask())?.filter((cpu) => cpu.online).length ?? count;
  }

  async useNewMemory(options: Waiting): Promise<void> {
    await onlineMemoryByItself(this, options);
  }

  async trim(options: Waiting): Promise<string> {
    return await trimFileSystems(this, options);
  }

  async growFileSystem(diskId: string, options: Waiting): Promise<string | undefined> {
    return await growFileSystem(this, diskId, options);
  }

  async freeze(options: Waiting): Promise<number> {
    return await this.#count("guest-fsfreeze-freeze", options);
  }

  async thaw(options: Waiting): Promise<number> {
    return await this.#count("guest-fsfreeze-thaw", options);
  }

  async guardFreeze(afterSeconds: number, options: Waiting): Promise<boolean> {
    return await guardFreeze({ channel: this.#channel, files: this.#files, ports: this.#ports }, afterSeconds, options);
  }

  async endGuards(options: Waiting): Promise<void> {
    await clearFreezeNote(this.#files, options);
  }

  /** As long as `signal` allows: a freeze waits for the guest's disks. */
  async #count(command: string, options: Waiting): Promise<number> {
    const count = Count.safeParse(await this.#channel.call(command, {}, { ...options, timeoutMs: FREEZE_MS }));
    if (!count.success) throw agentMisbehaved("a number of file systems that is none");
    return count.data;
  }

  /** Only when it has answered before: otherwise the words would wait and switch off a later boot. */
  askToShutDown(): void {
    if (this.#channel.synced) this.#channel.shout("guest-shutdown", { mode: "powerdown" });
  }

  guestWasReset(): void {
    this.#scratch = undefined;
    this.#commands = 0;
    this.#boots++;
    this.#channel.beganAnew();
  }

  close(): void {
    this.#channel.ended("the connection was closed");
  }

  async quick(command: Parameters<GuestAgent["quick"]>[0], options: Waiting): Promise<{ readonly code: number; readonly out: string }> {
    const { program, args, input } = command;
    const question = {
      path: program,
      arg: args,
      "capture-output": true,
      ...(input && { "input-data": btoa(String.fromCharCode(...input)) }),
    };
    const started = Started.safeParse(await this.#channel.call("guest-exec", question, options));
    if (!started.success) throw agentMisbehaved("no process number");
    for (let wait = 1; ; wait = Math.min(100, wait * 1.6)) {
      const status = QuickStatus.safeParse(await this.#channel.call("guest-exec-status", { pid: started.data.pid }, options)).data;
      if (status === undefined) throw agentMisbehaved("a status that makes no sense");
      if (status.exited) return { code: status.exitcode ?? 128 + (status.signal ?? 0), out: textOf(status["out-data"]) };
      await this.#ports.clock.sleep(wait, options);
    }
  }

  async #findScratch(options: Waiting): Promise<Scratch> {
    const boot = this.#boots;
    const isSecond = ++this.#commands === 2;
    let scratch = this.#scratch ?? (await this.#makeScratch(options));
    if (isSecond && scratch.runner === undefined)
      scratch = { ...scratch, runner: await lendRunner(this, scratch.folder, this.#ports, options) };
    if (this.#boots === boot) this.#scratch = scratch;
    return scratch;
  }

  /**
   * A folder of our own in the guest for short-lived files, made once per boot: what commands read and say must be readable
   * and changeable by nobody else there, and the agent makes files that everybody may write.
   */
  async #makeScratch(options: Waiting): Promise<Scratch> {
    const name = `.mimic-${Array.from(this.#ports.random.bytes(16), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    const { out } = await this.quick({ program: "/bin/sh", args: ["-c", SCRATCH_SCRIPT, "mimic", name, ...SCRATCH_PLACES] }, options);
    const [said, runner] = out.split("\n");
    const folder = SCRATCH_PLACES.map((place) => `${place}/${name}`).find((known) => known === said);
    if (folder === undefined)
      throw agentRefused("guest-exec", `no folder for a command's output could be made in ${SCRATCH_PLACES.join(", ")}`);
    return { folder, runner: runner === "runner" ? RUNNER_PROGRAM : undefined };
  }
}
