// Captures of a real switch under traffic, in files as the command line writes them: tshark reads each, and finds as many
// frames as the switch counted, those that were dropped with the reason.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DROP_WORDS } from "@mimic/model";
import { readCapture } from "@mimic/network";
import type { CaptureWish } from "@mimic/workbench/ports";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openCaptureFiles } from "../apps/cli/src/capture/capture-files.ts";
import { WholeBlocks } from "../apps/cli/src/capture/whole-blocks.ts";
import { runTool } from "../packages/network/test/corpus.ts";
import { frame, macOf } from "../packages/network/test/frames.ts";
import { NET, networkPlan, nicId, Peer, portPlan, switchHome, waiting } from "../packages/network/test/real-switch.ts";

let home: Awaited<ReturnType<typeof switchHome>>;
let fabric: ReturnType<typeof home.fabric>;
let peers: Peer[];

const VLAN_OF = [10, 10, 20, 20];
const SIZE = 500;

beforeAll(async () => {
  home = await switchHome();
  peers = await Promise.all(VLAN_OF.map((_, at) => Peer.listen(join(home.net, `p${at + 1}.sock`))));
  fabric = home.fabric();
  await fabric.apply(networkPlan(VLAN_OF.map((vlan, at) => portPlan(at + 1, { mode: { mode: "access", vlan } }))), waiting());
  await Promise.all(peers.map((peer) => peer.connected()));
  // The switch knows from here on who is where.
  for (const at of [1, 2, 3, 4]) await exchange(at, at % 2 === 1 ? at + 1 : at - 1, 1);
});
afterAll(async () => {
  await fabric?.close({ end: true });
  await Promise.all((peers ?? []).map((peer) => peer[Symbol.asyncDispose]()));
  await home?.[Symbol.asyncDispose]();
});

/** Frames from one port to another, all arrived when it answers. */
async function exchange(from: number, to: number, count: number): Promise<void> {
  const [sender, receiver] = [peers[from - 1] as Peer, peers[to - 1] as Peer];
  receiver.got.splice(0);
  sender.send(...Array.from({ length: count }, () => frame({ from: macOf(from), to: macOf(to), size: SIZE })));
  await receiver.until((got) => got.length >= count);
}

/** Frames whose sender is not who it says: the guard of the port drops them. Counted when it answers. */
async function lie(port: number, count: number): Promise<void> {
  const wanted = ((await countersOf(port)).drops.macSpoofed ?? 0) + count;
  peers[port - 1]?.send(...Array.from({ length: count }, () => frame({ from: macOf(99), to: macOf(2), size: SIZE })));
  while (((await countersOf(port)).drops.macSpoofed ?? 0) < wanted) await sleep(10);
}

async function countersOf(port: number) {
  const found = (await fabric.counters(NET, waiting())).find((one) => one.port === nicId(port));
  if (!found) throw new Error(`no counters of port ${port}`);
  return found;
}

async function counted() {
  const ports = await Promise.all([1, 2, 3, 4].map(countersOf));
  const vlans = await fabric.vlanCounters(NET, waiting());
  return { ports, vlan: (id: number) => vlans.find(({ vlan }) => vlan === id)?.frames ?? 0 };
}

/** A capture that has begun, into files as the command line writes them. */
async function record(name: string, what: CaptureWish["what"], maxFiles = 1, maxFileBytes = 0) {
  const ended = new AbortController();
  const files = openCaptureFiles(join(home.net, `${name}.pcapng`), { maxFiles, maxFileBytes });
  const blocks = new WholeBlocks();
  const begun = Promise.withResolvers<void>();
  let packets = 0;
  const done = (async () => {
    try {
      for await (const bytes of fabric.capture(NET, { what, filter: "", snapLength: 0, withDrops: true }, { signal: ended.signal })) {
        const whole = blocks.push(bytes);
        packets += packetsIn(whole);
        await files.write(whole);
        begun.resolve();
      }
    } catch (error) {
      if (!ended.signal.aborted) throw error;
    }
  })();
  await begun.promise;
  return {
    /** Ends it when so many frames are there, or after a while; answers the paths. */
    end: async (frames: number): Promise<readonly string[]> => {
      for (let tries = 0; packets < frames && tries < 200; tries++) await sleep(20);
      // One too many would come, too.
      await sleep(100);
      ended.abort();
      await done;
      await files[Symbol.asyncDispose]();
      return files.paths;
    },
  };
}

/** Enhanced packet blocks (pcapng §4.3). */
function packetsIn(blocks: Uint8Array): number {
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.length);
  let packets = 0;
  for (let at = 0; at < blocks.length; at += view.getUint32(at + 4, true)) if (view.getUint32(at, true) === 6) packets++;
  return packets;
}

/** What tshark reads there: the comment of each frame, “” for none. */
async function commentsBy(path: string): Promise<string[]> {
  const { code, stdout, stderr } = await runTool("tshark", ["-r", path, "-T", "fields", "-e", "frame.number", "-e", "frame.comment"]);
  expect(stderr).not.toMatch(/cut short|damaged|corrupt/i);
  expect(code).toBe(0);
  const lines = stdout.toString("utf8").split("\n").filter(Boolean);
  return lines.map((line) => line.split("\t")[1] ?? "");
}

const LIE = `dropped: ${DROP_WORDS.macSpoofed.words}`;
const lies = (comments: readonly string[]): number => comments.filter((comment) => comment === LIE).length;

test("a capture of a port, of a VLAN and of the network hold what the switch counted, and say which frames were dropped", async () => {
  const before = await counted();
  const [port, vlan, network] = await Promise.all([
    record("port", { of: "port", port: nicId(1) }),
    record("vlan", { of: "vlan", vlan: 20 }),
    record("network", { of: "network" }),
  ]);
  await exchange(1, 2, 40);
  await exchange(2, 1, 25);
  await exchange(3, 4, 30);
  await exchange(4, 3, 7);
  await lie(1, 5);
  await lie(3, 3);
  const after = await counted();
  const since = (read: (now: typeof after) => number): number => read(after) - read(before);
  const drops = (at: number) => since(({ ports }) => ports[at - 1]?.drops.macSpoofed ?? 0);
  expect([drops(1), drops(3)]).toEqual([5, 3]);

  const ofPort = since(({ ports: [one] }) => (one?.received.frames ?? 0) + (one?.sent.frames ?? 0));
  const ofVlan = since((now) => now.vlan(20));
  const ofNetwork = since((now) => now.vlan(10) + now.vlan(20));
  expect([ofVlan, ofNetwork]).toEqual([37, 102]);
  const [byPort, byVlan, byNetwork] = await Promise.all([
    port.end(65 + 5).then(([path = ""]) => commentsBy(path)),
    vlan.end(37 + 3).then(([path = ""]) => commentsBy(path)),
    network.end(102 + 8).then(([path = ""]) => commentsBy(path)),
  ]);
  // A port counts all that came in, with what was dropped then; a VLAN what was carried in it.
  expect([byPort.length, lies(byPort)]).toEqual([ofPort, drops(1)]);
  expect([byVlan.length - lies(byVlan), lies(byVlan)]).toEqual([ofVlan, drops(3)]);
  expect([byNetwork.length - lies(byNetwork), lies(byNetwork)]).toEqual([ofNetwork, drops(1) + drops(3)]);
}, 60_000);

test("a ring of files holds the newest frames, each file whole and none larger than was said by more than a frame", async () => {
  const before = (await counted()).vlan(10);
  const ring = await record("ring", { of: "network" }, 3, 20_000);
  for (let turn = 0; turn < 4; turn++) await exchange(1, 2, 50);
  const frames = (await counted()).vlan(10) - before;
  expect(frames).toBe(200);
  const paths = await ring.end(frames);
  expect(paths).toHaveLength(3);
  const counts = await Promise.all(paths.map(async (path) => (await commentsBy(path)).length));
  const perFile = Math.ceil(20_000 / SIZE);
  for (const [at, count] of counts.entries()) {
    expect(count).toBeLessThanOrEqual(perFile);
    // Only the newest one is not full.
    if (at < counts.length - 1) expect(count).toBeGreaterThan(perFile / 2);
  }
  const whole = await Promise.all(paths.map(async (path) => readCapture(await readFile(path)).filter(({ kind }) => kind === "malformed")));
  expect(whole.flat()).toEqual([]);
}, 60_000);
