import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type DropWords, FirewallRule, type NetworkView, wordsOfRefusal } from "@mimic/model";
import { CaptureStream, captureTime, readCapture } from "@mimic/network";
import { describe, expect, test } from "vitest";
import { aMachine, FakeDaemon } from "./fake-daemon.ts";
import { runCli } from "./run-cli.ts";

const NIC = `nic_${"0".repeat(26)}`;
const aNetwork = (over: Partial<NetworkView> = {}): NetworkView => ({
  id: `net_${"0".repeat(26)}`,
  name: "home",
  kind: "nat",
  createdAt: "2026-04-01T10:00:00.000Z",
  note: "",
  mtu: 1500,
  snooping: true,
  spanningTree: true,
  vlans: [{ id: 1, name: "" }],
  rules: [],
  dnsRecords: [],
  automaticForwards: true,
  layout: {},
  state: "up",
  because: "The switch carries it.",
  gateway: { mac: "02:6d:6d:00:00:01", domain: "home.mimic", reachesInternet: true, feet: [{ vlan: 1, v4: "10.77.0.1/24" }] },
  ports: [
    {
      id: NIC,
      label: "hello",
      leadsTo: "machine",
      machine: { id: "mch_0", name: "hello", power: "running", model: "virtio", place: 0 },
      mac: "52:54:00:00:00:01",
      mode: { mode: "access", vlan: 1 },
      isUp: true,
      isConnected: true,
      guards: {
        mac: true,
        ip: true,
        dhcp: true,
        routerAdvertisements: true,
        tags: true,
        broadcastPerSecond: 500,
        framesPerSecond: 0,
        macLimit: 64,
      },
      quality: { up: {}, down: {} },
      addresses: ["10.77.0.10"],
    },
  ],
  forwards: [],
  captures: [],
  ...over,
});

/** What the daemon is asked when these words are typed. */
async function asked(words: readonly string[], more: Partial<NetworkView> = {}): Promise<{ method: string; path: string; body: unknown }> {
  await using daemon = await FakeDaemon.start();
  for (const method of ["POST", "PATCH", "DELETE", "GET"])
    for (const path of [
      "",
      "/ports",
      "/ports/hello",
      "/rules",
      "/rules/2",
      "/forwards",
      "/forwards/8080",
      "/vlans",
      "/vlans/20",
      "/reservations",
    ])
      daemon.on(method, `/networks/home${path}`, { body: aNetwork(more) });
  daemon.on("POST", "/machines/hello/nics", { body: aMachine({ name: "hello" }) });
  daemon.on("PATCH", "/machines/hello/nics/1", { body: aMachine({ name: "hello" }) });
  const ran = await runCli(words, daemon);
  expect(ran.err).toBe("");
  expect(ran.code).toBe(0);
  const last = daemon.asked.at(-1);
  if (!last) throw new Error("nothing was asked");
  return last;
}

describe("what people type becomes what the API takes", () => {
  test.each<[string, string, object]>([
    ["net plug hello home", "POST /machines/hello/nics", { network: "home" }],
    [
      "net plug hello home --trunk 10,20-22 --native 1 --model e1000",
      "POST /machines/hello/nics",
      { network: "home", model: "e1000", mode: { mode: "trunk", allowed: [10, 20, 21, 22], native: 1 } },
    ],
    ["net plug hello home --nic 1", "PATCH /machines/hello/nics/1", { network: "home", isUp: true }],
    [
      "net vlan home --port hello --access 20 --private community:3",
      "PATCH /networks/home/ports/hello",
      { mode: { mode: "private", vlan: 20, role: { kind: "community", community: 3 } } },
    ],
    ["net vlan home 20 --name guests --no-gateway", "POST /networks/home/vlans", { vlan: 20, name: "guests", gateway: false }],
    ["net set home --port hello --cable out", "PATCH /networks/home/ports/hello", { isUp: false }],
    ["net set home --port hello --quality 3g", "PATCH /networks/home/ports/hello", { profile: "3g" }],
    [
      "net set home --port hello --loss 5% --delay 40 --rate 10M",
      "PATCH /networks/home/ports/hello",
      { quality: { up: { delayMs: 40, loss: 0.05, bitsPerSecond: 1e7 }, down: { delayMs: 40, loss: 0.05, bitsPerSecond: 1e7 } } },
    ],
    [
      "net set home --port hello --delay 40 --jitter 5 --duplicate 1% --reorder 2.5 --corrupt 0.1% --queue 64K",
      "PATCH /networks/home/ports/hello",
      {
        quality: {
          up: { delayMs: 40, jitterMs: 5, duplicate: 0.01, reorder: 0.025, corrupt: 0.001, queueBytes: 65_536 },
          down: { delayMs: 40, jitterMs: 5, duplicate: 0.01, reorder: 0.025, corrupt: 0.001, queueBytes: 65_536 },
        },
      },
    ],
    [
      "net set home --port hello --rate up=1M --rate down=16M --loss down=3%",
      "PATCH /networks/home/ports/hello",
      { quality: { up: { bitsPerSecond: 1e6 }, down: { bitsPerSecond: 16e6, loss: 0.03 } } },
    ],
    [
      "net link home lab --quality lossy --delay up=20",
      "POST /networks/home/ports",
      { quality: { up: { loss: 0.1, delayMs: 20 }, down: { loss: 0.1 } } },
    ],
    ["net set home --port hello --quality unplugged", "PATCH /networks/home/ports/hello", { profile: "unplugged" }],
    [
      "net set home --port hello --guard mac=off --guard macLimit=9",
      "PATCH /networks/home/ports/hello",
      { guards: { mac: false, macLimit: 9 } },
    ],
    [
      "net link home lab --trunk all",
      "POST /networks/home/ports",
      { leads: { to: "network", network: "lab" }, mode: { mode: "trunk", allowed: "all" } },
    ],
    ["net forward home hello:80 --at 8080", "POST /networks/home/forwards", { machine: "hello", guestPort: 80, hostPort: 8080 }],
    [
      "net forward home hello:53 --at [::1]:5353 --udp",
      "POST /networks/home/forwards",
      { machine: "hello", guestPort: 53, hostPort: 5353, hostAddress: "::1", protocol: "udp" },
    ],
    [
      "net rule home --accept host:8080 --from hello --at 1",
      "POST /networks/home/rules",
      { rule: { action: "accept", target: { to: "host", port: 8080 }, from: { from: "machine", machine: "hello" } }, at: 0 },
    ],
    [
      "net rule home --reject 10.0.0.0/8 --ports 80-90",
      "POST /networks/home/rules",
      { rule: { action: "reject", target: { to: "range", range: "10.0.0.0/8" }, protocol: "tcp", ports: [80, 90] } },
    ],
    [
      "net rule home --drop *.example.org --from vlan:20",
      "POST /networks/home/rules",
      { rule: { action: "drop", target: { to: "name", name: "*.example.org" }, from: { from: "vlan", vlan: 20 } } },
    ],
    ["net rule home --move 2 --at 1", "PATCH /networks/home/rules/2", { at: 0 }],
    ["net lease home --keep hello=10.77.0.50", "POST /networks/home/reservations", { mac: "52:54:00:00:00:01", address: "10.77.0.50" }],
  ])("mimic %s", async (typed, route, body) => {
    const got = await asked(typed.split(" "));
    expect(`${got.method} ${got.path}`).toBe(route);
    expect(got.body).toMatchObject(body);
    if ("quality" in body) expect((got.body as { quality: object }).quality).toEqual(body.quality);
  });

  test.each([
    "net plug hello home --trunk all --access 3",
    "net vlan home --access 3",
    "net vlan home 4095",
    "net set home --cable out",
    "net set home",
    "net rule home --accept internet --drop internet",
    "net rule home --move 2",
    "net forward home hello",
    "net link home",
    "net lease home --keep hello",
    "net set home --port hello --guard nonsense=off",
    "net set home --port hello --loss sideways=5%",
    "net set home --port hello --corrupt 101",
    "net set home --port hello --queue 100",
    "net set home --port hello --quality unplugged --delay 5",
  ])("“mimic %s” is a usage error with a hint, before the daemon is asked", async (typed) => {
    const ran = await runCli(typed.split(" "), { home: "/nonexistent" });
    expect(ran.code).toBe(2);
    expect(ran.err).toMatch(/^mimic: .+\n {2}.+\n {2}.*\(cli\.usage\)\n$/s);
  });
});

test("mimic net show tells the ports with their addresses, and what a person can do when nobody is there", async () => {
  await using daemon = await FakeDaemon.start();
  daemon.on("GET", "/networks/home", { body: aNetwork() });
  const full = await runCli(["net", "show", "home"], daemon);
  expect(full.out).toMatch(/hello +connected +untagged +10\.77\.0\.10/);
  const [port] = aNetwork().ports as [NetworkView["ports"][number]];
  const up = { delayMs: 40, jitterMs: 5, loss: 0.125, duplicate: 0.01, reorder: 0.02, corrupt: 0.001, bitsPerSecond: 1e6 };
  daemon.on("GET", "/networks/home", { body: aNetwork({ ports: [{ ...port, quality: { up, down: {} } }] }) });
  expect((await runCli(["net", "show", "home"], daemon)).out).toContain(
    "up 40 ms late ± 5, 12.5 % lost, 1 % twice, 2 % overtaken, 0.1 % damaged, at most 1 Mbit/s; down as good as it gets",
  );
  daemon.on("GET", "/networks/home", { body: aNetwork({ ports: [] }) });
  expect((await runCli(["net", "show", "home"], daemon)).out).toContain("mimic net plug");
});

test("mimic net why says the reason in words and the way to change it, and guests' bytes do no harm", async () => {
  await using daemon = await FakeDaemon.start();
  const drop = {
    at: "2026-04-01T10:02:00.000Z",
    port: NIC,
    portLabel: "hello",
    reason: "macSpoofed",
    words: "the sender lies",
    hint: "Take the guard away.",
    frame: "evil\u001b[2J",
  };
  daemon.on("GET", "/networks/home/drops", { body: { drops: [drop] } });
  const ran = await runCli(["net", "why", "home"], daemon);
  expect(ran.out).toContain("the sender lies");
  expect(ran.out).toContain("Take the guard away.");
  expect(ran.out).not.toContain("\u001b[2J");
});

test("mimic net why says which rule dropped a frame, and how to take it away", async () => {
  await using daemon = await FakeDaemon.start();
  const rule = FirewallRule.parse({ id: `rul_${"1".repeat(26)}`, action: "drop", protocol: "tcp", target: { to: "internet" } });
  const refused = { reason: "firewall", rule: rule.id };
  const said = wordsOfRefusal(refused, [rule]) as DropWords;
  const drop = { at: "2026-04-01T10:02:00.000Z", port: "gateway", portLabel: "the gateway", frame: "TCP 443 SYN", ...refused, ...said };
  daemon.on("GET", "/networks/home/drops", { body: { drops: [drop] } });
  const ran = await runCli(["net", "why", "home"], daemon);
  expect(ran.out).toContain("Rule 1 forbids it: drop TCP to the Internet.");
  expect(ran.out).toContain("--rm 1");
  expect(JSON.parse((await runCli(["net", "why", "home", "--json"], daemon)).out)).toMatchObject({ drops: [{ rule: rule.id }] });
});

test("mimic net trace ends with 1 when it would not arrive", async () => {
  await using daemon = await FakeDaemon.start();
  const steps = [
    { at: "port of hello", words: "It enters.", outcome: "goesOn" },
    { at: "gateway", words: "No.", outcome: "dropped", reason: "firewall" },
  ];
  daemon.on("POST", "/networks/home/traces", { body: { steps } });
  const ran = await runCli(["net", "trace", "home", "hello", "192.168.1.1"], daemon);
  expect(ran).toMatchObject({ code: 1, out: "→ port of hello: It enters.\n✗ gateway: No.\n" });
});

/** A capture of so many frames, answered in pieces that end anywhere. */
function answerCapture(daemon: FakeDaemon, frames: number): Uint8Array {
  const stream = new CaptureStream({ snapLength: 0 });
  const port = stream.addInterface({ name: "hello" });
  for (let i = 0; i < frames; i++) stream.packet(port, new Uint8Array(1000), captureTime(i, 0), "inbound");
  const bytes = stream.take() as Uint8Array;
  daemon.on("GET", "/networks/home/capture", (_asked, response) => {
    response.writeHead(200, { "content-type": "application/x-pcapng" });
    void (async () => {
      for (let at = 0; at < bytes.length; at += 777) {
        response.write(bytes.subarray(at, at + 777));
        if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    })();
    return undefined;
  });
  return bytes;
}
const framesOf = (bytes: Uint8Array): number => readCapture(bytes).filter(({ kind }) => kind === "packet").length;

test("mimic net capture -w - passes the bytes on as they are", async () => {
  await using daemon = await FakeDaemon.start();
  const bytes = answerCapture(daemon, 5);
  const ran = await runCli(["net", "capture", "home", "-w", "-", "--vlan", "20", "--drops"], daemon);
  expect(ran.code).toBe(0);
  expect(ran.out.startsWith("\n\r\r\n")).toBe(true);
  expect(Buffer.byteLength(ran.out)).toBeGreaterThanOrEqual(bytes.length);
  expect(daemon.asked.at(-1)?.path).toBe("/networks/home/capture?vlan=20&drops=1");
});

test("mimic net capture into a file ends at its limit with a whole frame, and touches no file that is there", async () => {
  await using daemon = await FakeDaemon.start();
  answerCapture(daemon, 60);
  const file = join(daemon.home, "lab.pcapng");
  expect(await runCli(["net", "capture", "home", "-w", file, "--limit", "10k"], daemon)).toMatchObject({ code: 0 });
  const items = readCapture(await readFile(file));
  expect(items.filter(({ kind }) => kind === "malformed")).toEqual([]);
  expect(framesOf(await readFile(file))).toBe(10);
  const again = await runCli(["net", "capture", "home", "-w", file], daemon);
  expect(again).toMatchObject({ code: 1, err: expect.stringContaining("There is a file") });
});

test("mimic net capture --ring keeps the newest files, each a capture of its own", async () => {
  await using daemon = await FakeDaemon.start();
  answerCapture(daemon, 60);
  const file = join(daemon.home, "lab.pcapng");
  const ran = await runCli(["net", "capture", "home", "-w", file, "--limit", "10k", "--ring", "2", "--json"], daemon);
  const { files } = JSON.parse(ran.out) as { files: string[] };
  expect(files).toHaveLength(2);
  const counts = await Promise.all(files.map(async (path) => framesOf(await readFile(path))));
  expect(counts.every((count) => count > 0)).toBe(true);
  expect(await runCli(["net", "capture", "home", "-w", file, "--ring", "2"], daemon)).toMatchObject({ code: 2 });
});
