// From a guest to here. What is half copied lies beside its place under another name and is thrown away when it fails.
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { rawRoutes } from "@mimic/api/routes";
import { MimicError, plainBlock, quoted } from "@mimic/base";
import type { Context } from "./command.ts";
import { lastPart, type Place } from "./copy-place.ts";
import { type Copied, counted, withProgress } from "./copy-progress.ts";
import { type Moved, unpackInto } from "./folder-tar.ts";
import { runInGuest } from "./guest-command.ts";
import { lookInGuest } from "./guest-look.ts";
import { rawRequest } from "./raw-http.ts";
import { NotNowError, UnknownError } from "./say.ts";

type GuestPlace = Extract<Place, { on: "guest" }>;

export async function copyFromGuest(context: Context, from: GuestPlace, to: string, quiet: boolean): Promise<Copied> {
  const looked = await lookInGuest(context, from.machine, from.path);
  if (looked.kind === "nothing")
    throw new UnknownError("cp.no_such_guest_file", `There is nothing at ${quoted(from.path)} in ${quoted(from.machine)}.`, {
      hint: `Look there: mimic exec ${from.machine} -- ls -l ${dirname(from.path)}`,
    });
  const place = await placeHere(from.path, to);
  const moved: Moved = { files: 0, bytes: 0, left: 0 };
  const draft = join(dirname(place), `.mimic-cp-${randomBytes(6).toString("hex")}`);
  const words = `Copying from ${from.machine}:${from.path}`;
  try {
    await withProgress(context, { words, moved, total: looked.sizeBytes, quiet }, async (signal) => {
      if (looked.kind === "folder") await takeFolder(context, { from, draft, moved, signal });
      else await takeFile(context, { from, draft, moved, signal });
    });
    if (looked.kind === "folder" && (await stat(place).catch(() => undefined))) throw alreadyThere(place);
    await rename(draft, place);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return { ...moved, to: place };
}

/** Into a folder that is there, under its own name; else exactly there. A folder never lands on something. */
async function placeHere(guestPath: string, to: string): Promise<string> {
  const found = await stat(to).catch(() => undefined);
  const into = found?.isDirectory() || to.endsWith("/");
  const name = lastPart(guestPath);
  if (into && name === "")
    throw new NotNowError("cp.needs_name", "The whole of a guest's files needs a name here.", {
      hint: `Give it one: ${join(to, "its-files")}`,
    });
  const place = resolve(into ? join(to, name) : to);
  const parent = await stat(dirname(place)).catch(() => undefined);
  if (!parent?.isDirectory())
    throw new UnknownError("cp.no_such_folder", `There is no folder ${quoted(dirname(place))} here.`, { hint: "Make it first." });
  if ((await stat(place).catch(() => undefined))?.isDirectory()) throw alreadyThere(place);
  return place;
}

const alreadyThere = (place: string): NotNowError =>
  new NotNowError("cp.already_there", `${quoted(place)} is there already, and a folder is not copied over another.`, {
    hint: "Give another name, or move it away.",
  });

interface Take {
  readonly from: GuestPlace;
  readonly draft: string;
  readonly moved: Moved;
  readonly signal: AbortSignal;
}

async function takeFile(context: Context, { from, draft, moved, signal }: Take): Promise<void> {
  const answer = await rawRequest(context.door, { route: rawRoutes.readFile, machine: from.machine, query: { path: from.path }, signal });
  await pipeline(counted(answer as AsyncIterable<Uint8Array>, moved), createWriteStream(draft, { flags: "wx" }), { signal });
  if (!answer.complete)
    throw new MimicError("cp.cut_off", "The file ended before all of it was here.", {
      hint: "Look whether the machine still runs, then copy it again.",
    });
  moved.files = 1;
}

async function takeFolder(context: Context, { from, draft, moved, signal }: Take): Promise<void> {
  await mkdir(draft);
  let said = "";
  const stream = new HandOver();
  const giveUp = new AbortController();
  const command = runInGuest(context, {
    machine: from.machine,
    program: "tar",
    args: ["-cf", "-", "-C", from.path, "."],
    onStdout: (bytes) => stream.push(bytes),
    onStderr: (bytes) => {
      said = (said + Buffer.from(bytes).toString("utf8")).slice(-2000);
    },
    signal: AbortSignal.any([signal, giveUp.signal]),
  }).finally(() => stream.end());
  const unpacked = unpackInto(draft, stream, moved);
  // When unpacking fails nobody takes the bytes any more: the command is ended.
  unpacked.catch((error: unknown) => {
    stream.abandon();
    giveUp.abort(error);
  });
  const [end] = await Promise.all([command, unpacked]);
  // GNU tar ends with 1 when a file changed while it was read: what came is whole in itself.
  if (end.kind !== "exited" || end.code > 1)
    throw new MimicError("cp.guest_refused", `The guest could not pack the folder ${quoted(from.path)}.`, {
      hint: "May it be read there, and does the guest have tar?",
      detail: plainBlock(said, 2000),
    });
}

/** One chunk at a time from hand to hand: the giver waits until the taker took it. */
class HandOver implements AsyncIterable<Uint8Array> {
  #given: { readonly bytes: Uint8Array; readonly taken: () => void } | undefined;
  #isOver = false;
  #isAbandoned = false;
  #wake: (() => void) | undefined;

  push(bytes: Uint8Array): Promise<void> {
    if (this.#isAbandoned) return Promise.resolve();
    return new Promise((taken) => {
      this.#given = { bytes, taken };
      this.#wake?.();
    });
  }
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }
  abandon(): void {
    this.#isAbandoned = true;
    this.#given?.taken();
  }
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const given = this.#given;
      if (given) {
        this.#given = undefined;
        yield given.bytes;
        given.taken();
        continue;
      }
      if (this.#isOver) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
