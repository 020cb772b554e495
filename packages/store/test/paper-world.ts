// A world of paper: the real workbench on a real data directory, with a hypervisor and a disk tool whose disks are small
// notes (place → value) in real files, to which real hard links, renames and removals happen. A machine that runs holds
// its files open, as QEMU does. So contents can be compared after the daemon was ended at any step, in milliseconds.
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IdMaker, MimicError, silentLog } from "@mimic/base";
import {
  MemoryHostUsb,
  MemoryHypervisor,
  MemoryImageStore,
  MemoryLanBridges,
  type MemoryMachine,
  MemoryNetworkStore,
  MemorySwitchFabric,
  memoryDiskTool,
  memoryImageSources,
} from "@mimic/memory";
import type { DiskSpec, HardwareSpec, MomentRecord } from "@mimic/model";
import { anImage, aSystem, countingRandom, VirtualClock } from "@mimic/testkit";
import { type AssembledWorkbench, createWorkbench } from "@mimic/workbench";
import type { BootPlan, DiskChain, DiskTool, LiveHardware } from "@mimic/workbench/ports";
import { type Layout, layoutOf } from "../src/index.ts";
import { type OpenStore, openStore } from "../src/node/index.ts";

/** What a layer holds. */
type Note = Readonly<Record<string, string>>;
const parse = (text: string): Note => (text === "" ? {} : (JSON.parse(text) as Note));
/** Top to bottom: the first that has a place says what stands there. */
const together = (notes: readonly Note[]): Note => Object.assign({}, ...notes.toReversed());
/** A layer with nothing in it is small; one with something is not, and must not be taken for one that can go. */
const written = (note: Note): string => (Object.keys(note).length === 0 ? "{}" : JSON.stringify(note).padEnd(320 * 1024));
const inWords = (note: Note): string => JSON.stringify(Object.entries(note).sort());

/** Nothing here need survive the computer, and whoever waits for a disk thousands of times waits long. */
const MEMORY = "/dev/shm";

class Killed extends Error {}

/** Counts what the daemon does to the world. Ends it before the n-th thing, or lets that one fail on a full disk. */
export class Fate {
  count = 0;
  last = "";
  #at = Number.POSITIVE_INFINITY;
  #how: "kill" | "full" = "kill";
  step = (label: string): void => {
    this.count++;
    if (this.#how === "full" ? this.count !== this.#at : this.count < this.#at) return;
    if (this.count === this.#at) this.last = label;
    throw this.#how === "full" ? Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }) : new Killed(label);
  };
  /** Something of QEMU or of the disk tool, which say it in their own words when the disk is full. */
  work = (label: string): void => {
    try {
      this.step(label);
    } catch (error) {
      if (error instanceof Killed) throw error;
      throw new MimicError("disk.full", "This computer's disk is full.", { hint: "Make room and try again." });
    }
  };
  arm(at: number, how: "kill" | "full"): void {
    this.count = 0;
    this.last = "";
    this.#at = at;
    this.#how = how;
  }
  calm(): void {
    this.#at = Number.POSITIVE_INFINITY;
  }
  get struck(): boolean {
    return this.last !== "";
  }
}

/** A file that stays open whatever becomes of its name. */
class OpenNote {
  readonly #fd: number;
  /** The end of its layer's name, when it was laid while the machine ran. */
  readonly top: string | undefined;
  constructor(path: string, name?: string) {
    this.#fd = openSync(path, "r+");
    this.top = name?.slice(-22);
  }
  read(): Note {
    const bytes = Buffer.allocUnsafe(330 * 1024);
    return parse(bytes.toString("utf8", 0, readSync(this.#fd, bytes, 0, bytes.length, 0)));
  }
  write(note: Note): void {
    ftruncateSync(this.#fd, 0);
    writeSync(this.#fd, written(note), 0);
  }
  close(): void {
    closeSync(this.#fd);
  }
}

export class PaperHypervisor extends MemoryHypervisor {
  fate = new Fate();
  /** By cookie, by disk: what it has open, top to bottom. */
  readonly open = new Map<string, Map<string, OpenNote[]>>();

  protected override async raise(plan: BootPlan, options: Parameters<MemoryHypervisor["boot"]>[1]): Promise<MemoryMachine> {
    this.fate.work("QEMU is launched");
    const machine = await super.raise(plan, options);
    this.#open(machine.run.cookie, plan);
    return machine;
  }

  guestWrites(cookie: string, place: string, value: string): void {
    for (const [own] of this.open.get(cookie)?.values() ?? []) own?.write({ ...own.read(), [place]: value });
  }
  sees(cookie: string): string {
    return [...(this.open.get(cookie)?.values() ?? [])].map((chain) => inWords(together(chain.map((one) => one.read())))).join();
  }

  #open(cookie: string, plan: BootPlan): void {
    const machine = this.alive.get(cookie);
    if (machine === undefined) throw new Error("nothing was launched");
    const chains = new Map(Object.entries(plan.files.disks).map(([id, chain]) => [id, chain.map(({ path }) => new OpenNote(path))]));
    this.open.set(cookie, chains);
    const lay: MemoryMachine["layDisks"] = async (layers) => {
      this.fate.work("QEMU takes layers");
      for (const { diskId, path, name } of layers) chains.get(diskId)?.unshift(new OpenNote(path, name));
      return { pausedMs: 1 };
    };
    machine.layDisks = lay;
    machine.save = async ({ layers, statePath, goOn }, options) => {
      this.fate.work("QEMU saves its state");
      await writeFile(statePath, "state", { flag: "wx" });
      await lay(await layers, options);
      if (!goOn) machine.happen({ kind: "paused", why: "asked" });
      return { pausedMs: 1, bytes: 5 };
    };
    machine.topLayers = async () => Object.fromEntries([...chains].map(([id, [own]]) => [id, own?.top]));
    Object.assign(
      machine.live,
      liveDisks(chains, () => this.fate),
    );
  }
}

const liveDisks = (chains: ReadonlyMap<string, OpenNote[]>, fate: () => Fate): Pick<LiveHardware, "absorb" | "moveDisk"> => ({
  async absorb({ diskId, length, into, through }) {
    const chain = chains.get(diskId) ?? [];
    if (chain.length !== length) throw new Error("the chain differs");
    fate().work("QEMU begins to take in");
    chain[into]?.write(together(chain.slice(into, through + 1).map((one) => one.read())));
    fate().work("QEMU has copied what it takes in");
    for (const one of chain.splice(into + 1, through - into)) one.close();
    fate().work("QEMU has taken in");
  },
  async moveDisk({ diskId, name, path, isWhole, atReady }) {
    const chain = chains.get(diskId) ?? [];
    fate().work("QEMU begins to copy");
    const fresh = new OpenNote(path, name);
    fresh.write(together(chain.slice(0, isWhole ? chain.length : 1).map((one) => one.read())));
    await atReady();
    fate().work("QEMU goes over to the copy");
    for (const one of chain.splice(0, isWhole ? chain.length : 1, fresh)) one.close();
    fate().work("QEMU has gone over");
  },
});

const notesOf = (chain: DiskChain): Note[] => chain.map(({ path }) => parse(readFileSync(path, "utf8")));
const put = (path: string, note: Note): void => writeFileSync(path, written(note), { flag: "wx", mode: 0o600 });

const paperTool = ({ work }: Fate): DiskTool => ({
  ...memoryDiskTool,
  async createOverlay(path, base) {
    work(`lay ${path}`);
    readFileSync(base.path);
    put(path, {});
  },
  async createEmpty(path) {
    work(`make ${path}`);
    put(path, {});
  },
  async copy(chain, to) {
    work(`copy to ${to.path}`);
    put(to.path, together(notesOf(chain)));
  },
  async rewrite(chain, to) {
    work(`rewrite to ${to}`);
    put(to, notesOf(chain)[0] ?? {});
    work("it is rewritten");
  },
  async absorb(chain, through) {
    work("take in");
    const note = together(notesOf(chain.slice(0, through + 1)));
    writeFileSync(chain[0]?.path ?? "", written(note));
    work("it is taken in");
  },
  usage: async (path) => (readFileSync(path, "utf8") === "{}" ? 1 : 1024 ** 2),
});

export class PaperWorld implements AsyncDisposable {
  readonly home: string;
  readonly layout: Layout;
  readonly hypervisor = new PaperHypervisor({ clock: new VirtualClock(), random: countingRandom() });
  readonly #ids = new IdMaker(new VirtualClock(), countingRandom());
  readonly #images = new MemoryImageStore();
  readonly #networks = new MemoryNetworkStore();
  fate = new Fate();
  workbench!: AssembledWorkbench;
  #store: OpenStore | undefined;

  private constructor(home: string) {
    this.home = home;
    this.layout = layoutOf({ data: `${home}/data`, run: `${home}/run`, cache: `${home}/cache` });
  }
  static async make(): Promise<PaperWorld> {
    const world = new PaperWorld(await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "mimic-paper-")));
    await mkdir(`${world.home}/drive`, { mode: 0o700 });
    await world.start();
    return world;
  }

  /** A daemon: the first one, or the one after. */
  async start(): Promise<void> {
    this.fate = new Fate();
    this.hypervisor.fate = this.fate;
    const { fate } = this;
    const clock = new VirtualClock();
    const store = await openStore({
      layout: this.layout,
      uid: process.getuid?.() ?? 0,
      clock,
      ids: this.#ids,
      log: silentLog,
      step: fate.step,
    });
    this.#store = store;
    const room = { hostname: "host", cpus: 2, memoryBytes: 2 ** 33, memoryFreeBytes: 2 ** 33, diskFreeBytes: 2 ** 40, load1: 0 };
    this.workbench = createWorkbench({
      ...store,
      hypervisor: this.hypervisor,
      diskTool: paperTool(fate),
      sources: memoryImageSources([aSystem()], (system) => anImage({ system, digest: "a".repeat(64) })),
      images: this.#images,
      networks: this.#networks,
      fabric: new MemorySwitchFabric(clock),
      lans: new MemoryLanBridges(),
      hostUsb: new MemoryHostUsb(),
      survey: { survey: async () => room, routes: async () => [] },
      random: countingRandom(),
      reseedProgram: new Uint8Array(1),
      clock,
      ids: this.#ids,
      log: silentLog,
      authorizedKeys: [],
      bootId: "memory",
      about: { version: "0", dataDirectory: this.layout.data, startedAt: "2026-01-01T00:00:00.000Z", browserAddress: () => undefined },
    });
    await this.workbench.bringBack({ signal: new AbortController().signal, recovered: store.recovered });
  }

  /** The daemon is no more: machines go on, nobody hears them. */
  async kill(): Promise<void> {
    this.fate.arm(1, "kill");
    // What it had given to the kernel is done; a process that is gone does nothing more.
    await new Promise((resolve) => setTimeout(resolve, 10));
    for (const machine of this.hypervisor.alive.values()) await machine.release();
    await this.#store?.close();
  }

  /** What the machine's disks show now, to its guest while it runs. */
  async shows(name: string): Promise<string> {
    const machine = await this.workbench.machines.show({ machine: name });
    if (!("hardware" in machine)) throw new Error(machine.why);
    const running = this.workbench.running(name);
    return "run" in running ? this.hypervisor.sees(running.run.cookie) : this.chainShows(machine.hardware, machine.id);
  }
  chainShows({ disks }: HardwareSpec, machineId: string, ends = false): string {
    return disks
      .map((disk) =>
        inWords(
          together([
            ...(ends ? [] : [parse(readFileSync(this.fileOf(machineId, disk), "utf8"))]),
            ...(disk.layers ?? []).map((layer) => parse(readFileSync(this.layout.layer(layer), "utf8"))),
          ]),
        ),
      )
      .join();
  }
  fileOf(machineId: string, disk: DiskSpec): string {
    const folder = disk.storage === undefined ? this.layout.machine(machineId).disks : this.layout.storage(disk.storage).machine(machineId);
    return `${folder}/${disk.head ?? disk.id}.${disk.format}`;
  }
  /** All that names layers. */
  async records(): Promise<readonly HardwareSpec[]> {
    const found: HardwareSpec[] = [];
    for (const name of await readdir(this.layout.data, { recursive: true })) {
      if (!/(machine|moment|template)\.json$/.test(name)) continue;
      const { body } = JSON.parse(await readFile(`${this.layout.data}/${name}`, "utf8")) as {
        body: { hardware?: HardwareSpec; generations?: { hardware: HardwareSpec }[] };
      };
      found.push(...(body.hardware ? [body.hardware] : []), ...(body.generations ?? []).map(({ hardware }) => hardware));
    }
    return found;
  }
  /** By name: what each moment shows. */
  async moments(machineId: string): Promise<Map<string, string>> {
    const folder = this.layout.machine(machineId).moments;
    const found = new Map<string, string>();
    for (const id of await readdir(folder).catch(() => [])) {
      const { body } = JSON.parse(await readFile(`${folder}/${id}/moment.json`, "utf8")) as { body: MomentRecord };
      found.set(body.name, this.chainShows(body.hardware, machineId, true));
    }
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    for (const chains of this.hypervisor.open.values()) for (const chain of chains.values()) for (const one of chain) one.close();
    await rm(this.home, { recursive: true, force: true });
  }
}
