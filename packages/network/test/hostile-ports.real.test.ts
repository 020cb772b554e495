// What hostile machines do to a switch through their sockets (threats N1 to N5), and what their neighbours notice of it: nothing.
import { readFileSync } from "node:fs";
import { mkdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultGuards } from "@mimic/model";
import { describe, expect, test } from "vitest";
import { BROADCAST, frame, macOf } from "./frames.ts";
import { NET, networkPlan, nicId, Peer, portPlan, switchHome, waiting } from "./real-switch.ts";

const [A, B, C] = [macOf(1), macOf(2), macOf(3)];

/** Resident memory in MiB. */
const memoryOf = (pid: number): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** Three machines on one network; b and c talk all the while, numbered, and what c gets is looked at in the end. */
async function three(wish: Parameters<typeof portPlan>[1] = {}) {
  const home = await switchHome();
  const peers = await Promise.all([1, 2, 3].map((n) => Peer.listen(join(home.net, `p${n}.sock`))));
  const [a, b, c] = peers as [Peer, Peer, Peer];
  const fabric = home.fabric();
  await fabric.apply(networkPlan([portPlan(1, wish), portPlan(2), portPlan(3)]), waiting());
  await Promise.all(peers.map((peer) => peer.connected()));
  // Both are known from now on, so that what they say goes nowhere else.
  b.send(frame({ from: B, to: C }));
  c.send(frame({ from: C, to: B }));
  await Promise.all([b.until((got) => got.length > 0), c.until((got) => got.length > 0)]);
  let sent = 0;
  let heard = 0;
  let isInOrder = true;
  c.onFrame = (one) => {
    if (one.readUInt16BE(12) !== 0x88b5 || one[5] !== 3) return;
    isInOrder &&= one.readUInt32BE(14) === heard;
    heard++;
  };
  const talking = setInterval(() => {
    const batch = Array.from({ length: 20 }, () => {
      const bytes = frame({ from: B, to: C, size: 500 });
      new DataView(bytes.buffer).setUint32(14, sent++);
      return bytes;
    });
    b.send(...batch);
  }, 2);
  return {
    home,
    fabric,
    a,
    b,
    c,
    /** Ends the talk: all that was said must have arrived, in order. */
    async neighboursAreWell() {
      clearInterval(talking);
      await c.until(() => heard >= sent);
      expect({ heard, isInOrder }).toEqual({ heard: sent, isInOrder: true });
      expect(sent).toBeGreaterThan(0);
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(talking);
      await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
      await fabric.close({ end: true });
      await home[Symbol.asyncDispose]();
    },
  };
}

describe("a machine that breaks the rules of its socket", () => {
  test("is cut off when it announces a frame of 4 GiB, may come back, and its neighbours notice nothing (N1)", async () => {
    await using world = await three();
    const { a } = world;
    a.send(frame({ from: A, to: B, size: 100 }));
    a.socket.write(Buffer.from([255, 255, 255, 255, 1, 2, 3]));
    while (a.connections < 2) await sleep(10);
    await a.connected();
    // Length 0, 13 and one that is longer than the MTU, then the beginning of a frame that never ends, byte by byte.
    a.send(new Uint8Array(0), new Uint8Array(13), frame({ from: A, to: B, size: 60_000 }));
    for (const byte of [0, 0, 0, 200, 1, 2, 3]) {
      a.socket.write(Uint8Array.of(byte));
      await sleep(20);
    }
    // Dies in the middle of the frame.
    a.socket.destroy();
    while (a.connections < 3) await sleep(10);
    await a.connected();
    a.send(frame({ from: A, to: B, payload: [77] }));
    await world.b.until((got) => got.some((one) => one[14] === 77));
    const [counters] = await world.fabric.counters(NET, waiting());
    expect(counters?.drops).toEqual({ tooShort: 2, tooLong: 1 });
    await world.neighboursAreWell();
  });

  test("and stands still loses its own frames only, and the switch's memory stays bounded", async () => {
    await using world = await three();
    const { a, b, home, fabric } = world;
    b.send(frame({ from: B, to: A }));
    await a.until((got) => got.length > 0);
    a.send(frame({ from: A, to: B }));
    a.socket.pause();
    await sleep(200);
    const before = memoryOf(home.pids[0] as number);
    for (let n = 0; n < 200; n++) {
      b.send(...Array.from({ length: 100 }, () => frame({ from: B, to: A, size: 1500 })));
      await new Promise((resolve) => setImmediate(resolve));
    }
    // 30 MB for a machine that takes nothing.
    while (((await fabric.counters(NET, waiting()))[0]?.drops.queueFull ?? 0) === 0) await sleep(20);
    await world.neighboursAreWell();
    const counters = (await fabric.counters(NET, waiting()))[0];
    expect(counters?.queuedBytes).toBeLessThan(4 * 1024 * 1024);
    expect(memoryOf(home.pids[0] as number) - before).toBeLessThan(100);
    a.socket.resume();
    while (((await fabric.counters(NET, waiting()))[0]?.queuedBytes ?? 1) > 0) await sleep(20);
    expect(a.got.every((one) => one.length === 1500 || one.length === 60)).toBe(true);
  });

  test("and floods with broadcasts is held to its limit, while its neighbours' frames all arrive (N4)", async () => {
    await using world = await three({ guards: { ...defaultGuards } });
    let broadcasts = 0;
    world.b.onFrame = () => broadcasts++;
    for (let n = 0; n < 100; n++) {
      world.a.send(...Array.from({ length: 1000 }, () => frame({ from: A, to: BROADCAST })));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const began = performance.now();
    while (((await world.fabric.counters(NET, waiting()))[0]?.received.frames ?? 0) < 100_000) await sleep(20);
    await world.neighboursAreWell();
    const seconds = (performance.now() - began) / 1000 + 60;
    expect(broadcasts).toBeGreaterThan(0);
    // 500 a second and a burst of as many; the flood itself took less than a minute on any computer.
    expect(broadcasts).toBeLessThan(500 * (seconds + 1));
    expect((await world.fabric.counters(NET, waiting()))[0]?.drops.broadcastLimit).toBeGreaterThan(50_000);
  });

  test("and lies about who it is, or in which VLAN, is heard by nobody; what is true is (N2, N3, N5)", async () => {
    await using world = await three({ guards: { ...defaultGuards } });
    const dhcpOffer = frame({
      from: A,
      to: BROADCAST,
      type: 0x0800,
      payload: [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 255, 255, 255, 255, 0, 67, 0, 68, 0, 8, 0, 0],
    });
    world.b.got.length = 0;
    world.a.send(
      frame({ from: C, to: B }),
      frame({ from: A, to: B, tags: [[0x8100, 20]] }),
      frame({
        from: A,
        to: B,
        tags: [
          [0x8100, 1],
          [0x8100, 20],
        ],
      }),
      dhcpOffer,
    );
    world.a.send(frame({ from: A, to: B, payload: [42] }));
    await world.b.until((got) => got.some((one) => one[14] === 42));
    expect(world.b.got.filter((one) => one[11] === 1).length).toBe(1);
    expect((await world.fabric.counters(NET, waiting()))[0]?.drops).toEqual({ macSpoofed: 1, tagNotAllowed: 2, rogueDhcp: 1 });
    expect((await world.fabric.drops(NET, { ...waiting(), port: nicId(1) })).map(({ frame: words }) => words)).toEqual([
      expect.stringContaining(`${C} → ${B} 0x88b5`),
      expect.stringMatching(/0x88b5.*VLAN 20\)/),
      expect.stringMatching(/0x88b5.*VLAN 1 in 20\)/),
      expect.stringMatching(/10\.0\.0\.1:67 → 255\.255\.255\.255:68 UDP/),
    ]);
    await world.neighboursAreWell();
  });

  test("and puts a link to another machine's socket in the place of its own is not dialled there", async () => {
    await using home = await switchHome();
    await mkdir(join(home.net, "victim"));
    await mkdir(join(home.net, "evil"));
    await using victim = await Peer.listen(join(home.net, "victim/nic.sock"));
    await symlink("../victim/nic.sock", join(home.net, "evil/nic.sock"));
    const fabric = home.fabric();
    await fabric.apply(networkPlan([portPlan(1, { attach: { how: "dial", path: "evil/nic.sock" } })]), waiting());
    await sleep(1200);
    expect(victim.connections).toBe(0);
    // The control: its own socket is, as soon as it is there.
    await using own = await Peer.listen(join(home.net, "evil/own.sock"));
    await rm(join(home.net, "evil/nic.sock"));
    await rename(join(home.net, "evil/own.sock"), join(home.net, "evil/nic.sock"));
    await own.connected();
    await fabric.close({ end: true });
  });
});

/** About a quarter of a minute on two processors; MIMIC_SWITCH_FRAMES says otherwise. */
const FRAMES = Number(process.env.MIMIC_SWITCH_FRAMES ?? 10_000_000);

test(`${FRAMES} random and mutated frames throw nothing, leave memory flat and the neighbours alone (N1)`, async () => {
  await using world = await three({ guards: { ...defaultGuards } });
  const { a, home } = world;
  const seeds = [
    frame({ from: A, to: BROADCAST, type: 0x0806, payload: [0, 1, 8, 0, 6, 4, 0, 1] }),
    frame({ from: A, to: B, type: 0x0800, payload: [0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 9, 10, 0, 0, 1, 0, 67] }),
    frame({ from: A, to: "33:33:00:00:00:16", type: 0x86dd, payload: [0x60, 0, 0, 0, 0, 36, 0, 1, 0xfe, 0x80], size: 110 }),
    frame({ from: A, to: "01:00:5e:00:00:16", type: 0x0800, payload: [0x46, 0, 0, 40, 0, 0, 0, 0, 1, 2], size: 90 }),
    frame({ from: A, to: B, tags: [[0x8100, 5]] }),
    frame({ from: A, to: "03:4d:69:6d:69:63", type: 0x88b6, payload: [0x4d, 0x4c, 0x47, 0x31], size: 120 }),
  ];
  let state = 12_345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const mutated = (): Uint8Array => {
    if (random(4) === 0) return Uint8Array.from({ length: random(80) }, () => random(256));
    const bytes = (seeds[random(seeds.length)] as Uint8Array).slice(0, 14 + random(120));
    for (let n = random(5); n > 0; n--) bytes[random(bytes.length)] = random(256);
    return bytes;
  };
  const drained = () => new Promise<void>((resolve) => (a.socket.writableNeedDrain ? a.socket.once("drain", resolve) : resolve()));
  await sleep(100);
  let before = 0;
  for (let sent = 0; sent < FRAMES; sent += 1000) {
    a.send(...Array.from({ length: Math.min(1000, FRAMES - sent) }, mutated));
    await drained();
    if (sent >= FRAMES / 4 && before === 0) before = memoryOf(home.pids[0] as number);
  }
  while (((await world.fabric.counters(NET, waiting()))[0]?.received.frames ?? 0) < FRAMES) await sleep(20);
  await world.neighboursAreWell();
  expect(memoryOf(home.pids[0] as number) - before).toBeLessThan(64);
  expect(home.pids.length).toBe(1);
});
