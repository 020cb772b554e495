// The switch as a process of its own: adopted, killed, started again, with frames passing all the while.
import { join } from "node:path";
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
