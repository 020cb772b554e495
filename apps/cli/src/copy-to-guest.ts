// From here into a guest.
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { rawRoutes } from "@mimic/api/routes";
import { MimicError, plainBlock, quoted } from "@mimic/base";
import type { Context } from "./command.ts";
import { lastPart, type Place } from "./copy-place.ts";
import { type Copied, counted, withProgress } from "./copy-progress.ts";
import { type Moved, packFolder } from "./folder-tar.ts";
import { runInGuest } from "./guest-command.ts";
import { lookInGuest } from "./guest-look.ts";
import { rawRequest } from "./raw-http.ts";
import { UnknownError } from "./say.ts";

type GuestPlace = Extract<Place, { on: "guest" }>;

export async function copyToGuest(context: Context, from: string, to: GuestPlace, quiet: boolean): Promise<Copied> {
  const found = await stat(from).catch(() => undefined);
  if (!found) throw new UnknownError("cp.no_such_file", `There is no file ${quoted(from)} here.`, { hint: "Look at the path." });
  const name = lastPart(resolve(from));
  const there = await lookInGuest(context, to.machine, to.path);
  const path = there.kind === "folder" || to.path.endsWith("/") ? `${to.path.replace(/\/+$/, "")}/${name}` : to.path;
  const moved: Moved = { files: 0, bytes: 0, left: 0 };
  const { machine } = to;
  if (found.isDirectory()) await sendFolder(context, { folder: from, machine, path, moved, quiet });
  else await sendFile(context, { file: from, sizeBytes: found.size, machine, path, moved, quiet });
  return { ...moved, to: `${machine}:${path}` };
}

interface SendFile {
  readonly file: string;
  readonly sizeBytes: number;
  readonly machine: string;
  readonly path: string;
  readonly moved: Moved;
  readonly quiet: boolean;
}

async function sendFile(context: Context, { file, sizeBytes, machine, path, moved, quiet }: SendFile): Promise<void> {
  await withProgress(context, { words: `Copying to ${machine}:${path}`, moved, total: sizeBytes, quiet }, async (signal) => {
    const body = counted(createReadStream(file) as AsyncIterable<Uint8Array>, moved);
    const answer = await rawRequest(context.door, { route: rawRoutes.writeFile, machine, query: { path }, body, signal });
    answer.resume();
  });
  moved.files = 1;
}

async function sendFolder(
  context: Context,
  { folder, machine, path, moved, quiet }: { folder: string; machine: string; path: string; moved: Moved; quiet: boolean },
): Promise<void> {
  await withProgress(context, { words: `Copying to ${machine}:${path}`, moved, quiet }, async (signal) => {
    let said = "";
    const end = await runInGuest(context, {
      machine,
      program: "/bin/sh",
      args: ["-c", 'mkdir -p -- "$1" && exec tar -xf - -C "$1"', "sh", path],
      stdin: packFolder(folder, moved),
      onStdout: () => {},
      onStderr: (bytes) => {
        said = (said + Buffer.from(bytes).toString("utf8")).slice(-2000);
      },
      signal,
    });
    if (end.kind !== "exited" || end.code !== 0)
      throw new MimicError("cp.guest_refused", `The guest could not unpack the folder at ${quoted(path)}.`, {
        hint: "Is there room, may it be written there, and does the guest have tar?",
        detail: plainBlock(said, 2000),
      });
  });
}
