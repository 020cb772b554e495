// The workbench as its doors see it: one function per verb, the same words as the API.
// A verb answers with its result or a Refusal, and throws a MimicError when the world failed.
// `createWorkbench` in assemble.ts makes one from the ports.
import type { Refusal } from "@mimic/base";
import type {
  Diagnosis,
  DiskBus,
  DiskLimits,
  Era,
  Event,
  HardwareChangeReport,
  HardwareRow,
  HardwareSpec,
  HostUsbView,
  HostView,
  ImageKind,
  ImageView,
  JobView,
  LanView,
  LoadSample,
  MachineView,
  MomentComparison,
  MomentRetentionView,
  MomentRoutineView,
  MomentView,
  StorageView,
  StreamLagged,
  SystemView,
  TemplateVerification,
  TemplateView,
  TimetableStep,
  TrashView,
  UsbDevice,
} from "@mimic/model";
import type { NetworkVerbs, NicVerbs } from "./network-workbench.ts";
import type { RunningMachine } from "./ports/index.ts";
import type { MomentChange, MomentWish, RoutineWish, RunWish, TemplateWish, TogetherWish } from "./wishes.ts";

type Answer<T> = Promise<T | Refusal>;
type HardwareWish = Partial<Omit<HardwareSpec, "disks" | "drives" | "nics" | "usb" | "directBoot" | "machineType">>;
/** `image` = over an image of kind disk; its size is the least. */
type AddDiskWish = {
  bus?: DiskBus | undefined;
  sizeBytes?: number | undefined;
  limits?: DiskLimits | undefined;
  image?: string | undefined;
};
type DiskWish = { bus?: DiskBus | undefined; sizeBytes: number; limits?: DiskLimits | undefined };
type OfMachine = { machine: string };
type OfDisk = OfMachine & { disk: string };
type Started = { job: JobView };

export interface CreateWish {
  name: string;
  system?: string | undefined;
  image?: string | undefined;
  /** Over the newest generation of a template; on from where it was, when that can be. */
  template?: string | undefined;
  /** Of a template: its system begins at each start with the newest generation, and only disks of its own stay. */
  follow?: boolean | undefined;
  /** Size of a disk for what people keep, which stays; such a machine follows its template. */
  homeBytes?: number | undefined;
  hardware?: HardwareWish | undefined;
  /** A computer of that year; what else is wished for counts more. */
  era?: Era | undefined;
  diskBytes?: number | undefined;
  moreDisks?: DiskWish[] | undefined;
  fullCopy?: boolean | undefined;
  /** Where its network card is plugged in; null = no card, undefined = the network “home”. */
  network?: string | null | undefined;
  /** Over an image of kind boot: its kernel's command line. */
  kernelWords?: string | undefined;
  note?: string | undefined;
  start?: boolean | undefined;
}
export interface ChangeWish extends OfMachine {
  name?: string | undefined;
  note?: string | undefined;
  hardware?: HardwareWish | undefined;
  addDisk?: AddDiskWish | undefined;
  removeDisk?: string | undefined;
  growDisk?: { id: string; sizeBytes: number } | undefined;
  /** At most this much from now on; 0 = no limit. */
  limitDisk?: { id: string; bytesPerSecond?: number | undefined; operationsPerSecond?: number | undefined } | undefined;
  addDrive?: { kind: "cd" | "floppy" } | undefined;
  /** How all its disks are plugged in from the next start on. */
  bus?: DiskBus | undefined;
  addUsb?: { kind: UsbDevice["kind"] } | undefined;
  removeUsb?: string | undefined;
}
export interface TryWish extends OfMachine {
  hardware?: HardwareWish | undefined;
  bus?: DiskBus | undefined;
}
export interface StopWish extends OfMachine {
  graceMs?: number | undefined;
  thenKill?: boolean | undefined;
}

export interface Workbench {
  readonly host: {
    show(input: object): Answer<HostView>;
    diagnose(input: object): Answer<Diagnosis>;
    /** What of this computer's own network a bridged network can be joined to. */
    lan(input: object): Answer<LanView>;
    /** What is plugged into this computer's own USB sockets, and who has it. */
    usb(input: object): Answer<HostUsbView>;
  };
  readonly networks: NetworkVerbs;
  readonly machines: NicVerbs & {
    list(input: object): Answer<{ machines: MachineView[]; unreadable?: number | undefined }>;
    create(input: CreateWish): Answer<Started>;
    show(input: OfMachine): Answer<MachineView>;
    change(input: ChangeWish): Answer<MachineView & { changes: HardwareChangeReport[] }>;
    remove(input: OfMachine): Answer<TrashView>;
    /** To the newest generation of the template that it was made from; what it was is kept. */
    renew(input: OfMachine): Answer<Started>;
    clone(input: OfMachine & { name: string; full?: boolean | undefined }): Answer<Started>;
    start(input: OfMachine & { wait?: "usable" | "running" | undefined }): Answer<Started>;
    stop(input: StopWish): Answer<Started>;
    restart(input: StopWish): Answer<Started>;
    kill(input: OfMachine): Answer<MachineView>;
    pause(input: OfMachine): Answer<MachineView>;
    resume(input: OfMachine): Answer<MachineView>;
    reset(input: OfMachine): Answer<MachineView>;
    press(input: OfMachine & { keys: string[] }): Answer<object>;
    type(input: OfMachine & { text: string }): Answer<object>;
    changeMedium(input: OfMachine & { slot: string; image: string | null }): Answer<MachineView>;
    /** Refused without `agreed`: the words say what is agreed to. */
    lendUsb(input: OfMachine & { socket: string; agreed: boolean }): Answer<MachineView>;
    takeBackUsb(input: OfMachine & { socket: string }): Answer<MachineView>;
    /** Its disks in a machine for once with other hardware, started at once; the job ends when it is usable there. */
    tryOut(input: TryWish): Answer<Started>;
    /** Changes at their times; the job ends with the last. Outcomes stand in its result: step1, step2 … */
    /** Room that its file takes for nothing is given back. */
    compactDisk(input: OfDisk & { bytesPerSecond?: number | undefined }): Answer<Started>;
    /** Its own file goes into another storage; while the machine runs, too. */
    moveDisk(input: OfDisk & { to: string; flatten?: boolean | undefined; bytesPerSecond?: number | undefined }): Answer<Started>;
    /** A disk takes in all that it stands on; while the machine runs, too. */
    flattenDisk(input: OfDisk & { bytesPerSecond?: number | undefined }): Answer<Started>;
    timetable(input: OfMachine & { steps: TimetableStep[] }): Answer<Started>;
    explain(input: OfMachine): Answer<{ parts: { args: string[]; because: string }[] }>;
    hardware(input: OfMachine): Answer<{ rows: HardwareRow[] }>;
    story(input: OfMachine): Answer<{ story: { at: string; words: string }[] }>;
    log(input: OfMachine & { which: "qemu" | "serial" }): Answer<{ text: string }>;
    load(input: OfMachine): Answer<{ samples: LoadSample[] }>;
    /** Throws `agent.absent` when nobody answers within 15 s. */
    ping(input: OfMachine): Answer<{ answeredInMs: number }>;
    guest(input: OfMachine): Answer<{ system?: string | undefined; hostname?: string | undefined; agentVersion?: string | undefined }>;
  };
  readonly templates: {
    list(input: object): Answer<{ templates: TemplateView[] }>;
    show(input: { template: string }): Answer<TemplateView>;
    make(input: TemplateWish): Answer<Started>;
    change(input: {
      template: string;
      name?: string | undefined;
      note?: string | undefined;
      warm?: number | null | undefined;
    }): Answer<TemplateView>;
    remove(input: { template: string }): Answer<object>;
    /** Reads every byte of it again and compares; fails with `template.damaged`. */
    verify(input: { template: string }): Answer<Started>;
    /** What the last one found, file by file. */
    verification(input: { template: string }): Answer<TemplateVerification>;
    /** An old one, that no machine stands on. */
    removeGeneration(input: { template: string; generation: number }): Answer<TemplateView>;
  };
  readonly moments: {
    list(input: OfMachine): Answer<{ moments: MomentView[]; routine?: MomentRoutineView; retention: MomentRetentionView }>;
    take(input: MomentWish): Answer<Started>;
    /** In place, the present kept first; or as a machine of its own. */
    restore(input: OfMachine & { moment: string; as?: string | undefined; disksOnly?: boolean | undefined }): Answer<Started>;
    change(input: MomentChange): Answer<MomentView>;
    remove(input: OfMachine & { moment: string }): Answer<{ job?: JobView | undefined; notYet?: string | undefined }>;
    /** What differs from another moment, or from the present of a machine that is off. */
    compare(input: OfMachine & { moment: string; with?: string | undefined }): Answer<MomentComparison>;
    /** How often moments are kept by Mimic itself (without rhythms: no longer), and how long what it keeps before something stays. */
    routine(input: RoutineWish): Answer<{ routine?: MomentRoutineView; retention: MomentRetentionView }>;
    /** Of several machines at one moment: all of them or none. */
    takeTogether(input: TogetherWish): Answer<Started>;
    /** All that were kept together with it, each in its machine. */
    restoreTogether(input: OfMachine & { moment: string }): Answer<Started>;
    suspend(input: OfMachine): Answer<Started>;
    /** The screen at that moment, as PNG in base64; empty when there is no picture. */
    picture(input: OfMachine & { moment: string }): Answer<{ png: string }>;
  };
  readonly disposables: {
    /** The job's result names the machine. */
    run(input: RunWish & { withinMs?: number | undefined }): Answer<Started>;
    keep(input: OfMachine & { name?: string | undefined }): Answer<MachineView>;
    /** Does not wait until it is gone. */
    discard(input: OfMachine): Answer<object>;
  };
  readonly storages: {
    list(input: object): Answer<{ storages: StorageView[] }>;
    /** `folder` is on this computer. */
    add(input: { name: string; folder: string }): Answer<StorageView>;
    remove(input: { storage: string }): Answer<object>;
  };
  readonly images: {
    list(input: object): Answer<{ images: ImageView[] }>;
    show(input: { image: string }): Answer<ImageView>;
    pull(input: { system: string }): Answer<Started>;
    import(input: { path: string; name: string; format?: string | undefined; kind?: ImageKind | undefined }): Answer<Started>;
    /** As `import`, for bytes that come from the browser; the stream is read by the job to its end. */
    upload(input: {
      stream: AsyncIterable<Uint8Array>;
      fileName: string;
      name: string;
      format?: string | undefined;
      kind?: ImageKind | undefined;
    }): Answer<Started>;
    verify(input: { image: string }): Answer<Started>;
    remove(input: { image: string }): Answer<object>;
  };
  readonly systems: {
    list(input: object): Answer<{ systems: SystemView[] }>;
    show(input: { system: string }): Answer<SystemView>;
  };
  readonly jobs: {
    list(input: object): Answer<{ jobs: JobView[] }>;
    show(input: { job: string }): Answer<JobView>;
    wait(input: { job: string; withinMs: number }): Answer<JobView>;
    cancel(input: { job: string }): Answer<JobView>;
  };
  readonly trash: {
    list(input: object): Answer<{ trash: TrashView[] }>;
    restore(input: { entry: string }): Answer<MachineView>;
    remove(input: { entry: string }): Answer<object>;
    empty(input: object): Answer<{ forgotten: number }>;
  };
  readonly events: {
    readonly seq: number;
    /**
     * What came after `afterSeq` (from now on, when undefined), then what comes, until aborted. A reader that is
     * too slow, or asks for what is no longer held, gets StreamLagged once and goes on from its `seq`.
     */
    subscribe(options: { afterSeq?: number | undefined; signal: AbortSignal }): AsyncIterable<Event | StreamLagged>;
  };
  /** The running machine itself, for consoles, the agent and screenshots. Refuses when it is off. */
  running(machine: string): RunningMachine | Refusal;
  /** Lets go of all running machines (they go on), or shuts them down first; then no verb may be called any more. */
  close(options: { readonly machines: boolean; readonly signal: AbortSignal }): Promise<{ stoppedMachines: string[] }>;
}
