// What the workbench needs from whatever runs machines. Implemented by packages/qemu (QEMU) and
// packages/memory (a pretend one that keeps the same contract).
import type { LongWork, Secret, Waiting } from "@mimic/base";
import type { Accelerator, Finding, HardwareSpec, Isolation, MachineRecord, NicSpec, RunRecord } from "@mimic/model";
import type { GuestAgent } from "./guest-agent.ts";
import type { LiveHardware } from "./live-hardware.ts";

export interface HypervisorFacts {
  /** “7.2.22” */
  readonly version: string;
  readonly accelerator: Accelerator;
  /** The host's processor, in its maker's words. */
  readonly processor: string;
  /** Why this accelerator and no better one, in plain words. */
  readonly because: string;
  /** Whether machines are caged here, and in what they are not. */
  readonly confinement: { readonly works: boolean; readonly because: string };
}

/** Everything about a machine's files that its hypervisor may touch; absolute paths, made by the store. */
export interface MachineFiles {
  /** 0700 and short (sockets live here); emptied before each boot. The only folder that QEMU sees. */
  readonly runDirectory: string;
  /** 0700: `<nic id>.sock` per network card, and nothing else. The switch process sees it too. Absent = no cards, ever. */
  readonly netDirectory?: string | undefined;
  readonly logDirectory: string;
  /** UEFI variables and TPM state. */
  readonly nvramDirectory: string;
  /** Per disk: its own file, then the images under it, top to bottom. */
  readonly disks: Readonly<Record<string, readonly { readonly path: string; readonly format: "qcow2" | "raw" }[]>>;
  /** Per drive slot: the raw file of its medium. Absent = empty drive. */
  readonly media: Readonly<Record<string, string>>;
  /** For direct boot. */
  readonly kernel?: string | undefined;
  readonly initrd?: string | undefined;
}

export interface BootPlan {
  readonly record: MachineRecord;
  readonly files: MachineFiles;
  /**
   * Called when the hypervisor's process is there and the guest has not run yet; the guest runs once it has
   * resolved. So the record of a run is on the disk before anything in the guest can happen.
   */
  readonly onLaunched?: ((run: RunRecord) => Promise<void>) | undefined;
  /** Goes on from here instead of being switched on. The hardware must be the very one that was saved. */
  readonly resume?: SavedState | undefined;
  /** Leave it standing still: `resume` lets it go. */
  readonly hold?: boolean | undefined;
  /** Per disk: the key that its own file is encrypted with. It exists in memory only. */
  readonly secrets?: Readonly<Record<string, Secret>> | undefined;
  /**
   * A restart of the guest ends it. Only for one that goes on from memory and has its kernel there: then what it would
   * begin from again (tens of megabytes for each) need not be held ready.
   */
  readonly endsAtRestart?: boolean | undefined;
  /** Its consoles are not written to files: what it forgets, or is to vanish with it, shall not stay there. */
  readonly traceless?: boolean | undefined;
}

/** Memory and devices at one moment. */
export interface SavedState {
  /** Devices, and the memory too when `memoryPath` is absent. */
  readonly statePath: string;
  /** The memory as a file of exactly its size; shared between all that go on from it, and never changed. */
  readonly memoryPath?: string | undefined;
}

/** One argument group of the hypervisor's command line and the reason for it. */
export interface ExplainedPart {
  readonly args: readonly string[];
  readonly because: string;
}

export interface Hypervisor {
  /** Measured once per boot of this computer and hypervisor binary, then remembered. Throws `qemu.missing`, `qemu.too_old`. */
  facts(options: Waiting): Promise<HypervisorFacts>;
  /** For `mimic doctor`: asks anew. */
  diagnose(options: Waiting): Promise<readonly Finding[]>;
  /** Fills in what must be pinned for ever (the versioned machine type). Pure on the record; may probe once. */
  pin(hardware: HardwareSpec, options: Waiting): Promise<HardwareSpec>;
  /**
   * What board and processor of this hardware are called here and now. A pinned board that is gone is answered with the
   * newest of its kind. Throws `qemu.*` where there is no such processor at all.
   */
  namesHere(hardware: HardwareSpec, options: Waiting): Promise<{ readonly machineType: string; readonly cpuModel: string }>;
  /** What it would be started with, without starting it. */
  explain(plan: BootPlan, options: Waiting): Promise<readonly ExplainedPart[]>;
  /**
   * Starts it. Resolves once the guest's processors run and every channel is being listened to.
   * On a throw (or abort) nothing is left running. Throws `qemu.*`.
   */
  boot(plan: BootPlan, options: LongWork): Promise<RunningMachine>;
  /**
   * Makes a start ready while the machine's present process is still there; its guest has not run. Undefined where that cannot
   * be here: then `boot` when the time has come. Not for machines with UEFI variables or a TPM. Throws as `boot`.
   */
  prepare(plan: BootPlan, options: LongWork): Promise<ReadyStart | undefined>;
  /**
   * Turns a saved state (`plan.resume`, with memory) into a template's: the memory as a file of its own, which all that
   * go on from it share, and devices apart from it. No guest runs meanwhile. Throws `moment.*`, `disk.full`, `qemu.*`.
   */
  mould(plan: BootPlan, to: SavedState & { readonly memoryPath: string }, options: LongWork): Promise<{ readonly memorySha256: string }>;
  /** Gives back what is held in memory of that file. Machines that go on from it keep theirs. */
  cool(memoryPath: string): Promise<void>;
  /** Finds one that an earlier daemon started; undefined when it is gone. Never pauses the guest. */
  adopt(plan: BootPlan, run: RunRecord, options: Waiting): Promise<RunningMachine | undefined>;
  /**
   * Ends hypervisor processes of this installation that no record knows: a daemon was ended between launch
   * and record, so their guests never ran. Returns how many.
   */
  sweep(knownCookies: ReadonlySet<string>, options: Waiting): Promise<number>;
}

/** A process that stands ready. Disposed without `go` it is ended, and nothing of it is left. */
export interface ReadyStart extends AsyncDisposable {
  /** Once the machine's process before it is gone: as `boot`, with what the plan said. */
  go(onLaunched: BootPlan["onLaunched"], options: Waiting): Promise<RunningMachine>;
}

export type MachineNews =
  | { readonly kind: "paused"; readonly why: "asked" | "diskFull" | "diskError" | "guestPanicked" }
  | { readonly kind: "resumed" }
  | { readonly kind: "shutDown" }
  | { readonly kind: "reset" }
  | { readonly kind: "mediumChanged"; readonly slot: string; readonly open: boolean }
  /** The process is gone. `expected` = it said before that it shuts down, or `end` was called. */
  | { readonly kind: "exited"; readonly expected: boolean; readonly why: string; readonly lastWords: string };

/** A running machine. Owned by its mailbox; `release` lets go of it and leaves it running. */
export interface RunningMachine {
  /** Its hardware is what it has now: changes through `live` show here. */
  readonly run: RunRecord;
  readonly live: LiveHardware;
  readonly isolation: Isolation;
  readonly paused: boolean;
  readonly agent: GuestAgent | undefined;
  readonly serial: readonly SerialPort[];
  /** The shell channel (virtio console), where the machine has one. */
  readonly shell: SerialPort | undefined;
  /** Unix sockets for the display (RFB) that the daemon may connect to; any number of clients. */
  readonly displaySocket: string | undefined;
  readonly hasSound: boolean;
  listen(hear: (news: MachineNews) => void): Disposable;
  /** Asks the guest to shut down: through its agent when that answers, and by the power button. */
  pressPowerButton(options: Waiting): Promise<void>;
  pause(options: Waiting): Promise<void>;
  resume(options: Waiting): Promise<void>;
  reset(options: Waiting): Promise<void>;
  /** Ends it at once, like pulling the plug; resolves when the process is gone. Idempotent. */
  end(options: Waiting): Promise<void>;
  /** PNG, at most 8192 × 8192. */
  screenshot(options: Waiting): Promise<Uint8Array>;
  /** The characters of a text-mode screen, 80 × 25 lines; undefined when the screen is not in text mode. */
  screenText(options: Waiting): Promise<string | undefined>;
  /** Chords in QEMU's key names, e.g. [["ctrl","alt","delete"]]. Throws `input.unknown_key`. */
  press(chords: readonly (readonly string[])[], options: Waiting): Promise<void>;
  /** US layout. Throws `input.unknown_key` for characters that have no key, before anything is typed. */
  type(text: string, options: Waiting): Promise<void>;
  /** Moves its mouse and presses its buttons, as seen by systems that know no tablet. */
  point(move: PointerMove, options: Waiting): Promise<void>;
  /** Adds a network card; its socket listens once “now” is answered, and `run.hardware` has it. “nextStart” = this board cannot while it runs. */
  plugNic(nic: NicSpec, options: Waiting): Promise<"now" | "nextStart">;
  /** Takes it out once the guest has let go. Throws `nic.cannot_unplug`; what is not there is out already. */
  unplugNic(nicId: string, options: Waiting): Promise<"now" | "nextStart">;
  /** Pulls the cable or puts it back: the guest sees its carrier go and come. */
  setLink(nicId: string, up: boolean, options: Waiting): Promise<void>;
  /** `path` undefined = take it out. */
  changeMedium(slot: string, path: string | undefined, options: Waiting): Promise<void>;
  /** Totals since the start, for graphs. */
  usage(
    options: Waiting,
  ): Promise<{ readonly cpuMs: number; readonly memoryBytes: number; readonly diskReadBytes: number; readonly diskWriteBytes: number }>;
  /**
   * Bytes that would be free again if it ended: pages of its own, not what it shares with a template or with others.
   * Undefined where this computer does not say.
   */
  ownMemory(options: Waiting): Promise<number | undefined>;
  /**
   * Writes memory and devices to `statePath` (new). `live`: the guest runs meanwhile and stands still only at the end;
   * `layers` are laid over its disks at that very moment. Throws `moment.not_saved`, `disk.full`.
   */
  save(wish: SaveWish, options: Waiting): Promise<{ readonly pausedMs: number; readonly bytes: number }>;
  /** Lays fresh layers over disks, all at one moment: what was written until then stays as it is from now on. */
  layDisks(layers: readonly NewLayer[], options: Waiting): Promise<{ readonly pausedMs: number }>;
  /** Gets fresh layers ready, so that laying them is one quick order. Nothing is changed before. */
  readyDisks(layers: readonly NewLayer[], options: Waiting): Promise<ReadyDisks>;
  /** A saving that an earlier daemon began and never ended is given up; `goOn` when its guest stands still for that alone. */
  stopSaving(wish: { readonly goOn: boolean }, options: Waiting): Promise<void>;
  /** Per disk: the name of the layer that it writes to now; undefined = the file it was started with. */
  topLayers(options: Waiting): Promise<Readonly<Record<string, string | undefined>>>;
  release(): Promise<void>;
}

/** What a mouse did since the last word of it. */
export interface PointerMove {
  /** Counts of the mouse, to the right and downwards. */
  readonly dx: number;
  readonly dy: number;
  /** Held now: 1 = left, 2 = right, 4 = middle; undefined = as before. */
  readonly buttons?: number | undefined;
  /** Notches of the wheel, downwards. */
  readonly wheel: number;
}

export interface SaveWish {
  readonly statePath: string;
  readonly live: boolean;
  /** Let it go on afterwards; false leaves it standing still. */
  readonly goOn: boolean;
  /** They may still be on their way: where it stands still anyway, its memory is written meanwhile. */
  readonly layers: readonly NewLayer[] | Promise<readonly NewLayer[]>;
  /** For several that stand still together: awaited when all of its memory is written once, while it goes on… */
  readonly whenWritten?: (() => Promise<void>) | undefined;
  /** …and while it stands still, before its disks are switched. */
  readonly atPause?: (() => Promise<void>) | undefined;
}

export interface ReadyDisks {
  lay(): Promise<void>;
  /** When `lay` is not called, or has failed. */
  forget(): Promise<void>;
}

/** An empty qcow2 file, made already over what the disk writes to now. */
export interface NewLayer {
  readonly diskId: string;
  /** Its last 22 characters name the node in QEMU. */
  readonly name: string;
  readonly path: string;
}

/** A text channel of the guest. History is bounded (1 MiB) and survives viewers coming and going. */
export interface SerialPort {
  history(): Uint8Array;
  /** Bytes as they come. A slow listener must drop by itself: this is never held back. */
  listen(hear: (bytes: Uint8Array) => void): Disposable;
  write(bytes: Uint8Array): void;
}
