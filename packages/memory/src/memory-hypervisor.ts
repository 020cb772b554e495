// A pretend hypervisor that keeps the contract of the real one: nothing runs, but power, agent, consoles
// and every piece of news behave as they do there. For tests and for pages without a daemon.
import { type Clock, MimicError, type Random } from "@mimic/base";
import { gradeIsolation, growthOf, type NicSpec, type RunRecord } from "@mimic/model";
import type {
  BootPlan,
  GuestAgent,
  Hypervisor,
  LiveHardware,
  MachineNews,
  PointerMove,
  ReadyStart,
  RunningMachine,
  SerialPort,
} from "@mimic/workbench/ports";
import { memoryLive } from "./memory-live.ts";

export interface MemoryHypervisorOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** What the next boots do: run (the rule), fail, or wait for `signal` for ever. */
  behaviour?: "run" | "fail" | "hang";
  /** Whether the guest obeys its power button. */
  obeys?: boolean;
  /** Whether the guest lets go of devices that are pulled out. */
  letsGo?: boolean;
  /** Whether the agent ever answers. */
  answers?: boolean;
  /** What the guest does when it is asked to hold its file systems still. */
  freezes?: "yes" | "refuses" | "never answers";
  /** Whether saving memory ends well; its disks are switched before. */
  saves?: boolean;
  /** Whether fresh layers are taken. */
  lays?: (run: RunRecord) => boolean;
  /** What the guest says to a small command. */
  says?: { readonly code: number; readonly out: string };
  /** What each machine takes for itself. */
  ownBytes?: number;
  /** What it calls itself: another one cannot go on from what this one saved. */
  version?: string;
}

const notSaved = () => new MimicError("moment.not_saved", "The pretend machine was told to fail.", { hint: "Tell it not to." });

export class MemoryHypervisor implements Hypervisor {
  readonly options: MemoryHypervisorOptions;
  /** By cookie: what would still run if the daemon went away. */
  readonly alive = new Map<string, MemoryMachine>();
  constructor(options: MemoryHypervisorOptions) {
    this.options = options;
  }

  facts: Hypervisor["facts"] = async () => ({
    version: this.options.version ?? "0.0.0",
    accelerator: "tcg",
    processor: "",
    because: "nothing real runs here",
    confinement: { works: true, because: "nothing real runs here" },
  });
  diagnose: Hypervisor["diagnose"] = async () => [
    {
      id: "memory",
      title: "Pretend machines",
      state: "limited",
      found: "Machines here are pretended.",
      mend: "Use the real Mimic to run machines.",
    },
  ];
  pin: Hypervisor["pin"] = async (hardware) => ({
    ...hardware,
    machineType: hardware.machineType ?? (hardware.board === "q35" ? "pc-q35-0.0" : "pc-i440fx-0.0"),
  });
  namesHere: Hypervisor["namesHere"] = async (hardware) => ({
    machineType: (await this.pin({ ...hardware, machineType: undefined }, { signal: new AbortController().signal })).machineType ?? "",
    cpuModel: hardware.cpuModel,
  });
  explain: Hypervisor["explain"] = async (plan) => [{ args: ["pretend", plan.record.name], because: "nothing real runs here" }];
  sweep: Hypervisor["sweep"] = async (known) => {
    const strays = [...this.alive.keys()].filter((cookie) => !known.has(cookie));
    for (const cookie of strays) this.alive.delete(cookie);
    return strays.length;
  };
  async boot(plan: BootPlan, options: { signal: AbortSignal }): Promise<MemoryMachine> {
    const machine = await this.raise(plan, options);
    await plan.onLaunched?.(machine.run);
    return machine;
  }

  async prepare(plan: BootPlan, options: { signal: AbortSignal }): Promise<ReadyStart> {
    const machine = await this.raise(plan, options);
    let isTaken = false;
    return {
      go: async (onLaunched) => {
        isTaken = true;
        await onLaunched?.(machine.run);
        return machine;
      },
      [Symbol.asyncDispose]: async () => {
        if (!isTaken) this.alive.delete(machine.run.cookie);
      },
    };
  }

  /** It is there; nobody has heard of it yet. */
  protected async raise(plan: BootPlan, { signal }: { signal: AbortSignal }): Promise<MemoryMachine> {
    const { clock, random, behaviour = "run" } = this.options;
    if (behaviour === "fail")
      throw new MimicError("qemu.exited_early", `The pretend machine “${plan.record.name}” was told to fail.`, { hint: "Tell it to run." });
    if (behaviour === "hang") await clock.sleep(2 ** 31 - 1, { signal });
    signal.throwIfAborted();
    const cookie = [...random.bytes(8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const run: RunRecord = {
      bootId: "memory",
      pid: 1 + this.alive.size,
      startTicks: "1",
      cookie,
      startedAt: new Date(clock.nowMs()).toISOString(),
      qemuVersion: "0.0.0",
      accelerator: "tcg",
      confined: true,
      uid: 1000,
      hardware: plan.record.hardware,
      growth: growthOf(plan.record.hardware),
    };
    const machine = new MemoryMachine(run, this.options, () => this.alive.delete(cookie));
    this.alive.set(cookie, machine);
    return machine;
  }

  mould: Hypervisor["mould"] = async () => ({ memorySha256: "0".repeat(64) });
  cool: Hypervisor["cool"] = async () => {};
  adopt: Hypervisor["adopt"] = async (_plan, run) => this.alive.get(run.cookie);
}

export class MemoryMachine implements RunningMachine {
  run: RunRecord;
  /** Cards whose cable is out, as the guest sees it. */
  readonly unlinked = new Set<string>();
  readonly live: LiveHardware;
  readonly isolation = gradeIsolation({ accelerator: "tcg", supportedBoard: true, confined: true, filtered: true, runsAsRoot: false });
  readonly agent: GuestAgent | undefined;
  readonly serial: readonly SerialPort[] = [new MemorySerial()];
  readonly shell = undefined;
  readonly displaySocket = undefined;
  readonly hasSound = false;
  paused = false;
  readonly pressed: string[][] = [];
  readonly typed: string[] = [];
  readonly media = new Map<string, string | undefined>();
  readonly tops = new Map<string, string>();
  /** Whether its guest holds its file systems still, and whether it did when layers were laid last. */
  frozen = false;
  wasFrozen = false;
  wasGuarded = false;
  /** After how long it lets them go by itself; undefined = it does not. */
  guardedSeconds: number | undefined;
  readonly #listeners = new Set<(news: MachineNews) => void>();
  readonly #options: MemoryHypervisorOptions;
  readonly #gone: () => void;
  #over = false;

  constructor(run: RunRecord, options: MemoryHypervisorOptions, gone: () => void) {
    this.run = run;
    this.live = memoryLive({
      hardware: () => this.run.hardware,
      changed: (hardware) => {
        this.run = { ...this.run, hardware };
      },
      letsGo: () => options.letsGo !== false,
    });
    this.#options = options;
    this.#gone = gone;
    this.agent = run.hardware.agent ? new MemoryAgent(options, this) : undefined;
  }

  listen(hear: (news: MachineNews) => void): Disposable {
    this.#listeners.add(hear);
    return { [Symbol.dispose]: () => this.#listeners.delete(hear) };
  }
  /** Lets anything happen to it, as a guest or a broken host would. */
  happen(news: MachineNews): void {
    if (news.kind === "paused") this.paused = true;
    if (news.kind === "resumed") this.paused = false;
    if (news.kind === "exited") {
      this.#over = true;
      this.#gone();
    }
    for (const hear of [...this.#listeners]) hear(news);
  }
  async pressPowerButton(): Promise<void> {
    if (this.#options.obeys === false) return;
    this.happen({ kind: "shutDown" });
    this.happen({ kind: "exited", expected: true, why: "the guest shut down", lastWords: "" });
  }
  async pause(): Promise<void> {
    this.happen({ kind: "paused", why: "asked" });
  }
  async resume(): Promise<void> {
    this.happen({ kind: "resumed" });
  }
  async reset(): Promise<void> {
    this.happen({ kind: "reset" });
  }
  async end(): Promise<void> {
    if (!this.#over) this.happen({ kind: "exited", expected: true, why: "it was ended", lastWords: "" });
  }
  async screenshot(): Promise<Uint8Array> {
    return Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="), (char) =>
      char.charCodeAt(0),
    );
  }
  async screenText(): Promise<string | undefined> {
    return undefined;
  }
  readonly pointed: PointerMove[] = [];
  async point(move: PointerMove): Promise<void> {
    this.pointed.push(move);
  }
  async press(chords: readonly (readonly string[])[]): Promise<void> {
    for (const chord of chords) this.pressed.push([...chord]);
  }
  async type(text: string): Promise<void> {
    this.typed.push(text);
  }
  async plugNic(nic: NicSpec): Promise<"now" | "nextStart"> {
    if (nic.model === "ne2k_isa") return "nextStart";
    this.#setNics([...this.run.hardware.nics, nic]);
    return "now";
  }
  async unplugNic(nicId: string): Promise<"now" | "nextStart"> {
    this.#setNics(this.run.hardware.nics.filter(({ id }) => id !== nicId));
    return "now";
  }
  #setNics(nics: NicSpec[]): void {
    this.run = { ...this.run, hardware: { ...this.run.hardware, nics } };
  }
  async setLink(nicId: string, up: boolean): Promise<void> {
    if (up) this.unlinked.delete(nicId);
    else this.unlinked.add(nicId);
  }
  async changeMedium(slot: string, path: string | undefined): Promise<void> {
    this.media.set(slot, path);
    this.happen({ kind: "mediumChanged", slot, open: path === undefined });
  }
  save: RunningMachine["save"] = async ({ goOn, layers, whenWritten, atPause }) => {
    await whenWritten?.();
    await atPause?.();
    for (const layer of await layers) this.tops.set(layer.diskId, layer.name);
    if (this.#options.saves === false) throw notSaved();
    if (!goOn) this.happen({ kind: "paused", why: "asked" });
    return { pausedMs: 1, bytes: 0 };
  };
  layDisks: RunningMachine["layDisks"] = async (layers) => {
    this.wasFrozen = this.frozen;
    this.wasGuarded = this.guardedSeconds !== undefined;
    for (const layer of layers) this.tops.set(layer.diskId, layer.name);
    return { pausedMs: 1 };
  };
  stopSaving: RunningMachine["stopSaving"] = async ({ goOn }) => {
    if (goOn && this.paused) this.happen({ kind: "resumed" });
  };
  readyDisks: RunningMachine["readyDisks"] = async (layers) => ({
    lay: async () => {
      if (this.#options.lays?.(this.run) === false) throw notSaved();
      this.wasFrozen = this.frozen;
      for (const layer of layers) this.tops.set(layer.diskId, layer.name);
    },
    forget: async () => {},
  });
  topLayers: RunningMachine["topLayers"] = async () => Object.fromEntries(this.tops);
  async usage() {
    return { cpuMs: 0, memoryBytes: 0, diskReadBytes: 0, diskWriteBytes: 0 };
  }
  ownMemory: RunningMachine["ownMemory"] = async () => this.#options.ownBytes ?? 20 * 1024 ** 2;
  async release(): Promise<void> {
    this.#listeners.clear();
  }
}

export class MemorySerial implements SerialPort {
  #history: Uint8Array = new Uint8Array();
  readonly #listeners = new Set<(bytes: Uint8Array) => void>();
  readonly written: Uint8Array[] = [];
  history(): Uint8Array {
    return this.#history;
  }
  listen(hear: (bytes: Uint8Array) => void): Disposable {
    this.#listeners.add(hear);
    return { [Symbol.dispose]: () => this.#listeners.delete(hear) };
  }
  write(bytes: Uint8Array): void {
    this.written.push(bytes);
  }
  /** As if the guest had written it. */
  say(text: string): void {
    const bytes = new TextEncoder().encode(text);
    const joined = new Uint8Array(this.#history.length + bytes.length);
    joined.set(this.#history);
    joined.set(bytes, this.#history.length);
    this.#history = joined;
    for (const hear of [...this.#listeners]) hear(bytes);
  }
}

class MemoryAgent implements GuestAgent {
  readonly #options: MemoryHypervisorOptions;
  readonly #files = new Map<string, Uint8Array>();
  readonly #machine: MemoryMachine;
  constructor(options: MemoryHypervisorOptions, machine: MemoryMachine) {
    this.#options = options;
    this.#machine = machine;
  }
  freeze: GuestAgent["freeze"] = async ({ signal }) => {
    const { freezes = "yes", clock } = this.#options;
    if (freezes === "refuses")
      throw new MimicError("agent.refused", "The guest agent refused: fsfreeze is not allowed.", { hint: "Allow it there." });
    // Given up or not: a guest that is slow freezes all the same.
    this.#machine.frozen = true;
    if (freezes === "never answers") await clock.sleep(2 ** 31 - 1, { signal });
    return 1;
  };
  thaw: GuestAgent["thaw"] = async () => {
    this.#machine.frozen = false;
    return 1;
  };
  guardFreeze: GuestAgent["guardFreeze"] = async (afterSeconds) => {
    this.#machine.guardedSeconds = afterSeconds;
    return true;
  };
  endGuards: GuestAgent["endGuards"] = async () => {
    this.#machine.guardedSeconds = undefined;
  };
  async waitUntilReady({ signal }: { signal: AbortSignal }): Promise<void> {
    if (this.#options.answers === false) await this.#options.clock.sleep(2 ** 31 - 1, { signal });
  }
  ping: GuestAgent["ping"] = async () => {};
  exec: GuestAgent["exec"] = async (command) => {
    await command.onStdout(new TextEncoder().encode([command.program, ...command.args].join(" ")));
    return { kind: "exited", code: 0 };
  };
  useCpus: GuestAgent["useCpus"] = async (count) => count;
  useNewMemory: GuestAgent["useNewMemory"] = async () => {};
  growFileSystem: GuestAgent["growFileSystem"] = async () => "The guest says: the file system at / has grown too.";
  trim: GuestAgent["trim"] = async () => "The guest says: 1 MiB at / was not used.";
  talk: GuestAgent["talk"] = async () => new TextEncoder().encode("random time name \n");
  quick: GuestAgent["quick"] = async () => this.#options.says ?? { code: 0, out: "random\nname\ntime\n" };
  async *readFile(path: string): AsyncGenerator<Uint8Array> {
    const bytes = this.#files.get(path);
    if (!bytes) throw new MimicError("agent.refused", `The guest has no file ${path}.`, { hint: "Check the path." });
    yield bytes;
  }
  writeFile: GuestAgent["writeFile"] = async (path, bytes) => {
    const parts: Uint8Array[] = [];
    for await (const part of bytes) parts.push(part);
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    this.#files.set(path, all);
  };
  describe: GuestAgent["describe"] = async () => ({ system: "Pretend system", hostname: "pretend", agentVersion: "0" });
}
