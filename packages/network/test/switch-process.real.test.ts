// The switch as a process of its own: adopted, killed, started again, with frames passing all the while.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { BROADCAST, frame, macOf } from "./frames.ts";
import { NET, networkPlan, nicId, Peer, portPlan, switchHome, waiting } from "./real-switch.ts";

const A = macOf(1);
const B = macOf(2);

test("frames pass between two peers, and go on when the daemon's fabric goes and another one adopts the process", async () => {
  await using home = await switchHome();
  await using a = await Peer.listen(join(home.net, "p1.sock"));
  await using b = await Peer.listen(join(home.net, "p2.sock"));
  const plan = networkPlan([portPlan(1), portPlan(2)]);
  const first = home.fabric();
  await first.apply(plan, waiting());
  await Promise.all([a.connected(), b.connected()]);
  a.send(frame({ from: A, to: BROADCAST, payload: [1] }));
  await b.until((got) => got.length === 1);
  await first.close({ end: false });
  b.send(frame({ from: B, to: A, payload: [2] }));
  await a.until((got) => got.length === 1);
  const second = home.fabric();
  await second.apply(plan, waiting());
  const counters = await second.counters(NET, waiting());
  expect(counters.map(({ port, received, sent }) => [port, received.frames, sent.frames])).toEqual([
    [nicId(1), 1, 1],
    [nicId(2), 1, 1],
  ]);
  expect(home.pids.length).toBe(1);
  expect([a.connections, b.connections]).toEqual([1, 1]);
  await second.close({ end: true });
});

test("a switch of another build goes on while it carries a network, and says so; one that carries nothing is replaced", async () => {
  await using home = await switchHome();
  await using a = await Peer.listen(join(home.net, "p1.sock"));
  const first = home.fabric();
  await first.apply(networkPlan([portPlan(1)]), waiting());
  await a.connected();
  expect(await first.diagnose(waiting())).toMatchObject({ state: "good" });
  await first.close({ end: false });
  const second = await home.fabricOfAnotherBuild();
  await second.apply(networkPlan([portPlan(1)]), waiting());
  expect([home.pids.length, a.connections]).toEqual([1, 1]);
  expect(await second.diagnose(waiting())).toMatchObject({ state: "limited", found: expect.stringContaining("earlier build") });
  await second.remove(NET, waiting());
  await second.close({ end: false });
  const third = await home.fabricOfAnotherBuild();
  expect(await third.diagnose(waiting())).toMatchObject({ state: "good" });
  expect(home.pids.length).toBe(2);
  await third.close({ end: true });
});

test("a switch that is killed under traffic is started again, its plans are applied, and the machines are joined anew", async () => {
  await using home = await switchHome();
  await using a = await Peer.listen(join(home.net, "p1.sock"));
  await using b = await Peer.listen(join(home.net, "p2.sock"));
  const fabric = home.fabric();
  await fabric.apply(networkPlan([portPlan(1), portPlan(2)]), waiting());
  await Promise.all([a.connected(), b.connected()]);
  const sending = setInterval(() => {
    if (!a.socket.destroyed) a.send(frame({ from: A, to: B, size: 1500 }), frame({ from: A, to: B, size: 1500 }));
  }, 1);
  await b.until((got) => got.length > 20);
  const restarted = new Promise<void>((resolve) => fabric.listen((news) => news.kind === "restarted" && resolve()));
  process.kill(home.pids[0] as number, "SIGKILL");
  await restarted;
  await Promise.all([a.connected(), b.connected()]);
  const before = b.got.length;
  await b.until((got) => got.length > before + 20);
  clearInterval(sending);
  expect(home.pids.length).toBe(2);
  expect([a.connections, b.connections]).toEqual([2, 2]);
  expect(b.got.every((one) => one.length === 1500)).toBe(true);
  await fabric.close({ end: true });
});

test("QEMU's own sockets are dialled, and dialled again by the switch that comes after one that was killed", async () => {
  await using home = await switchHome();
  const sockets = ["a", "b"].map((name) => ({ card: join(home.net, `${name}.sock`), guest: join(home.net, `${name}-guest.sock`) }));
  // A QEMU without a machine: what a guest would send comes in by its other socket.
  const engines = sockets.map(({ card, guest }) => {
    const ports = [card, guest].flatMap((path, n) => [
      "-netdev",
      `stream,id=s${n},server=on,addr.type=unix,addr.path=${path}`,
      "-netdev",
      `hubport,id=h${n},hubid=0,netdev=s${n}`,
    ]);
    return spawn("qemu-system-x86_64", ["-machine", "none", "-nodefaults", "-display", "none", ...ports], { stdio: "ignore" });
  });
  const fabric = home.fabric();
  try {
    const plans = ["a", "b"].map((name, n) => portPlan(n + 1, { attach: { how: "dial", path: `${name}.sock` } }));
    await fabric.apply(networkPlan(plans), waiting());
    const [a, b] = (await Promise.all(sockets.map(({ guest }) => Peer.dial(guest)))) as [Peer, Peer];
    const heard = async (payload: number): Promise<void> => {
      while (!b.got.some((one) => one[14] === payload)) {
        a.send(frame({ from: A, to: BROADCAST, payload: [payload] }));
        await sleep(20);
      }
    };
    await heard(1);
    const restarted = new Promise<void>((resolve) => fabric.listen((news) => news.kind === "restarted" && resolve()));
    process.kill(home.pids[0] as number, "SIGKILL");
    await restarted;
    await heard(2);
    expect(home.pids.length).toBe(2);
  } finally {
    for (const engine of engines) engine.kill("SIGKILL");
    await fabric.close({ end: true });
  }
});
