// A port that floods as fast as this computer can (threat N4), and what others notice of it: the daemon answers as before, what two
// neighbours say to each other arrives. Compared with a flood of the same size that is read and thrown away by another
// process, since a busy computer is slower at everything.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BROADCAST, frame, macOf } from "../packages/network/test/frames.ts";
import { Peer } from "../packages/network/test/real-switch.ts";
import { type Installation, install } from "./kit/installation.ts";

const [A, B, C, NOBODY] = [macOf(1), macOf(2), macOf(3), macOf(77)];
const NETWORK = "lan";
const PHASE_MS = 2500;

let mimic: Installation;
const sockets: Record<string, string> = {};
let b: Peer;
let c: Peer;
beforeAll(async () => {
  mimic = await install();
  await mimic.client.networks.create({ name: NETWORK, kind: "bare" });
  for (const name of ["a", "b", "c"]) {
    const view = await mimic.client.networks.addPort({ network: NETWORK, name, leads: { to: "socket" } });
    sockets[name] = view.ports.find(({ label }) => label === name)?.socket ?? "";
  }
  [b, c] = [await Peer.dial(sockets.b ?? ""), await Peer.dial(sockets.c ?? "")];
  // C says back to B what B says to C, number and all.
  c.onFrame = (one) => {
    if (one[5] === 3 && one.readUInt16BE(12) === 0x88b5) c.send(frame({ from: C, to: B, payload: one.subarray(14, 18) }));
  };
  b.onFrame = (one) => heard(one);
}, 120_000);
afterAll(async () => {
  await Promise.all([b, c].map((peer) => peer?.[Symbol.asyncDispose]()));
  await mimic[Symbol.asyncDispose]();
});

let answered: (number: number) => void = () => {};
let floodedWith = 0;
function heard(one: Buffer): void {
  if (one[11] === 1) floodedWith++;
  else if (one[5] === 2) answered(one.readUInt32BE(14));
}

/** Writes frames until it is ended, as many as the other end takes. */
const FLOOD = `
  const [path, batch] = process.argv.slice(1), bytes = Buffer.from(batch, "base64");
  const socket = require("node:net").connect(path, () => {
    console.log("flooding");
    const more = () => { while (socket.write(bytes)); };
    socket.on("drain", more);
    more();
  });`;
/** Takes what comes and does nothing with it. */
const SINK = `
  const path = "/tmp/mimic-sink-" + process.pid;
  require("node:net").createServer((socket) => socket.resume()).listen(path, () => console.log(path));
  process.stdin.on("end", () => { require("node:fs").rmSync(path, { force: true }); process.exit(); }).resume();`;

async function start(script: string, ...args: readonly string[]): Promise<{ readonly said: string } & AsyncDisposable> {
  const child = spawn(process.execPath, ["-e", script, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return {
    said: said.toString().trim(),
    [Symbol.asyncDispose]: async () => {
      const gone = once(child, "exit");
      child.stdin.end();
      if (script === FLOOD) child.kill("SIGKILL");
      await gone;
    },
  };
}

const flood = (path: string, to: string) => {
  const record = Buffer.from([0, 0, 0, 60, ...frame({ from: A, to })]);
  return start(FLOOD, path, Buffer.concat(Array.from({ length: 1000 }, () => record)).toString("base64"));
};

interface Seen {
  /** Milliseconds, of each answer. */
  readonly daemon: number[];
  readonly switched: number[];
  readonly neighbours: number[];
  lost: number;
}
const nothing = (): Seen => ({ daemon: [], switched: [], neighbours: [], lost: 0 });

const timed = async (into: number[], what: () => Promise<unknown>): Promise<void> => {
  const began = performance.now();
  await what();
  into.push(performance.now() - began);
};

let number = 0;
/** Asks the daemon, asks what the daemon must ask the switch for, and lets B and C talk, all for a while. */
async function look(seen: Seen, forMs = PHASE_MS): Promise<void> {
  const until = performance.now() + forMs;
  const again = async (everyMs: number, what: () => Promise<void>): Promise<void> => {
    for (; performance.now() < until; await sleep(everyMs)) await what();
  };
  const talk = async (): Promise<void> => {
    const mine = number++;
    const bytes = frame({ from: B, to: C });
    new DataView(bytes.buffer).setUint32(14, mine);
    const back = new Promise<boolean>((resolve) => {
      answered = (which) => which === mine && resolve(true);
    });
    b.send(bytes);
    const began = performance.now();
    if (await Promise.race([back, sleep(5000, false)])) seen.neighbours.push(performance.now() - began);
    else seen.lost++;
  };
  await Promise.all([
    again(10, () => timed(seen.daemon, () => mimic.client.host.show({}))),
    again(50, () => timed(seen.switched, () => mimic.client.networks.drops({ network: NETWORK }))),
    again(5, talk),
  ]);
}

/** What 95 of a hundred are faster than. */
const slow = (all: readonly number[]): number => [...all].sort((x, y) => x - y)[Math.floor(all.length * 0.95)] ?? 0;

const received = async (): Promise<number> =>
  (await mimic.client.networks.counters({ network: NETWORK })).ports.find(({ port }) => sockets.a?.includes(port))?.received.frames ?? 0;

test.each([
  // The guard lets through 500 a second, and as many at first.
  { of: "broadcasts, which a guard holds", to: BROADCAST, passes: { least: 1, mostPerSecond: 500 } },
  // Everybody gets them, as fast as the slowest takes them: whoever sends waits for that.
  { of: "frames to somebody unknown, which nothing holds", to: NOBODY, passes: { least: 1000, mostPerSecond: 1e9 } },
])(
  "a flood of $of, delays neither the daemon's answers nor what neighbours say, and none of that is lost",
  async ({ to, passes }) => {
    await using sink = await start(SINK);
    const [aside, flooded] = [nothing(), nothing()];
    await look(nothing(), 500);
    floodedWith = 0;
    let frames = 0;
    let floodedMs = 0;
    for (let round = 0; round < 2; round++) {
      {
        await using _ = await flood(sink.said, to);
        await look(aside);
      }
      const before = await received();
      {
        await using _ = await flood(sockets.a ?? "", to);
        const began = performance.now();
        await look(flooded);
        frames += (await received()) - before;
        floodedMs += performance.now() - began;
      }
    }
    expect(frames / (floodedMs / 1000)).toBeGreaterThan(100_000);
    expect(floodedWith).toBeGreaterThanOrEqual(passes.least);
    expect(floodedWith).toBeLessThan(passes.mostPerSecond * (floodedMs / 1000 + 60));
    expect(flooded.neighbours.length).toBeGreaterThan(50);
    expect(flooded.lost / (flooded.lost + flooded.neighbours.length)).toBeLessThan(0.01);
    for (const [what, most] of [
      ["daemon", 50],
      ["switched", 200],
      ["neighbours", 200],
    ] as const)
      expect(slow(flooded[what]), `${what}: ${slow(flooded[what])} ms, and ${slow(aside[what])} ms beside a flood elsewhere`).toBeLessThan(
        most + 3 * slow(aside[what]),
      );
  },
  120_000,
);

test("a flood of broadcasts is in everybody's way where nothing holds it, and a daemon that is late is seen to be (controls)", async () => {
  const view = await mimic.client.networks.show({ network: NETWORK });
  const port = view.ports.find(({ label }) => label === "a")?.id ?? "";
  await mimic.client.networks.changePort({ network: NETWORK, port, guards: { broadcastPerSecond: 0 } });
  floodedWith = 0;
  {
    await using _ = await flood(sockets.a ?? "", BROADCAST);
    await expect.poll(() => floodedWith, { timeout: 30_000 }).toBeGreaterThan(100_000);
  }
  const seen = nothing();
  const looking = look(seen, 1500);
  await sleep(300);
  mimic.daemon?.kill("SIGSTOP");
  await sleep(600);
  mimic.daemon?.kill("SIGCONT");
  await looking;
  expect(Math.max(...seen.daemon)).toBeGreaterThan(400);
}, 60_000);
