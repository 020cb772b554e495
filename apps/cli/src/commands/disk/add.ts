// `mimic disk add NAME SIZE`.
import { MACHINE, readChoice, readCount, readSize } from "../../arguments.ts";
import { sayChanges } from "../../changes.ts";
import type { CommandSpec } from "../../command.ts";

const BUSES = ["virtio", "scsi", "sata", "ide", "nvme", "usb"] as const;

export const command: CommandSpec = {
  path: "disk add",
  group: "Machines",
  summary: "Plug a disk into a machine",
  about: "A running machine gets it at once where its board can take one by that bus (virtio, scsi, nvme, usb); else at its next start.",
  args: [MACHINE, { name: "size", about: "10G, 500M; may be left out with --image", optional: true, completes: ["1G", "10G", "100G"] }],
  options: [
    { flags: "--image <image>", about: "over an image of a disk (mimic image ls)", completes: "image" },
    { flags: "--bus <bus>", about: "virtio, scsi, sata, ide, nvme or usb", completes: BUSES },
    { flags: "--speed <size>", about: "at most this much a second, reading and writing: 2M", completes: "nothing" },
    { flags: "--ops <count>", about: "at most so many operations a second", completes: "nothing" },
  ],
  examples: [
    { line: "mimic disk add hello 10G", does: "one more disk of 10 GiB; it takes room only as it fills" },
    { line: "mimic disk add hello --image game", does: "the disk that was made of a game’s files" },
    { line: "mimic disk add hello 1G --bus usb", does: "a USB stick" },
  ],
  run: async (context, given) => {
    const bus = given.text("bus");
    const speed = given.text("speed");
    const ops = given.text("ops");
    const limits =
      speed === undefined && ops === undefined
        ? undefined
        : {
            bytesPerSecond: speed === undefined ? 0 : readSize("--speed", speed),
            operationsPerSecond: ops === undefined ? 0 : readCount("--ops", ops),
          };
    const size = given.maybe("size");
    const image = given.text("image");
    const addDisk = {
      ...(size === undefined ? {} : { sizeBytes: readSize("SIZE", size) }),
      ...(image === undefined ? {} : { image }),
      ...(bus === undefined ? {} : { bus: readChoice("--bus", bus, BUSES) }),
      ...(limits ? { limits } : {}),
    };
    return sayChanges(context, given, await context.client.machines.change({ machine: given.arg("name"), addDisk }));
  },
};
