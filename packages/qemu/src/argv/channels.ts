// Text channels of the guest: serial ports, the agent's channel, the shell (hvc0). Each is a unix socket in the
// run directory that Mimic connects to before the processors start, so not a byte is missed.
import { type ArgvContext, type ArgvPart, json, keyValue, part, pciAddress, pciBus, SLOT } from "./part.ts";

const AGENT_PORT = "org.qemu.guest_agent.0";

/** Socket names in the run directory. */
export const SOCKET = {
  monitor: "qmp.sock",
  vnc: "vnc.sock",
  agent: "agent.sock",
  shell: "shell.sock",
  tpm: "tpm.sock",
  serial: (n: number) => `serial${n}.sock`,
} as const;

/** A channel as a socket in the run directory. */
export const socketChardev = (context: ArgvContext, id: string, file: string): readonly string[] => [
  "-chardev",
  keyValue("socket", { id, path: `${context.run}/${file}`, server: true, wait: false }),
];

export function monitorParts(context: ArgvContext): ArgvPart[] {
  return [
    part("Mimic's own line to QEMU (QMP).", socketChardev(context, "monitor0", SOCKET.monitor), ["-mon", "chardev=monitor0,mode=control"]),
    part("Times in QEMU's log.", ["-msg", "timestamp=on,guest-name=off"]),
  ];
}

export function serialParts(context: ArgvContext): ArgvPart[] {
  return Array.from({ length: context.hardware.serialPorts }, (_, n) =>
    part(
      `Serial port ${n + 1}.`,
      socketChardev(context, `serial${n}`, SOCKET.serial(n)),
      json("-device", { driver: "isa-serial", id: `com${n + 1}`, chardev: `serial${n}`, index: n }),
    ),
  );
}

/** What the guest's agent and its second console run over, on any board: its virtio serial device, and where that is plugged in. */
export function channelParts(
  context: ArgvContext,
  driver: string,
  place: Readonly<Record<string, string | number | undefined>>,
): ArgvPart[] {
  return [
    part("The way for text between guest and host (virtio).", json("-device", { driver, id: "channels0", ...place })),
    part(
      "A second console (hvc0) for `mimic shell`.",
      socketChardev(context, "shell0", SOCKET.shell),
      json("-device", { driver: "virtconsole", id: "hvc0", bus: "channels0.0", nr: 0, chardev: "shell0" }),
    ),
    part(
      "The guest agent's channel: commands, files, clean shutdown.",
      socketChardev(context, "agent0", SOCKET.agent),
      json("-device", { driver: "virtserialport", id: "agentport0", bus: "channels0.0", nr: 1, chardev: "agent0", name: AGENT_PORT }),
    ),
  ];
}

export function agentParts(context: ArgvContext): ArgvPart[] {
  if (!context.hardware.agent) return [];
  return [
    ...channelParts(context, "virtio-serial-pci", { bus: pciBus(context), addr: pciAddress(SLOT.serial) }),
    part("The guest can say that its system crashed.", json("-device", { driver: "pvpanic", id: "panic0" })),
  ];
}
