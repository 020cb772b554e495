// The board itself, its identity, and what happens at power events.
import { machineTypeOf } from "../capabilities.ts";
import { type ArgvContext, type ArgvPart, json, keyValue, part } from "./part.ts";

const CROCKFORD = "0123456789abcdefghjkmnpqrstvwxyz";

/** The 26 characters of a machine's id are 130 bits; the lower 128 are its UUID, the same for ever. */
export function uuidOf(machineId: string): string {
  let bits = 0n;
  for (const c of machineId.slice(4)) bits = (bits << 5n) | BigInt(Math.max(0, CROCKFORD.indexOf(c)));
  const hex = (bits & ((1n << 128n) - 1n)).toString(16).padStart(32, "0");
  // Version 8 (“custom”), RFC 9562.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`;
}

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
    part("Its identity, the same at every start.", ["-uuid", uuidOf(context.record.id)]),
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
