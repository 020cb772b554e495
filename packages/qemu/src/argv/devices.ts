// Small devices: randomness, the clock, the security chip, free places for what comes later, and the filter.
import { MimicError } from "@mimic/base";
import { SOCKETS } from "@mimic/model";
import { SOCKET } from "./channels.ts";
import { type ArgvContext, type ArgvPart, json, keyValue, part, pciAddress, pciBus, SLOT } from "./part.ts";

export const rngObject = (): readonly string[] => json("-object", { "qom-type": "rng-builtin", id: "rng0" });

export function rngParts(context: ArgvContext): ArgvPart[] {
  return [
    part(
      "Good random numbers from the first moment.",
      rngObject(),
      json("-device", { driver: "virtio-rng-pci", id: "random0", rng: "rng0", bus: pciBus(context), addr: pciAddress(SLOT.rng) }),
    ),
  ];
}

/** Local time is worked out here: the cage has no time-zone files. Pure. */
export function clockParts(context: ArgvContext): ArgvPart[] {
  const { clock } = context.hardware;
  if (clock.startAt !== undefined)
    return [part("Its clock begins at a fixed date at each power-on.", ["-rtc", `base=${clock.startAt},clock=host`])];
  if (clock.base === "utc" && clock.offsetSeconds === 0)
    return [part("Its clock follows this computer's, in UTC.", ["-rtc", "base=utc,clock=host"])];
  const zoneMs = clock.base === "local" ? context.zoneMinutes * 60_000 : 0;
  const base = new Date(context.nowMs + zoneMs + clock.offsetSeconds * 1000).toISOString().slice(0, 19);
  const words = `${clock.base === "local" ? "local time, as its system expects" : "UTC"}${clock.offsetSeconds === 0 ? "" : `, ${clock.offsetSeconds} seconds off`}`;
  return [part(`Its clock: ${words}.`, ["-rtc", keyValue(undefined, { base, clock: "host" })])];
}

export function tpmParts(context: ArgvContext): ArgvPart[] {
  if (!context.hardware.tpm) return [];
  if (!context.capabilities.devices.includes("tpm-crb"))
    throw new MimicError("qemu.no_device", "This QEMU has no security chip (TPM).", {
      hint: "Install the full QEMU for PCs, or take the TPM out of the machine.",
    });
  return [
    part(
      "A security chip (TPM 2.0), played by swtpm in a cage of its own.",
      ["-chardev", keyValue("socket", { id: "tpmchar0", path: `${context.run}/${SOCKET.tpm}` })],
      ["-tpmdev", "emulator,id=tpmdev0,chardev=tpmchar0"],
      json("-device", { driver: context.hardware.board === "q35" ? "tpm-crb" : "tpm-tis", id: "tpm0", tpmdev: "tpmdev0" }),
    ),
  ];
}

/** Empty PCI Express sockets: disks and network cards can be added while it runs. (i440fx takes them on its own bus.) */
export function hotplugParts(context: ArgvContext): ArgvPart[] {
  if (context.hardware.board !== "q35") return [];
  const ports = Array.from({ length: SOCKETS }, (_, n) =>
    json("-device", {
      driver: "pcie-root-port",
      id: `port${n}`,
      bus: "pcie.0",
      chassis: n + 1,
      slot: n + 1,
      addr: pciAddress(SLOT.rootPorts, n),
      multifunction: n === 0 ? true : undefined,
    }),
  );
  return [part(`${SOCKETS} empty sockets: devices can be added while it runs.`, ...ports)];
}

export function sandboxParts(context: ArgvContext): ArgvPart[] {
  if (!context.seccomp) return [];
  return [
    part("QEMU may not start programs, gain rights or use old system calls; the kernel ends it when it tries.", [
      "-sandbox",
      "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
    ]),
  ];
}
