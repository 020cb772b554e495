// Cables between networks, tunnels between computers, captures: what goes beyond one network's ports, through real sockets.
import { randomBytes } from "node:crypto";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { DROP_WORDS, type PortPlan } from "@mimic/model";
import { describe, expect, test } from "vitest";
import { readCapture } from "../src/index.ts";
import { BROADCAST, frame, macOf } from "./frames.ts";
import { NET, networkPlan, nicId, Peer, portPlan, switchHome, waiting } from "./real-switch.ts";

const OTHER = `net_${"1".repeat(26)}`;
const [A, B] = [macOf(1), macOf(2)];
const loose = { guards: { mac: false } };
const prt = (n: number): string => `prt_${String(n).padStart(26, "0")}`;
const cable = (id: number, network: string, to: number): PortPlan =>
  portPlan(id, { id: prt(id), label: `cable ${id}`, attach: { how: "cable", network, port: prt(to) }, ...loose });

/** Frames of ours, without probes. */
const spoken = (got: readonly Buffer[]) => got.filter((one) => one.readUInt16BE(12) === 0x88b5);

test("two networks with two cables between them carry each frame once, say that there is a loop, and go on when one is pulled", async () => {
  await using home = await switchHome();
  await using a = await Peer.listen(join(home.net, "p1.sock"));
  await using b = await Peer.listen(join(home.net, "p2.sock"));
  const fabric = home.fabric();
  const words: string[] = [];
  fabric.listen((news) => news.kind === "loop" && words.push(news.words));
  const left = (cables: readonly PortPlan[]) => networkPlan([portPlan(1), ...cables]);
  const right = (cables: readonly PortPlan[]) => networkPlan([portPlan(2), ...cables], { id: OTHER, name: "other" });
  await fabric.apply(left([cable(11, OTHER, 21), cable(12, OTHER, 22)]), waiting());
  await fabric.apply(right([cable(21, NET, 11), cable(22, NET, 12)]), waiting());
  await Promise.all([a.connected(), b.connected()]);
  while (words.length === 0) await sleep(20);
  // Links listen before they carry.
  await sleep(1000);
  for (let n = 0; n < 10; n++) a.send(frame({ from: A, to: BROADCAST, payload: [n] }));
  await b.until((got) => spoken(got).length >= 10);
  await sleep(100);
  expect(spoken(b.got).map((one) => one[14])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(words[0]).toMatch(/comes back by “cable \d\d”: “cable \d\d” is shut in VLAN 1/);
  // The other cable takes over once the first is gone: a few seconds, since its probes must stay away.
  await fabric.apply(left([cable(12, OTHER, 22)]), waiting());
  await fabric.apply(right([cable(22, NET, 12)]), waiting());
  b.got.length = 0;
  while (spoken(b.got).length === 0) {
    a.send(frame({ from: A, to: BROADCAST, payload: [99] }));
    await sleep(100);
  }
  await fabric.close({ end: true });
});

describe("a tunnel between two computers", () => {
  /** A relay between the ends, which sees, keeps and changes what passes. */
  async function wiretap(to: number) {
    const seen: { readonly fromDialler: boolean; readonly bytes: Buffer }[] = [];
    const tap = { seen, change: (bytes: Buffer): Buffer => bytes, connections: 0 };
    const server = createServer((near) => {
      tap.connections++;
      const far = connect(to, "127.0.0.1");
      const pass = (from: Socket, into: Socket, fromDialler: boolean): void => {
        from.on("error", () => into.destroy()).on("close", () => into.destroy());
        from.on("data", (bytes: Buffer) => {
          seen.push({ fromDialler, bytes });
          into.write(tap.change(bytes));
        });
      };
      pass(near, far, true);
      pass(far, near, false);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return Object.assign(tap, { port: (server.address() as { port: number }).port, [Symbol.dispose]: () => void server.close() });
  }

  const freePort = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    return port;
  };

  async function twoComputers(keys: readonly [string, string]) {
    const homes = [await switchHome(), await switchHome()] as const;
    const port = await freePort();
    const tap = await wiretap(port);
    const peers = [await Peer.listen(join(homes[0].net, "p1.sock")), await Peer.listen(join(homes[1].net, "p2.sock"))] as const;
    const fabrics = homes.map((home) => home.fabric());
    const ends = [{ listen: `127.0.0.1:${port}` }, { dial: `127.0.0.1:${tap.port}` }];
    for (const n of [0, 1] as const) {
      const tunnel = portPlan(9, { id: prt(9), label: "tunnel", attach: { how: "tunnel", key: keys[n], ...ends[n] }, ...loose });
      await fabrics[n]?.apply(networkPlan([portPlan(n + 1), tunnel]), waiting());
      await peers[n]?.connected();
    }
    return {
      a: peers[0],
      b: peers[1],
      tap,
      port,
      fabrics,
      [Symbol.asyncDispose]: async () => {
        tap[Symbol.dispose]();
        for (const peer of peers) await peer[Symbol.asyncDispose]();
        for (const fabric of fabrics) await fabric.close({ end: true });
        for (const home of homes) await home[Symbol.asyncDispose]();
      },
    };
  }
  const untilHeard = async (from: Peer, to: Peer, payload: number): Promise<void> => {
    while (!spoken(to.got).some((one) => one[14] === payload)) {
      from.send(frame({ from: from.connections > 0 && payload % 2 === 0 ? A : B, to: BROADCAST, payload: [payload] }));
      await sleep(50);
    }
  };

  test("carries frames both ways, and on the wire nothing of them is to be read", async () => {
    const key = randomBytes(32).toString("hex");
    await using world = await twoComputers([key, key]);
    await untilHeard(world.a, world.b, 2);
    await untilHeard(world.b, world.a, 3);
    const secret = Buffer.from("MIMIC-CANARY-0123456789");
    world.a.send(frame({ from: A, to: BROADCAST, payload: [8, ...secret] }));
    await world.b.until((got) => got.some((one) => one.includes(secret)));
    const wire = Buffer.concat(world.tap.seen.map(({ bytes }) => bytes));
    expect(wire.includes(secret)).toBe(false);
    expect(wire.length).toBeGreaterThan(secret.length);
  });

  test("does not open to another key", async () => {
    await using world = await twoComputers([randomBytes(32).toString("hex"), randomBytes(32).toString("hex")]);
    while (world.tap.connections < 3) await sleep(20);
    for (let n = 0; n < 5; n++) world.a.send(frame({ from: A, to: BROADCAST, payload: [4] }));
    await sleep(300);
    expect(spoken(world.b.got)).toEqual([]);
    expect((await world.fabrics[0]?.counters(NET, waiting()))?.find(({ port }) => port === prt(9))?.sent.frames).toBe(0);
  });

  test("takes nothing that was changed on the way, nor what was recorded and is sent again, and heals", async () => {
    const key = randomBytes(32).toString("hex");
    await using world = await twoComputers([key, key]);
    await untilHeard(world.b, world.a, 3);
    const recorded = world.tap.seen.filter(({ fromDialler }) => fromDialler).map(({ bytes }) => bytes);
    // A stranger plays the whole recorded talk to the end that listens.
    const before = spoken(world.a.got).length;
    const stranger = connect(world.port, "127.0.0.1");
    stranger.on("error", () => {}).resume();
    for (const bytes of recorded) stranger.write(bytes);
    await new Promise((resolve) => stranger.once("close", resolve));
    expect(spoken(world.a.got).length).toBe(before);
    // One bit turned over: that connection ends, and a new one is made.
    const { connections } = world.tap;
    world.tap.change = (bytes) => {
      const changed = Buffer.from(bytes);
      changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
      return changed;
    };
    while (world.tap.connections === connections) {
      world.b.send(frame({ from: B, to: BROADCAST, payload: [5] }));
      await sleep(50);
    }
    world.tap.change = (bytes) => bytes;
    expect(spoken(world.a.got).some((one) => one[14] === 5)).toBe(false);
    await untilHeard(world.b, world.a, 7);
  });
});

test("a capture holds what passed a port, both ways, and what was dropped there with the reason", async () => {
  await using home = await switchHome();
  await using a = await Peer.listen(join(home.net, "p1.sock"));
  await using b = await Peer.listen(join(home.net, "p2.sock"));
  const fabric = home.fabric();
  await fabric.apply(networkPlan([portPlan(1), portPlan(2)]), waiting());
  await Promise.all([a.connected(), b.connected()]);
  const wish = { what: { of: "port", port: nicId(1) }, filter: "", snapLength: 0, withDrops: true } as const;
  await expect(
    (async () => {
      for await (const _ of fabric.capture(NET, { ...wish, filter: "tcp prot 80" }, waiting()));
    })(),
  ).rejects.toMatchObject({ code: "capture.bad_filter" });
  const enough = new AbortController();
  const bytes: Uint8Array[] = [];
  const packets = () => readCapture(Buffer.concat(bytes)).filter((item) => item.kind === "packet");
  const capturing = (async () => {
    for await (const part of fabric.capture(NET, wish, { signal: enough.signal })) {
      bytes.push(part);
      if (packets().length >= 3) enough.abort();
    }
  })();
  // Frames before the capture began are not in it, so they are sent until it has some.
  while (!enough.signal.aborted) {
    a.send(frame({ from: A, to: B, payload: [1] }), frame({ from: B, to: A, payload: [2] }));
    b.send(frame({ from: B, to: A, payload: [3] }));
    await sleep(20);
  }
  await capturing;
  const seen = packets().map((item) => [item.frame[14], item.direction, item.comments[0]]);
  expect(seen).toContainEqual([1, "inbound", undefined]);
  expect(seen).toContainEqual([3, "outbound", undefined]);
  expect(seen).toContainEqual([2, "inbound", `dropped: ${DROP_WORDS.macSpoofed.words}`]);
  await fabric.close({ end: true });
});

test("a plan that is applied again, and one that changes another port, disturb nobody", async () => {
  await using home = await switchHome();
  await using a = await Peer.listen(join(home.net, "p1.sock"));
  await using b = await Peer.listen(join(home.net, "p2.sock"));
  await using c = await Peer.listen(join(home.net, "p3.sock"));
  const fabric = home.fabric();
  const ports = [portPlan(1), portPlan(2), portPlan(3)];
  await fabric.apply(networkPlan(ports), waiting());
  await Promise.all([a.connected(), b.connected(), c.connected()]);
  b.send(frame({ from: B, to: A }));
  await a.until((got) => got.length === 1);
  await fabric.apply(networkPlan(ports), waiting());
  await fabric.apply(networkPlan([portPlan(1), portPlan(2), portPlan(3, { mode: { mode: "access", vlan: 7 } })]), waiting());
  await fabric.apply(networkPlan([portPlan(1), portPlan(2)]), waiting());
  a.send(frame({ from: A, to: B, payload: [6] }));
  await b.until((got) => got.some((one) => one[14] === 6));
  expect([a.connections, b.connections]).toEqual([1, 1]);
  expect((await fabric.counters(NET, waiting())).map(({ port }) => port)).toEqual([nicId(1), nicId(2)]);
  await fabric.remove(NET, waiting());
  await expect(fabric.counters(NET, waiting())).rejects.toMatchObject({ code: "network.not_carried" });
  await fabric.close({ end: true });
});
