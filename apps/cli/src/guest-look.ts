// Small questions to a guest's own shell, where it has one. What it answers is only a claim.
import type { Context } from "./command.ts";
import { type GuestEnd, runInGuest } from "./guest-command.ts";

export type Looked = "folder" | "file" | "nothing" | "unknown";

/** What stands at a path in the guest; unknown for guests without a POSIX shell. */
export async function lookInGuest(
  context: Context,
  machine: string,
  path: string,
): Promise<{ readonly kind: Looked; readonly sizeBytes?: number | undefined }> {
  const script = 'if [ -d "$1" ]; then echo folder; elif [ -e "$1" ]; then echo file; wc -c < "$1"; else echo nothing; fi';
  const { end, text } = await ask(context, machine, script, path);
  const [kind, size] = text.split("\n");
  if (end.kind !== "exited" || end.code !== 0 || (kind !== "folder" && kind !== "file" && kind !== "nothing")) return { kind: "unknown" };
  return { kind, sizeBytes: /^\s*\d{1,15}\s*$/.test(size ?? "") ? Number(size) : undefined };
}

async function ask(context: Context, machine: string, script: string, argument: string): Promise<{ end: GuestEnd; text: string }> {
  let text = "";
  const end = await runInGuest(context, {
    machine,
    program: "/bin/sh",
    args: ["-c", script, "sh", argument],
    onStdout: (bytes) => {
      text = (text + Buffer.from(bytes).toString("latin1")).slice(0, 200);
    },
    onStderr: () => {},
  });
  return { end, text };
}
