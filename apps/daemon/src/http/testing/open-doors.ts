// Real doors on real sockets for tests, and raw requests to them, byte by byte.

import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Log, silentLog } from "@mimic/base";
import { type Doors, startDoors } from "../doors.ts";
import { type FakeWorkbench, fakeWorkbench } from "./fake-workbench.ts";

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
};

export interface OpenDoors extends AsyncDisposable {
  readonly doors: Doors;
  readonly fake: FakeWorkbench;
  readonly token: string;
  readonly port: number;
  readonly socketPath: string;
  readonly folder: string;
  readonly shutdowns: { machines: boolean }[];
}

export async function openDoors(options: { webDirectory?: string; log?: Log; port?: number } = {}): Promise<OpenDoors> {
  const folder = await mkdtemp(join(tmpdir(), "mimic-doors-"));
  const [runDirectory, dataDirectory] = [join(folder, "run"), join(folder, "data")];
  await mkdir(runDirectory, { mode: 0o700 });
  await mkdir(dataDirectory, { mode: 0o700 });
  const fake = fakeWorkbench();
  const shutdowns: { machines: boolean }[] = [];
  const doors = await startDoors({
    workbench: fake.workbench,
    log: options.log ?? silentLog,
    clock: realClock,
    random: { bytes: (count) => randomBytes(count) },
    runDirectory,
    dataDirectory,
    webDirectory: options.webDirectory,
    port: options.port ?? 0,
    version: "0.0.0",
    shutdown: async (wish) => {
      shutdowns.push(wish);
      return { stoppedMachines: [] };
    },
  }).catch(async (error: unknown) => {
    await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const token = (await readFile(join(dataDirectory, "token"), "utf8")).trim();
  return {
    doors,
    fake,
    token,
    port: doors.port,
    socketPath: join(runDirectory, "daemon.sock"),
    folder,
    shutdowns,
    async [Symbol.asyncDispose]() {
      await doors.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface RawReply {
  readonly status: number;
  /** Lower case. */
  readonly head: string;
  readonly cookie: string;
  readonly body: string;
}

/** Sends exactly this text and reads until the other side closes, or `forMs` passed. */
export function rawRequest(to: { port: number } | { path: string }, text: string, forMs = 2000): Promise<RawReply> {
  const { promise, resolve } = Promise.withResolvers<RawReply>();
  const socket = connect({ host: "127.0.0.1", ...to });
  const chunks: Buffer[] = [];
  const done = () => {
    clearTimeout(late);
    socket.destroy();
    const all = Buffer.concat(chunks).toString("latin1");
    const at = all.indexOf("\r\n\r\n");
    resolve({
      status: Number(/^HTTP\/1\.1 (\d{3})/.exec(all)?.[1] ?? 0),
      cookie: /set-cookie: ([^;]+)/i.exec(all)?.[1] ?? "",
      head: (at === -1 ? all : all.slice(0, at)).toLowerCase(),
      body: at === -1 ? "" : all.slice(at + 4),
    });
  };
  const late = setTimeout(done, forMs);
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("close", done);
  socket.on("error", done);
  socket.write(text);
  return promise;
}

/** A request as text; `headers` in order, doubles allowed. */
export function requestText(method: string, target: string, headers: readonly (readonly [string, string])[], body = ""): string {
  return `${method} ${target} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`;
}
