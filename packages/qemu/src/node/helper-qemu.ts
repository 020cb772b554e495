// A QEMU without a machine, in the cage: answers questions about itself, copies disks, serves media.
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import type { Waiting } from "@mimic/base";
import type { QmpSession } from "@mimic/qmp";
import { connectQmp } from "@mimic/qmp/node";
import { handOver } from "./cage.ts";
import { type Cage, seenFolder, spawnCaged } from "./spawn.ts";

export interface HelperQemu extends AsyncDisposable {
  readonly session: QmpSession;
  /** Its own, where it makes its sockets; gone when it ends. */
  readonly folder: string;
  readonly pid: number;
}

/** One that cannot start ends and is not waited for; one that is only slow (on a computer that is itself imitated) is. */
const PATIENCE_MS = 60_000;

/** No new programs, no rights, no other users. */
const SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";
/** A QEMU that runs no guest: for its disks, its network or its protocols alone. */
export const NO_MACHINE = ["-nodefaults", "-no-user-config", "-display", "none", "-machine", "none", "-sandbox", SANDBOX] as const;

/** `files` arrive as descriptors 3, 4, … Ends with `await using`, and with us. Throws what `connectQmp` throws, with QEMU's words as detail. */
export async function startHelperQemu(
  cage: Cage,
  spec: { readonly binary: string; readonly parent: string; readonly args: readonly string[]; readonly files?: readonly number[] },
  options: Waiting,
): Promise<HelperQemu> {
  await mkdir(spec.parent, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(`${spec.parent}/q-`);
  await chmod(folder, 0o700);
  await handOver(folder, cage);
  const run = seenFolder(cage);
  const argv = [
    spec.binary,
    ...NO_MACHINE,
    "-chardev",
    `socket,id=m,path=${run}/qmp.sock,server=on,wait=off`,
    "-mon",
    "chardev=m,mode=control",
    ...spec.args,
  ];
  const { child, pid } = spawnCaged(cage, { argv, folder, files: spec.files ?? [], stderr: "pipe", outlives: false });
  let words = "";
  child.stderr?.on("data", (bytes: Buffer) => {
    if (words.length < 8192) words += bytes.toString("utf8");
  });
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const cut = new AbortController();
  void gone.then(() => cut.abort(new Error(words)));
  const end = async (): Promise<void> => {
    // The program first: its wrapper then ends by itself and reaps it.
    await pid.then((n) => process.kill(n, "SIGKILL")).catch(() => child.kill("SIGKILL"));
    const patience = setTimeout(() => child.kill("SIGKILL"), 2000);
    await gone;
    clearTimeout(patience);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const session = await connectQmp(`${folder}/qmp.sock`, {
      signal: AbortSignal.any([options.signal, cut.signal]),
      patienceMs: PATIENCE_MS,
    });
    return {
      session,
      folder,
      pid: await pid,
      async [Symbol.asyncDispose]() {
        session.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    options.signal.throwIfAborted();
    throw new Error(`QEMU did not start: ${words.trim()}`, { cause: error });
  }
}
