// The corpus of frames that scapy makes, and what the tools of the field say of it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CapturedPacket, readCapture } from "../src/index.ts";

export interface Corpus extends AsyncDisposable {
  readonly folder: string;
  readonly path: string;
  /** The file. */
  readonly bytes: Uint8Array;
  readonly frames: readonly Uint8Array[];
  /** The first so many are as they should be; the others are cut off or bent. */
  readonly good: number;
}

/** A folder of its own, with the corpus in it; both go with it. */
export async function makeCorpus(): Promise<Corpus> {
  const folder = await mkdtemp(join(tmpdir(), "mimic-corpus-"));
  const path = join(folder, "corpus.pcap");
  const made = await runTool("/usr/bin/python3", [join(import.meta.dirname, "corpus.py"), path]);
  if (made.code !== 0) throw new Error(`the corpus could not be made: ${made.stderr}`);
  const bytes = await readFile(path);
  const frames = packetsOf(bytes).map((packet) => packet.frame);
  return {
    folder,
    path,
    bytes,
    frames,
    good: Number(made.stdout.toString("utf8")),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export function packetsOf(bytes: Uint8Array): CapturedPacket[] {
  return readCapture(bytes).filter((item) => item.kind === "packet");
}

export async function runTool(
  program: string,
  args: readonly string[],
  input: Uint8Array = new Uint8Array(0),
): Promise<{ code: number | null; stdout: Buffer; stderr: string }> {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], timeout: 60_000, killSignal: "SIGKILL" });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (part: Buffer) => stdout.push(part));
  child.stderr.setEncoding("utf8").on("data", (part: string) => (stderr += part));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: Buffer.concat(stdout), stderr };
}

/** The corpus's frames are told apart by their time: a second each. */
export const numberOf = (packet: CapturedPacket): number => Number(packet.atNs / 1_000_000_000n) - 1_700_000_000;
