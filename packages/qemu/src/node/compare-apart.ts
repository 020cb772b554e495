// Comparing two times of a disk, all of it in cages: a QEMU without a guest reads the formats and serves what they hold at
// a socket (NBD), and a program of Mimic's own reads the file systems there. Neither sees anything else, and what the
// second one says is checked like any bytes from outside.
import type { ChildProcess } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import { MimicError, messageOf, onAbort, plain, type Waiting } from "@mimic/base";
import { VolumeDifference } from "@mimic/model";
import type { DiskComparison, DiskTime } from "@mimic/workbench/ports";
import { z } from "zod";
import { chainArgs } from "./chain-args.ts";
import { startHelperQemu } from "./helper-qemu.ts";
import { openForQemu } from "./open-files.ts";
import { type Cage, seenFolder, spawnCaged } from "./spawn.ts";

/** The program that reads file systems, and what of this computer's files it needs for that. */
export interface DiskReader {
  /** What it reads stands behind these words as JSON. */
  readonly argv: readonly string[];
  readonly reads: readonly string[];
}

const SOCKET = "disks.sock";
const MOST_WORDS = 32 * 1024 ** 2;
const Answer = z.object({ writtenBytes: z.number().min(0), volumes: z.array(VolumeDifference).max(260) });

export interface ApartNeeds {
  readonly cage: Cage;
  readonly binary: string;
  readonly parent: string;
  readonly reader: DiskReader;
}

/** `own`: how many layers, from the top, the other one does not stand on. Throws `disk.compare_failed`. */
export async function compareApart(needs: ApartNeeds, from: DiskTime, to: DiskTime, options: Waiting): Promise<DiskComparison> {
  const { cage, binary, parent, reader } = needs;
  const handles: FileHandle[] = [];
  try {
    for (const { path } of [...from.chain, ...to.chain]) handles.push(await openForQemu(path, false));
    const args = [...timeArgs(from, "from", 3), ...timeArgs(to, "to", 3 + from.chain.length)];
    const files = handles.map((handle) => handle.fd);
    await using qemu = await startHelperQemu(cage, { binary, parent, args, files }, options);
    const { session } = qemu;
    const path = `${seenFolder(cage)}/${SOCKET}`;
    await session.execute("nbd-server-start", { addr: { type: "unix", data: { path } } }, options);
    for (const name of ["from", "to"])
      await session.execute(
        "block-export-add",
        { type: "nbd", id: name, "node-name": `${name}0`, name, writable: false, "allocation-depth": true },
        options,
      );
    const order = { socket: path, from: { name: "from", own: from.own }, to: { name: "to", own: to.own } };
    return await askReader(cage, { reader, folder: qemu.folder, order }, options);
  } catch (error) {
    options.signal.throwIfAborted();
    throw error instanceof MimicError ? error : compareFailed(messageOf(error));
  } finally {
    for (const handle of handles) await handle.close();
  }
}

/** A disk that nothing was ever written to has no file of its own: it is zeros. */
const timeArgs = ({ chain, sizeBytes }: DiskTime, node: string, firstFd: number): readonly string[] =>
  chain.length > 0
    ? chainArgs(chain, false, { node, firstFd })
    : [
        "-blockdev",
        JSON.stringify({ driver: "null-co", "node-name": `${node}0`, size: sizeBytes, "read-zeroes": true, "read-only": true }),
      ];

async function askReader(
  cage: Cage,
  { reader, folder, order }: { readonly reader: DiskReader; readonly folder: string; readonly order: object },
  options: Waiting,
): Promise<DiskComparison> {
  const { child, pid } = spawnCaged(cage, {
    argv: [...reader.argv, JSON.stringify(order)],
    folder,
    folders: reader.reads.map((path) => ({ path, at: path, writable: false })),
    stdout: "pipe",
    stderr: "pipe",
    outlives: false,
  });
  const end = (): void => {
    child.kill("SIGKILL");
    pid.then((number) => process.kill(number, "SIGKILL")).catch(() => {});
  };
  using _ = onAbort(options.signal, end);
  const { code, out, errors } = await wordsOf(child, end);
  options.signal.throwIfAborted();
  const answer = code === 0 ? Answer.safeParse(parseJson(out)) : undefined;
  if (answer?.success) return answer.data;
  throw compareFailed(errors || `the reader ended with ${code}, and its answer made no sense`);
}

const compareFailed = (why: string): MimicError =>
  new MimicError("disk.compare_failed", "The two disks could not be compared.", {
    hint: "See whether the machine starts from that moment; what was found is in the details.",
    detail: plain(why, 2000),
  });

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** More than a bound of words ends it. */
async function wordsOf(child: ChildProcess, end: () => void): Promise<{ code: number | null; out: string; errors: string }> {
  const pieces: Buffer[] = [];
  let [size, errors] = [0, ""];
  child.stdout?.on("data", (bytes: Buffer) => {
    size += bytes.length;
    if (size > MOST_WORDS) end();
    else pieces.push(bytes);
  });
  child.stderr?.on("data", (bytes: Buffer) => {
    if (errors.length < 8192) errors += bytes.toString("utf8");
  });
  const code = await new Promise<number | null>((resolve) => {
    child.once("error", () => resolve(null));
    child.once("close", (status) => resolve(status));
  });
  return { code: size > MOST_WORDS ? null : code, out: Buffer.concat(pieces).toString("utf8"), errors };
}
