// Machines: what they are made of, and what is known of them.
import { DiskBus, DiskLimits, Era, HardwareChangeReport, HardwareRow, LoadSample, MachineView, TrashView, UsbDevice } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { image, machine, Nothing, OfMachine, route, Started } from "./common.ts";
import { HardwareWish } from "./hardware-wish.ts";

/** A person's wish for a new disk or a larger one. */
const NewDisk = z.strictObject({
  bus: DiskBus.optional(),
  sizeBytes: z
    .int()
    .min(512)
    .max(2 ** 50),
  limits: DiskLimits.optional(),
});

const TAG = "machines";
export const machineContract = {
  list: route(routes.machines.list, TAG, "All machines")
    .input(Nothing)
    .output(
      z.object({
        machines: z.array(MachineView),
        unreadable: z.number().optional().describe("so many more have records that cannot be read; POST /host/diagnosis says which"),
      }),
    ),
  create: route(routes.machines.create, TAG, "Make a machine; its image is got first when it is not here")
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
        kernelWords: z.string().max(2000).optional().describe("over an image of kind boot: what its kernel is told (its command line)"),
        note: z.string().max(2000).optional(),
        start: z.boolean().optional().describe("start it too, and wait until it is usable"),
      }),
    )
    .output(Started),
  show: route(routes.machines.show, TAG, "One machine").input(OfMachine).output(MachineView),
  change: route(
    routes.machines.change,
    TAG,
    "Rename it, or change its hardware, note or disks: at once where it can, else at its next start",
  )
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
  remove: route(routes.machines.remove, TAG, "Move it to the trash").input(OfMachine).output(TrashView),
  clone: route(routes.machines.clone, TAG, "Copy it: linked (thin layers over the same images) or full")
    .input(z.strictObject({ machine, name: z.string().max(200), full: z.boolean().optional() }))
    .output(Started),
  renew: route(routes.machines.renew, TAG, "Move it to the newest generation of its template; what it was is kept as a snapshot")
    .input(OfMachine)
    .output(Started),
  explain: route(routes.machines.explain, TAG, "Every argument that its engine is started with, and why")
    .input(OfMachine)
    .output(z.object({ parts: z.array(z.object({ args: z.array(z.string()), because: z.string() })) })),
  hardware: route(routes.machines.hardware, TAG, "Its parts, and which can be changed when")
    .input(OfMachine)
    .output(z.object({ rows: z.array(HardwareRow) })),
  story: route(routes.machines.story, TAG, "What happened to it, in plain words")
    .input(OfMachine)
    .output(z.object({ story: z.array(z.object({ at: z.iso.datetime(), words: z.string() })) })),
  log: route(routes.machines.log, TAG, "The end of a log: its engine's words, or its serial console")
    .input(z.strictObject({ machine, which: z.enum(["qemu", "serial"]).default("qemu") }))
    .output(z.object({ text: z.string() })),
  load: route(routes.machines.load, TAG, "Its load over the last minutes, newest last")
    .input(OfMachine)
    .output(z.object({ samples: z.array(LoadSample) })),
  guest: route(routes.machines.guest, TAG, "What its guest agent claims about the guest")
    .input(OfMachine)
    .output(z.object({ system: z.string().optional(), hostname: z.string().optional(), agentVersion: z.string().optional() })),
  ping: route(routes.machines.ping, TAG, "Whether its guest agent answers, and within how many milliseconds")
    .input(OfMachine)
    .output(z.object({ answeredInMs: z.number().nonnegative() })),
};
