// The contract: each route's input, output and words. Server, OpenAPI 3.1 and the types of the client
// all come from here. Unknown keys are refused on input. Errors are a Problem with a stable code.

import {
  Diagnosis,
  DiskBus,
  DiskLimits,
  Era,
  HardwareChangeReport,
  HardwareRow,
  HostUsbView,
  HostView,
  ImageKind,
  ImageView,
  JobView,
  LanView,
  LoadSample,
  MachineView,
  MomentComparison,
  MomentKind,
  MomentRetention,
  MomentRetentionView,
  MomentRoutineView,
  MomentView,
  Rhythms,
  SystemView,
  TemplateView,
  Timetable,
  TrashView,
  UsbDevice,
  UsbSocket,
} from "@mimic/model";
import { oc } from "@orpc/contract";
import { z } from "zod";
import { diskContract, storageContract } from "./disk-contract.ts";
import { HardwareWish } from "./hardware-wish.ts";
import { networkContract, nicContract } from "./network-contract.ts";
import { type Route, routes } from "./routes.ts";

const route = (r: Route, tag: string, summary: string) => oc.route({ method: r.method, path: r.path, tags: [tag], summary });

/** A machine's name, its id, or a beginning that fits only one. */
const machine = z.string().min(1).max(100).describe("name, id, or an unambiguous beginning of the name");
const OfMachine = z.strictObject({ machine });
const image = z.string().min(1).max(130).describe("name, digest, or an unambiguous beginning");
const Started = z.object({ job: JobView });

/** A person's wish for a new disk or a larger one. */
const NewDisk = z.strictObject({
  bus: DiskBus.optional(),
  sizeBytes: z
    .int()
    .min(512)
    .max(2 ** 50),
  limits: DiskLimits.optional(),
});

const m = "machines";
const machines = {
  list: route(routes.machines.list, m, "All machines")
    .input(z.strictObject({}))
    .output(z.object({ machines: z.array(MachineView) })),
  create: route(routes.machines.create, m, "Make a machine; its image is got first when it is not here")
    .input(
      z.strictObject({
        name: z.string().max(200),
        /** From the catalogue… */
        system: z.string().max(63).optional(),
        /** …or over an image that is here: as its disk (kind disk), in its CD or floppy drive, or booted directly… */
        image: image.optional(),
        /** …or from a template (its hardware is the template's where nothing else is wished for)… */
        template: z.string().min(1).max(100).optional(),
        follow: z
          .boolean()
          .optional()
          .describe("of a template: its system begins at each start with the newest generation; only disks of its own (moreDisks) stay"),
        homeBytes: z
          .int()
          .min(2 ** 20)
          .max(2 ** 50)
          .optional()
          .describe("it follows its template, and a disk of this size over /home, /root and /usr/local stays"),
        /** …or with neither: an empty disk. */
        hardware: HardwareWish.optional(),
        era: Era.optional().describe("a computer of that year"),
        /** Size of its first disk; grown from the image's when larger. */
        diskBytes: z
          .int()
          .min(512)
          .max(2 ** 50)
          .optional(),
        moreDisks: z.array(NewDisk).max(8).optional(),
        /** Copy the image instead of laying a thin layer over it. */
        fullCopy: z.boolean().optional(),
        network: z
          .string()
          .min(1)
          .max(100)
          .nullable()
          .optional()
          .describe("where its network card is plugged in; null = no card; left out = “home”"),
        note: z.string().max(2000).optional(),
        start: z.boolean().optional().describe("start it too, and wait until it is usable"),
      }),
    )
    .output(Started),
  show: route(routes.machines.show, m, "One machine").input(OfMachine).output(MachineView),
  change: route(routes.machines.change, m, "Rename it, or change its hardware, note or disks: at once where it can, else at its next start")
    .input(
      z.strictObject({
        machine,
        name: z.string().max(200).optional(),
        note: z.string().max(2000).optional(),
        hardware: HardwareWish.optional(),
        addDisk: NewDisk.partial({ sizeBytes: true }).extend({ image: image.optional() }).optional(),
        removeDisk: z.string().optional().describe("a disk's id; the disk's file goes to the trash of the machine"),
        growDisk: z.strictObject({ id: z.string(), sizeBytes: z.int() }).optional(),
        limitDisk: z
          .strictObject({
            id: z.string(),
            bytesPerSecond: DiskLimits.shape.bytesPerSecond.unwrap().optional().describe("0 = no limit"),
            operationsPerSecond: DiskLimits.shape.operationsPerSecond.unwrap().optional().describe("0 = no limit"),
          })
          .optional(),
        addDrive: z.strictObject({ kind: z.enum(["cd", "floppy"]) }).optional(),
        bus: DiskBus.optional().describe("how all its disks are plugged in"),
        addUsb: z.strictObject({ kind: UsbDevice.shape.kind }).optional(),
        removeUsb: z.string().optional(),
      }),
    )
    .output(MachineView.extend({ changes: z.array(HardwareChangeReport) })),
  remove: route(routes.machines.remove, m, "Move it to the trash").input(OfMachine).output(TrashView),
  clone: route(routes.machines.clone, m, "Copy it: linked (thin layers over the same images) or full")
    .input(z.strictObject({ machine, name: z.string().max(200), full: z.boolean().optional() }))
    .output(Started),
  renew: route(routes.machines.renew, m, "Move it to the newest generation of its template; what it was is kept as a snapshot")
    .input(OfMachine)
    .output(Started),
  start: route(routes.machines.start, m, "Start it; the job ends when it is usable")
    .input(z.strictObject({ machine, wait: z.enum(["usable", "running"]).optional() }))
    .output(Started),
  stop: route(routes.machines.stop, m, "Ask its system to shut down; the job ends when it is off")
    .input(z.strictObject({ machine, graceMs: z.int().min(0).max(3_600_000).optional(), thenKill: z.boolean().optional() }))
    .output(Started),
  restart: route(routes.machines.restart, m, "Shut down and start again")
    .input(z.strictObject({ machine, graceMs: z.int().min(0).max(3_600_000).optional(), thenKill: z.boolean().optional() }))
    .output(Started),
  kill: route(routes.machines.kill, m, "End it at once, like pulling the plug").input(OfMachine).output(MachineView),
  pause: route(routes.machines.pause, m, "Let it stand still").input(OfMachine).output(MachineView),
  resume: route(routes.machines.resume, m, "Let it go on").input(OfMachine).output(MachineView),
  reset: route(routes.machines.reset, m, "Press its reset button").input(OfMachine).output(MachineView),
  press: route(routes.machines.press, m, "Press keys: chords such as “ctrl-alt-delete”, one after the other")
    .input(z.strictObject({ machine, keys: z.array(z.string().min(1).max(60)).min(1).max(200) }))
    .output(z.object({})),
  type: route(routes.machines.type, m, "Type text on its keyboard (US layout)")
    .input(z.strictObject({ machine, text: z.string().min(1).max(10_000) }))
    .output(z.object({})),
  changeMedium: route(routes.machines.changeMedium, m, "Put an image into a drive, or take it out")
    .input(z.strictObject({ machine, slot: z.string().max(16), image: image.nullable() }))
    .output(MachineView),
  lendUsb: route(routes.machines.lendUsb, m, "Lend it a USB device of this computer, until it is taken back or the machine stops")
    .input(
      z.strictObject({
        machine,
        socket: UsbSocket.describe("where it is plugged into this computer: “1-2.3”"),
        agreed: z.boolean().default(false).describe("without it the answer says what has to be agreed to"),
      }),
    )
    .output(MachineView),
  takeBackUsb: route(routes.machines.takeBackUsb, m, "Take a lent USB device back")
    .input(z.strictObject({ machine, socket: UsbSocket }))
    .output(MachineView),
  tryOut: route(
    routes.machines.tryOut,
    m,
    "Try its disks on another computer: a machine for once, started at once; its own disks stay as they are",
  )
    .input(z.strictObject({ machine, hardware: HardwareWish.optional(), bus: DiskBus.optional() }))
    .output(Started),
  ...diskContract,
  timetable: route(routes.machines.timetable, m, "Change it at given times; each step is live, later or impossible")
    .input(z.strictObject({ machine, steps: Timetable }))
    .output(Started),
  explain: route(routes.machines.explain, m, "Every argument that its engine is started with, and why")
    .input(OfMachine)
    .output(z.object({ parts: z.array(z.object({ args: z.array(z.string()), because: z.string() })) })),
  hardware: route(routes.machines.hardware, m, "Its parts, and which can be changed when")
    .input(OfMachine)
    .output(z.object({ rows: z.array(HardwareRow) })),
  story: route(routes.machines.story, m, "What happened to it, in plain words")
    .input(OfMachine)
    .output(z.object({ story: z.array(z.object({ at: z.iso.datetime(), words: z.string() })) })),
  log: route(routes.machines.log, m, "The end of a log: its engine's words, or its serial console")
    .input(z.strictObject({ machine, which: z.enum(["qemu", "serial"]).default("qemu") }))
    .output(z.object({ text: z.string() })),
  load: route(routes.machines.load, m, "Its load over the last minutes, newest last")
    .input(OfMachine)
    .output(z.object({ samples: z.array(LoadSample) })),
  guest: route(routes.machines.guest, m, "What its guest agent claims about the guest")
    .input(OfMachine)
    .output(z.object({ system: z.string().optional(), hostname: z.string().optional(), agentVersion: z.string().optional() })),
  ping: route(routes.machines.ping, m, "Whether its guest agent answers, and within how many milliseconds")
    .input(OfMachine)
    .output(z.object({ answeredInMs: z.number().nonnegative() })),
  ...nicContract,
};

const tp = "templates";
const template = z.string().min(1).max(100).describe("name, id, or an unambiguous beginning of the name");
const templates = {
  list: route(routes.templates.list, tp, "All templates")
    .input(z.strictObject({}))
    .output(z.object({ templates: z.array(TemplateView) })),
  show: route(routes.templates.show, tp, "One template").input(z.strictObject({ template })).output(TemplateView),
  make: route(routes.templates.make, tp, "Make a template of a machine, or a new generation of one; a running machine goes on meanwhile")
    .input(
      z.strictObject({
        machine,
        name: z
          .string()
          .max(200)
          .optional()
          .describe("the machine's own name when absent; a name that is there already gets a new generation"),
        note: z.string().max(2000).optional(),
        disksOnly: z.boolean().optional().describe("leave out memory and devices: machines made from it are switched on"),
      }),
    )
    .output(Started),
  change: route(routes.templates.change, tp, "Rename it, note something, say how many machines wait ready")
    .input(
      z.strictObject({
        template,
        name: z.string().max(200).optional(),
        note: z.string().max(2000).optional(),
        warm: z.int().min(0).max(32).nullable().optional().describe("null = as it is used"),
      }),
    )
    .output(TemplateView),
  remove: route(routes.templates.remove, tp, "Remove it; machines made from it stay")
    .input(z.strictObject({ template }))
    .output(z.object({})),
  removeGeneration: route(routes.templates.removeGeneration, tp, "Remove one of its generations")
    .input(z.strictObject({ template, generation: z.coerce.number().int().min(1) }))
    .output(TemplateView),
};

const mo = "moments";
const moment = z.string().min(1).max(100).describe("the moment's name or id");
const OfMoment = z.strictObject({ machine, moment });
const moments = {
  list: route(routes.moments.list, mo, "The moments of a machine, oldest first; `parent` makes them a tree")
    .input(OfMachine)
    .output(z.object({ moments: z.array(MomentView), routine: MomentRoutineView.optional(), retention: MomentRetentionView })),
  take: route(routes.moments.take, mo, "Keep a moment: disks (snapshot), or disks, memory and devices (checkpoint); it goes on meanwhile")
    .input(
      z.strictObject({
        machine,
        kind: MomentKind,
        name: z.string().min(1).max(80).optional(),
        note: z.string().max(2000).optional(),
      }),
    )
    .output(Started),
  restore: route(routes.moments.restore, mo, "Go back to it (the present is kept first), or make a machine of it")
    .input(
      z.strictObject({
        machine,
        moment,
        as: z.string().max(200).optional().describe("make a machine of this name instead"),
        disksOnly: z.boolean().optional().describe("do not go on from its memory"),
      }),
    )
    .output(Started),
  change: route(routes.moments.change, mo, "Rename it, note something, protect it")
    .input(
      z.strictObject({
        machine,
        moment,
        name: z.string().min(1).max(80).optional(),
        note: z.string().max(2000).optional(),
        isProtected: z.boolean().optional(),
      }),
    )
    .output(MomentView),
  remove: route(routes.moments.remove, mo, "Delete it, anywhere in the tree; the job, where there is one, gives its room back")
    .input(OfMoment)
    .output(z.object({ job: JobView.optional() })),
  compare: route(
    routes.moments.compare,
    mo,
    "What differs from another moment, or from the present of a machine that is off: file by file where the file system is known",
  )
    .input(z.strictObject({ machine, moment, with: moment.optional().describe("another moment; the present when left out") }))
    .output(MomentComparison),
  routine: route(
    routes.moments.routine,
    mo,
    "How often Mimic keeps a moment by itself and how many stay (no rhythms: no longer), and how long what it keeps before something stays",
  )
    .input(
      z.strictObject({
        machine,
        kind: MomentKind.optional(),
        rhythms: Rhythms.optional().describe("left out: as they are"),
        retention: MomentRetention.optional().describe("of what is kept before going back and before a risky change"),
      }),
    )
    .output(z.object({ routine: MomentRoutineView.optional(), retention: MomentRetentionView })),
  takeTogether: route(routes.moments.takeTogether, mo, "Keep a moment of several machines at once: all of them or none")
    .input(
      z.strictObject({
        machines: z.array(machine).min(1).max(64),
        kind: MomentKind,
        name: z.string().min(1).max(80).optional(),
        note: z.string().max(2000).optional(),
      }),
    )
    .output(Started),
  restoreTogether: route(
    routes.moments.restoreTogether,
    mo,
    "Go back to it with all machines that it was kept of; their present is kept first",
  )
    .input(OfMoment)
    .output(Started),
  suspend: route(routes.moments.suspend, mo, "Put the machine to sleep: its next start goes on from there")
    .input(OfMachine)
    .output(Started),
  picture: route(routes.moments.picture, mo, "The screen at that moment, as PNG in base64; empty when there is none")
    .input(OfMoment)
    .output(z.object({ png: z.string() })),
};

const dp = "disposables";
const disposables = {
  run: route(routes.disposables.run, dp, "A machine for once: it vanishes when it stops; the job's result names it")
    .input(
      z.strictObject({
        of: z.string().min(1).max(100).describe("a template, or a system of the catalogue"),
        name: z.string().max(200).optional().describe("a name makes it stay, as it was in the beginning"),
        net: z
          .string()
          .min(1)
          .max(100)
          .optional()
          .describe("a network to plug its card into; “nat” = the one that leads to the Internet; without one it has no card"),
        withinMs: z.int().min(0).max(60_000).optional().describe("wait so long for its end before answering"),
      }),
    )
    .output(Started),
  keep: route(routes.disposables.keep, dp, "Make an ordinary machine of it: it stays when it stops")
    .input(z.strictObject({ machine, name: z.string().max(200).optional() }))
    .output(MachineView),
  discard: route(routes.disposables.discard, dp, "End a disposable machine and answer at once; it vanishes by itself")
    .input(OfMachine)
    .output(z.object({})),
};

const i = "images";
const images = {
  list: route(routes.images.list, i, "All images")
    .input(z.strictObject({}))
    .output(z.object({ images: z.array(ImageView) })),
  show: route(routes.images.show, i, "One image").input(z.strictObject({ image })).output(ImageView),
  pull: route(routes.images.pull, i, "Get the image of a system of the catalogue")
    .input(z.strictObject({ system: z.string().max(63) }))
    .output(Started),
  import: route(routes.images.import, i, "Bring a file of your own (only over the unix socket: the path is on this computer)")
    .input(
      z.strictObject({
        path: z.string().min(1).max(4096),
        name: z.string().min(1).max(120),
        format: z.string().max(20).optional(),
        kind: ImageKind.optional(),
      }),
    )
    .output(Started),
  verify: route(routes.images.verify, i, "Read every byte again and compare").input(z.strictObject({ image })).output(Started),
  remove: route(routes.images.remove, i, "Delete it; refused while a machine uses it")
    .input(z.strictObject({ image }))
    .output(z.object({})),
};

const s = "systems";
const systems = {
  list: route(routes.systems.list, s, "The catalogue")
    .input(z.strictObject({}))
    .output(z.object({ systems: z.array(SystemView) })),
  show: route(routes.systems.show, s, "One system")
    .input(z.strictObject({ system: z.string().min(1).max(63) }))
    .output(SystemView),
};

const j = "jobs";
const OfJob = z.strictObject({ job: z.string().min(1).max(60) });
const jobs = {
  list: route(routes.jobs.list, j, "Long work: what runs and what ended lately")
    .input(z.strictObject({}))
    .output(z.object({ jobs: z.array(JobView) })),
  show: route(routes.jobs.show, j, "One job").input(OfJob).output(JobView),
  wait: route(routes.jobs.wait, j, "One job, when it has ended or the time is over")
    .input(z.strictObject({ job: z.string().min(1).max(60), withinMs: z.coerce.number().int().min(0).max(60_000).default(30_000) }))
    .output(JobView),
  cancel: route(routes.jobs.cancel, j, "Stop it and undo what it had half made").input(OfJob).output(JobView),
};

const t = "trash";
const OfEntry = z.strictObject({ entry: z.string().min(1).max(100).describe("id, or the machine's name") });
const trash = {
  list: route(routes.trash.list, t, "What was removed and can come back")
    .input(z.strictObject({}))
    .output(z.object({ trash: z.array(TrashView) })),
  restore: route(routes.trash.restore, t, "Bring a machine back").input(OfEntry).output(MachineView),
  remove: route(routes.trash.remove, t, "Forget one for ever").input(OfEntry).output(z.object({})),
  empty: route(routes.trash.empty, t, "Forget all for ever")
    .input(z.strictObject({}))
    .output(z.object({ forgotten: z.number() })),
};

const h = "host";
const host = {
  show: route(routes.host.show, h, "This computer and this Mimic").input(z.strictObject({})).output(HostView),
  diagnose: route(routes.host.diagnose, h, "What works here, what does not, why, and how to mend it")
    .input(z.strictObject({}))
    .output(Diagnosis),
  usb: route(routes.host.usb, h, "What is plugged into this computer's own USB sockets, what can be lent to a machine, and why not")
    .input(z.strictObject({}))
    .output(HostUsbView),
  lan: route(routes.host.lan, h, "What of this computer's own network a bridged network can be joined to, or why to nothing")
    .input(z.strictObject({}))
    .output(LanView),
};

const ss = "sessions";
const Session = z.object({ csrf: z.string() });
const sessions = {
  code: route(routes.sessions.code, ss, "A one-time code for a browser, good for 60 seconds (only over the unix socket)")
    .input(z.strictObject({}))
    .output(z.object({ code: z.string(), address: z.string() })),
  open: route(routes.sessions.open, ss, "Trade a one-time code for a session")
    .input(z.strictObject({ code: z.string().max(100) }))
    .output(Session),
  renew: route(routes.sessions.renew, ss, "The session's CSRF value, for a page that was loaded again")
    .input(z.strictObject({}))
    .output(Session),
  close: route(routes.sessions.close, ss, "End the session").input(z.strictObject({})).output(z.object({})),
};

const daemon = {
  shutdown: route(
    routes.daemon.shutdown,
    "daemon",
    "End the daemon; machines go on unless they are shut down first (only over the unix socket)",
  )
    .input(z.strictObject({ machines: z.boolean().default(false) }))
    .output(z.object({ stoppedMachines: z.array(z.string()) })),
};

export const contract = {
  host,
  machines,
  networks: networkContract,
  templates,
  moments,
  disposables,
  storages: storageContract,
  images,
  systems,
  jobs,
  trash,
  sessions,
  daemon,
};
export type Contract = typeof contract;
