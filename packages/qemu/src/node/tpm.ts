// The security chip: swtpm, in a cage of its own that sees the machine's run folder (for the socket) and the chip's memory.
// It ends when QEMU lets go of it.
import { mkdir, readdir } from "node:fs/promises";
import { MimicError, type Waiting } from "@mimic/base";
import type { MachineFiles } from "@mimic/workbench/ports";
import { SOCKET } from "../argv/channels.ts";
import { handOver } from "./cage.ts";
import { isSocket } from "./run-folder.ts";
import { type Cage, seenFolder, spawnCaged } from "./spawn.ts";

export async function startTpm(cage: Cage, files: MachineFiles, options: Waiting): Promise<void> {
  if (!cage.confines && cage.user)
    throw new MimicError("qemu.no_tpm", "The security chip (swtpm) needs the cage when Mimic runs as root.", {
      hint: "Install bubblewrap, or run Mimic as an ordinary user.",
    });
  const state = `${files.nvramDirectory}/tpm`;
  await mkdir(state, { recursive: true, mode: 0o700 });
  await handOver(state, cage, await readdir(state));
  const seenState = cage.confines ? "/t" : state;
  const argv = [
    cage.tools.swtpm ?? "swtpm",
    ...[
      "socket",
      "--tpm2",
      "--tpmstate",
      `dir=${seenState},mode=0600`,
      "--ctrl",
      `type=unixio,path=${seenFolder(cage)}/${SOCKET.tpm}`,
      "--terminate",
    ],
  ];
  const { child, pid } = spawnCaged(cage, {
    argv,
    folder: files.runDirectory,
    folders: [{ path: state, at: "/t", writable: true }],
    stderr: "ignore",
    outlives: true,
  });
  child.unref();
  let gone = false;
  child.once("exit", () => {
    gone = true;
  });
  pid.catch(() => {});
  for (let tries = 0; tries < 500 && !gone; tries++) {
    if (await isSocket(`${files.runDirectory}/${SOCKET.tpm}`)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
    options.signal.throwIfAborted();
  }
  child.kill("SIGKILL");
  throw new MimicError("qemu.no_tpm", "The security chip (swtpm) did not start.", {
    hint: "Reinstall swtpm, or take the TPM out of the machine's hardware.",
  });
}
