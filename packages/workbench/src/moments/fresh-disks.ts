// Disks of machines that forget: fresh at each start, and unreadable once the key is gone.
import { Secret, type Waiting } from "@mimic/base";
import type { MachineRecord } from "@mimic/model";
import type { Context } from "../context.ts";

/** Empty layers over what the machine was made from, each encrypted with a key that exists only in memory. */
export async function freshDisks(
  context: Context,
  record: MachineRecord,
  options: Waiting & { readonly draft?: boolean },
): Promise<Readonly<Record<string, Secret>>> {
  const { ports } = context;
  const { disks } = ports.machines.plan(record, { draft: options.draft === true }).files;
  const secrets: Record<string, Secret> = {};
  for (const disk of record.hardware.disks) {
    const [own, under] = disks[disk.id] ?? [];
    if (own === undefined || under === undefined || disk.readOnly || disk.keeps) continue;
    if (!options.draft) await ports.machines.forgetFile(record, disk);
    const key = new Secret(keyText(ports.random.bytes(32)));
    await ports.diskTool.createOverlay(own.path, under, disk.sizeBytes, { ...options, key });
    secrets[disk.id] = key;
  }
  return secrets;
}

const keyText = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
