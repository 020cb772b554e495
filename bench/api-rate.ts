// How many questions the daemon answers in a second, gate and schemas included. Beside it a bare HTTP server of the
// same Node that sends the same bytes.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Send } from "@mimic/api/client";
import { createMachines, openApi } from "./framework/api.ts";
import { interleave, type Take } from "./framework/measure.ts";
import { startDaemon } from "./framework/mimic.ts";
import type { Bench, Row } from "./framework/row.ts";

const REQUESTS = 400;
const CONNECTIONS = 4;
const PATH = "/api/v1/machines/m-1";

export const apiRate: Row = {
  name: "api-rate",
  what: `Requests per second for one machine over the unix socket, ${CONNECTIONS} connections; beside it a bare node:http server that sends the same bytes.`,
  unit: "per second",
  bound: "none was asked for: this row only tells",
  async run(bench) {
    await startDaemon(bench);
    using api = openApi(bench, { connections: CONNECTIONS });
    await createMachines(api.client, "m", 1);
    const { body } = await api.send({ method: "GET", path: PATH, body: undefined });
    const peerHome = await startBareServer(bench, JSON.stringify(body));
    using bare = openApi(bench, { connections: CONNECTIONS, home: peerHome });
    const [ours, peer] = await interleave([rate(api.send), rate(bare.send)], { warmUp: 2, rounds: 11 });
    if (!ours || !peer) throw new Error("nothing was measured");
    return { ours, peer, holds: true };
  },
};

const rate =
  (send: Send): Take =>
  async () => {
    const began = performance.now();
    let left = REQUESTS;
    const lane = async (): Promise<void> => {
      while (left-- > 0) {
        const { status } = await send({ method: "GET", path: PATH, body: undefined });
        if (status !== 200) throw new Error(`the answer was ${status}`);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, lane));
    return (REQUESTS / (performance.now() - began)) * 1000;
  };

const BARE_SERVER = `
const [socket, body] = process.argv.slice(1);
require("node:http").createServer((_, reply) => {
  reply.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) }).end(body);
}).listen(socket, () => process.stdout.write("listening"));`;

/** A process of its own, as the daemon is one. Answers the folder below which its socket is, as a home's. */
async function startBareServer(bench: Bench, body: string): Promise<string> {
  const home = join(bench.home, "bare");
  mkdirSync(join(home, "run"), { recursive: true });
  const server = spawn(process.execPath, ["-e", BARE_SERVER, join(home, "run/daemon.sock"), body], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  bench.cleanUp(async () => server.kill());
  await once(server.stdout, "data");
  return home;
}
