// What QEMU inherits that lies in no folder: memory to begin from, keys of disks, and as much of a kernel as one that goes on needs.
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Log, Waiting } from "@mimic/base";
import { sealedBytes } from "@mimic/base/node";
import type { BootPlan } from "@mimic/workbench/ports";
import { type FileNeed, keyKey } from "../files.ts";
import { privateMemory, type SealedMemories } from "./sealed-memory.ts";
import type { Cage } from "./spawn.ts";

export interface HeldFilesNeeds {
  readonly memories: SealedMemories;
  readonly log: Log;
  readonly stateDirectory: string;
}

/** What QEMU inherits that is no file of a disk: memory to begin from, keys. Ours are closed again once it has its own. */
export async function heldFiles(
  plan: BootPlan,
  cage: Cage,
  { memories, log, stateDirectory }: HeldFilesNeeds,
  options: Waiting,
): Promise<AsyncDisposable & { readonly needs: readonly FileNeed[] }> {
  await using stack = new AsyncDisposableStack();
  const needs: FileNeed[] = [];
  const path = plan.resume?.memoryPath;
  if (path !== undefined) {
    let fd = await memories.hold(path, options);
    if (fd === undefined) {
      log.warn("no sealed memory here: the machine gets a copy of its own on the disk", { path });
      fd = stack.use(await privateMemory(path, `${stateDirectory}/tmp`, cage, options)).fd;
    }
    needs.push({ key: "memory", path, writable: true, held: fd });
  }
  for (const [diskId, secret] of Object.entries(plan.secrets ?? {})) {
    const fd = sealedBytes("mimic-key", (file) => void writeSync(file, secret.reveal()));
    if (fd === undefined) throw new Error("no file in memory for a key");
    stack.defer(() => closeSync(fd));
    needs.push({ key: keyKey(diskId), path: "", writable: false, held: fd });
  }
  if (plan.endsAtRestart && plan.files.kernel !== undefined) needs.push(...beginnings(plan.files.kernel, stack));
  const owned = stack.move();
  return { needs, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** How much of a kernel its own loader's part takes at most (Linux x86 boot protocol: setup_sects is a byte, of 512 bytes each), and a little. */
const KERNEL_HEAD = 256 * 512 + 4096;

/**
 * The saved device state wants a kernel and a first file system to have been given; nobody runs them. QEMU copies a kernel into
 * memory of its own, so it gets the beginning only. Nothing where there are no files in memory: then it gets the whole.
 */
function beginnings(kernel: string, stack: AsyncDisposableStack): FileNeed[] {
  const head = Buffer.alloc(KERNEL_HEAD);
  const source = openSync(kernel, "r");
  const length = readSync(source, head, 0, KERNEL_HEAD, 0);
  closeSync(source);
  const needs: FileNeed[] = [];
  for (const [key, bytes] of [
    ["kernel", head.subarray(0, length)],
    ["initrd", Buffer.alloc(512)],
  ] as const) {
    const fd = sealedBytes(`mimic-${key}`, (file) => void writeSync(file, bytes));
    if (fd === undefined) return [];
    stack.defer(() => closeSync(fd));
    needs.push({ key, path: "", writable: false, held: fd });
  }
  return needs;
}
