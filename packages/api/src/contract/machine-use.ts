// What is done with a machine: its power, its keys and drives, what is lent to it, and changes at given times.
// Stand among the routes of machines.
import { DiskBus, MachineView, Timetable, UsbSocket } from "@mimic/model";
import { z } from "zod";
import { routes } from "../routes.ts";
import { Done, image, machine, OfMachine, route, Started } from "./common.ts";
import { HardwareWish } from "./hardware-wish.ts";

const TAG = "machines";
export const machineUseContract = {
  start: route(routes.machines.start, TAG, "Start it; the job ends when it is usable")
    .input(z.strictObject({ machine, wait: z.enum(["usable", "running"]).optional() }))
    .output(Started),
  stop: route(routes.machines.stop, TAG, "Ask its system to shut down; the job ends when it is off")
    .input(z.strictObject({ machine, graceMs: z.int().min(0).max(3_600_000).optional(), thenKill: z.boolean().optional() }))
    .output(Started),
  restart: route(routes.machines.restart, TAG, "Shut down and start again")
    .input(z.strictObject({ machine, graceMs: z.int().min(0).max(3_600_000).optional(), thenKill: z.boolean().optional() }))
    .output(Started),
  kill: route(routes.machines.kill, TAG, "End it at once, like pulling the plug").input(OfMachine).output(MachineView),
  pause: route(routes.machines.pause, TAG, "Let it stand still").input(OfMachine).output(MachineView),
  resume: route(routes.machines.resume, TAG, "Let it go on").input(OfMachine).output(MachineView),
  reset: route(routes.machines.reset, TAG, "Press its reset button").input(OfMachine).output(MachineView),
  press: route(routes.machines.press, TAG, "Press keys: chords such as “ctrl-alt-delete”, one after the other")
    .input(z.strictObject({ machine, keys: z.array(z.string().min(1).max(60)).min(1).max(200) }))
    .output(Done),
  type: route(routes.machines.type, TAG, "Type text on its keyboard (US layout)")
    .input(z.strictObject({ machine, text: z.string().min(1).max(10_000) }))
    .output(Done),
  changeMedium: route(routes.machines.changeMedium, TAG, "Put an image into a drive, or take it out")
    .input(z.strictObject({ machine, slot: z.string().max(16), image: image.nullable() }))
    .output(MachineView),
  lendUsb: route(routes.machines.lendUsb, TAG, "Lend it a USB device of this computer, until it is taken back or the machine stops")
    .input(
      z.strictObject({
        machine,
        socket: UsbSocket.describe("where it is plugged into this computer: “1-2.3”"),
        agreed: z.boolean().default(false).describe("without it the answer says what has to be agreed to"),
      }),
    )
    .output(MachineView),
  takeBackUsb: route(routes.machines.takeBackUsb, TAG, "Take a lent USB device back")
    .input(z.strictObject({ machine, socket: UsbSocket }))
    .output(MachineView),
  tryOut: route(
    routes.machines.tryOut,
    TAG,
    "Try its disks on another computer: a machine for once, started at once; its own disks stay as they are",
  )
    .input(z.strictObject({ machine, hardware: HardwareWish.optional(), bus: DiskBus.optional() }))
    .output(Started),
  timetable: route(routes.machines.timetable, TAG, "Change it at given times; each step is live, later or impossible")
    .input(z.strictObject({ machine, steps: Timetable }))
    .output(Started),
};
