// The board itself, its identity, and what happens at power events.
import { machineUuid } from "@mimic/model";
import { machineTypeOf } from "../capabilities.ts";
import { type ArgvContext, type ArgvPart, json, keyValue, part } from "./part.ts";

/** What stands in QEMU's command line; `findGuestName` reads it back. Constants and hex only. */
export const guestName = (cookie: string, installation: string): string => `mimic-${cookie}-${installation}`;

/** From a /proc/PID/cmdline; undefined when it is no QEMU of ours (nor its wrapper, which carries the same words). */
export function findGuestName(commandLine: string): { readonly cookie: string; readonly installation: string } | undefined {
  const match = /^[^\0]+\0-nodefaults\0(?:[^\0]*\0){0,4}-name\0guest=mimic-([0-9a-f]{16})-([0-9a-f]{8}),/.exec(commandLine);
  return match ? { cookie: match[1] as string, installation: match[2] as string } : undefined;
}

export function machineParts(context: ArgvContext): ArgvPart[] {
  const { hardware } = context;
  const smm = context.firmware?.needsSmm === true;
  const options = keyValue(machineTypeOf(hardware, context.capabilities), {
    "memory-backend": "mem0",
    smm,
    vmport: false,
    hpet: false,
    "pcspk-audiodev": hardware.sound === "none" ? undefined : "snd0",
    pflash0: context.firmware ? "uefi-code" : undefined,
    pflash1: context.firmware ? "uefi-vars" : undefined,
  });
  return [
    ...identityParts(context),
    part(
      `A ${hardware.board} board of one fixed version, so that a newer QEMU changes nothing under the guest.${smm ? " System-management mode guards Secure Boot's variables." : ""}`,
      ["-machine", options],
    ),
    part("Its identity, the same at every start.", ["-uuid", machineUuid(context.record.id)]),
    part(
      "A new number at each start tells the guest that it may be a copy (VM generation id).",
      json("-device", { driver: "vmgenid", id: "vmgenid0", guid: "auto" }),
    ),
    ...startParts(context),
  ];
}

/** What stands first, whatever the board; `findGuestName` looks for it there. */
export const identityParts = (context: ArgvContext): ArgvPart[] => [
  part("Nothing that was not asked for: no default devices, no settings from files.", ["-nodefaults", "-no-user-config"]),
  part("A name of this one start, by which Mimic finds it again after a restart of its own.", [
    "-name",
    keyValue(undefined, { guest: guestName(context.cookie, context.installation), "debug-threads": false }),
  ]),
];

/** How it begins, and what follows when it ends by itself. */
export const startParts = (context: ArgvContext): ArgvPart[] => [
  context.endsAtRestart
    ? part("A guest that switches itself off or restarts ends QEMU; one whose system crashes is paused, so that the crash can be seen.", [
        "-action",
        "reboot=shutdown,shutdown=poweroff,panic=pause",
      ])
    : part("A guest that switches itself off ends QEMU; one whose system crashes is paused, so that the crash can be seen.", [
        "-action",
        "reboot=reset,shutdown=poweroff,panic=pause",
      ]),
  part("Begin with stopped processors: Mimic connects everything first, then lets them go.", ["-S"]),
  ...(context.resumes ? [part("Wait for a saved state to go on from.", ["-incoming", "defer"])] : []),
];
