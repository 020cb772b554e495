// The gateway against real Linux network stacks in namespaces: their DHCP clients, resolvers, pings, traceroute and curl.
import { cable, type Namespace, openNamespace, whyNoNamespaces } from "@mimic/testkit/node";
import { describe, expect, test } from "vitest";
import { type GatewayHome, gatewayHome, guestPort, leaseFor, natPlan, segment } from "./real-gateway.ts";
import { NET, nicId, waiting } from "./real-switch.ts";

const why = await whyNoNamespaces();

/** Somebody on the Internet with a web server and a resolver, and this computer's cable to it. */
async function internetOf(home: GatewayHome): Promise<Namespace & AsyncDisposable> {
  const inet = await openNamespace();
  await cable(
    { namespace: home.host, ifname: "wan", addresses: ["203.0.113.1/24", "2a0a:1::1/64"] },
    { namespace: inet, ifname: "eth0", addresses: ["203.0.113.10/24", "203.0.113.11/24", "2a0a:1::10/64"] },
  );
  inet.start(process.execPath, ["-e", WEB], { stdio: ["ignore", "ignore", "inherit"] });
  const records = [
    "/example.org/203.0.113.10",
    "/example.org/2a0a:1::10",
    "/blocked.example.net/203.0.113.11",
    "/evil.org/192.168.1.1",
    "/evil.org/127.0.0.1",
  ];
  inet.start("dnsmasq", ["-k", "--no-resolv", "--no-hosts", "--user=root", "--pid-file=", ...records.map((one) => `--address=${one}`)], {
    stdio: "ignore",
  });
  home.host.setResolvers(["203.0.113.10"]);
  await inet.must("sh", [
    "-c",
    "for i in $(seq 100); do curl -s -o /dev/null http://203.0.113.10/ && dig +time=1 +tries=1 @203.0.113.10 example.org > /dev/null && exit; sleep 0.1; done; exit 1",
  ]);
  return inet;
}
const WEB = `require("http").createServer((q, a) => a.end("hello " + q.socket.remoteAddress + "\\n")).listen(80, "::")`;

describe.skipIf(why)(`a network's gateway${why ? ` (${why})` : ""}`, () => {
  test("gives addresses that stay, and answers names of the network in every way that dig knows", async () => {
    await using home = await gatewayHome();
    const plan = natPlan([guestPort(1), guestPort(2)], {
      gateway: { dns: { forward: false, records: [{ name: "_http._tcp.home.mimic", type: "SRV", value: "0 0 80 guest1.home.mimic" }] } },
    });
    await home.apply(plan);
    await using a = await home.guest(1);
    await using b = await home.guest(2);
    const address = await leaseFor(a);
    expect(address).toMatch(/^10\.70\.1\.1\d\d$/);
    expect(await leaseFor(a)).toBe(address);
    expect(await a.must("ip", ["route"])).toContain("default via 10.70.1.1");
    const other = await leaseFor(b);
    expect((await home.fabric.leases(NET, waiting())).map((lease) => lease.address).sort()).toEqual([address, other].sort());
    const ask = (...words: string[]): Promise<string> => b.must("dig", ["+short", "+time=2", "@10.70.1.1", ...words]);
    expect((await ask("guest1.home.mimic")).trim()).toBe(address);
    expect((await ask("+tcp", "guest1.home.mimic")).trim()).toBe(address);
    expect((await ask("-x", address)).trim()).toBe("guest1.home.mimic.");
    expect((await ask("guest1")).trim().split("\n").at(-1)).toBe(address);
    expect((await ask("_http._tcp.home.mimic", "SRV")).trim()).toBe("0 0 80 guest1.home.mimic.");
    expect(await b.must("dig", ["@10.70.1.1", "nobody.home.mimic"])).toContain("status: NXDOMAIN");
    expect(await b.must("dig", ["@10.70.1.1", "example.org"])).toContain("status: REFUSED");
    expect(await b.must("ping", ["-c", "1", "-W", "5", "10.70.1.1"])).toContain("1 received");
    // The process dies; the next one remembers the leases.
    const restarted = new Promise<void>((resolve) => home.fabric.listen((news) => news.kind === "restarted" && resolve()));
    await new Promise((resolve) => setTimeout(resolve, 1200));
    process.kill(home.pid(), "SIGKILL");
    await restarted;
    expect((await home.fabric.leases(NET, waiting())).map((lease) => lease.address).sort()).toEqual([address, other].sort());
  });

  test("gives guests IPv6 addresses by router advertisements, and their names follow", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1)]));
    await using a = await home.guest(1);
    const said = await a.must("rdisc6", ["-1", "-w", "5000", "eth0"]);
    expect(said).toContain("fd70:0:0:1::/64");
    expect(said).toMatch(/Recursive DNS server\s*: fd70:0:0:1::1/);
    expect(said).toMatch(/DNS search list\s*: home\.mimic/);
    await a.must("sh", [
      "-c",
      "for i in $(seq 100); do ip -6 addr show dev eth0 scope global | grep -q fd70 && exit; sleep 0.1; done; exit 1",
    ]);
    expect(await a.must("ping", ["-c", "1", "-W", "5", "fd70:0:0:1::1"])).toContain("1 received");
    const own = /inet6 (fd70:[0-9a-f:]+)\//.exec(await a.must("ip", ["-6", "addr", "show", "dev", "eth0"]))?.[1];
    // The name follows once the gateway has heard the guest speak for the address.
    const answer = async () => (await a.must("dig", ["+short", "@fd70:0:0:1::1", "guest1.home.mimic", "AAAA"])).trim();
    await expect.poll(answer, { timeout: 20_000 }).toBe(own);
  });

  test("routes between VLANs only where a rule says so, and its answers find back", async () => {
    await using home = await gatewayHome();
    const ports = [guestPort(1, { mode: { mode: "access", vlan: 10 } }), guestPort(2, { mode: { mode: "access", vlan: 20 } })];
    const gateway = { segments: [segment(10), segment(20)], uplink: "none" };
    await home.apply(natPlan(ports, { gateway }));
    await using a = await home.guest(1);
    await using b = await home.guest(2);
    const [from, to] = [await leaseFor(a), await leaseFor(b)];
    await a.must("ip", ["route", "replace", "default", "via", "10.70.10.1"]);
    await b.must("ip", ["route", "replace", "default", "via", "10.70.20.1"]);
    expect((await a.run("ping", ["-c", "1", "-W", "2", to])).stdout).toMatch(/Packet filtered|prohibited/i);
    const rules = [
      { id: `rul_${"1".padStart(26, "0")}`, action: "accept", from: { from: "vlan", vlan: 10 }, target: { to: "vlan", vlan: 20 } },
    ];
    await home.apply(natPlan(ports, { gateway: { ...gateway, rules } }));
    expect(await a.must("ping", ["-c", "2", "-i", "0.2", "-W", "5", to])).toContain("2 received");
    expect((await b.run("ping", ["-c", "1", "-W", "2", from])).code).not.toBe(0);
    const hops = await a.must("traceroute", ["-n", "-I", "-w", "3", "-q", "1", "-m", "4", to]);
    expect(hops).toMatch(new RegExp(`1\\s+10\\.70\\.10\\.1[\\s\\S]*2\\s+${to.replaceAll(".", "\\.")}`));
    const steps = await home.fabric.trace(NET, { fromPort: nicId(2), to: from, protocol: "tcp", toPort: 80 }, waiting());
    expect(steps.at(-1)).toMatchObject({ outcome: "dropped", reason: "firewall" });
    expect(
      (await home.fabric.drops(NET, waiting())).some(({ reason, rule }) => reason === "firewall" && rule === "filter:betweenVlans"),
    ).toBe(true);
  });

  test("leads out to the Internet over this computer, with names from its resolver, and back in by forwards", async () => {
    await using home = await gatewayHome();
    await using _inet = await internetOf(home);
    const forwards = [{ id: `fwd_${"1".padStart(26, "0")}`, hostPort: 0, nic: nicId(1), guestPort: 8080 }];
    await home.apply(natPlan([guestPort(1)], { gateway: { forwards } }));
    await using a = await home.guest(1);
    const address = await leaseFor(a);
    a.setResolvers(["10.70.1.1"], "home.mimic");
    expect(await a.must("curl", ["-sS", "-4", "--max-time", "10", "http://example.org/"])).toBe("hello ::ffff:203.0.113.1\n");
    await a.must("sh", [
      "-c",
      "for i in $(seq 100); do ip -6 route | grep -q ^default && ip -6 addr show dev eth0 scope global | grep -q fd70 && exit; sleep 0.1; done; exit 1",
    ]);
    expect(await a.must("curl", ["-sS", "-6", "--max-time", "10", "http://example.org/"])).toBe("hello 2a0a:1::1\n");
    // 7: the connection was refused; a filtered one would end by its time (28).
    expect((await a.run("curl", ["-sS", "--max-time", "10", "http://203.0.113.10:81/"])).code).toBe(7);
    // Rebinding: a name of the Internet gets no address of the neighbourhood.
    expect(await a.must("dig", ["+short", "evil.org"])).toBe("");
    a.start(process.execPath, ["-e", `require("http").createServer((q, s) => s.end("guest")).listen(8080, "0.0.0.0")`], {
      stdio: "ignore",
    });
    await a.must("sh", ["-c", `for i in $(seq 100); do curl -s http://${address}:8080/ && exit; sleep 0.1; done; exit 1`]);
    const [forward] = await home.fabric.forwards(NET, waiting());
    expect(forward?.problem).toBeUndefined();
    expect(await home.host.must("curl", ["-sS", "--max-time", "10", `http://127.0.0.1:${forward?.hostPort}/`])).toBe("guest");
    await using connection = await home.fabric.connect(NET, { address, port: 8080 }, waiting());
    await connection.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    let said = "";
    for await (const bytes of connection.readable) said += new TextDecoder().decode(bytes);
    expect(said).toContain("guest");
  });

  test("a rule by name bites for the addresses that our DNS gave for it, and for no other", async () => {
    await using home = await gatewayHome();
    await using _inet = await internetOf(home);
    const rule = (n: number, action: string, target: object): object => ({ id: `rul_${`${n}`.padStart(26, "0")}`, action, target });
    const apply = (rules: readonly object[]): Promise<void> => home.apply(natPlan([guestPort(1)], { gateway: { rules } }));
    await apply([rule(1, "reject", { to: "name", name: "*.example.net" })]);
    await using a = await home.guest(1);
    await leaseFor(a);
    a.setResolvers(["10.70.1.1"]);
    const fetch = async (host: string): Promise<string> => (await a.run("curl", ["-sS", "-4", "-m", "5", `http://${host}/`])).stdout;
    const hello = "hello ::ffff:203.0.113.1\n";
    // Nobody has asked for the name: the rule knows no address.
    expect(await fetch("203.0.113.11")).toBe(hello);
    expect((await a.must("dig", ["+short", "blocked.example.net"])).trim()).toBe("203.0.113.11");
    expect(await fetch("blocked.example.net")).toBe("");
    expect(await fetch("203.0.113.11")).toBe("");
    expect(await fetch("example.org")).toBe(hello);
    const drops = await home.fabric.drops(NET, waiting());
    expect(new Set(drops.map((drop) => drop.rule))).toEqual(new Set([`rul_${"1".padStart(26, "0")}`]));
    // The other way round: only the name is let through.
    await apply([rule(2, "accept", { to: "name", name: "example.org" }), rule(3, "reject", { to: "internet" })]);
    expect(await fetch("example.org")).toBe(hello);
    expect(await fetch("blocked.example.net")).toBe("");
  });

  test("does not let guests play the gateway: their DHCP answers and router advertisements reach nobody", async () => {
    await using home = await gatewayHome();
    // The control: a guest whose port trusts it is heard, and both servers answer.
    const rogue = (trusted: boolean) => guestPort(3, trusted ? { guards: { dhcp: false, routerAdvertisements: false, ip: false } } : {});
    await home.apply(natPlan([guestPort(1), rogue(true)]));
    await using evil = await home.guest(3, { addresses: ["10.70.1.66/24", "fd66::1/64"] });
    evil.start(
      "dnsmasq",
      [
        "-k",
        "--port=0",
        "--user=root",
        "--pid-file=",
        "--interface=eth0",
        "--dhcp-authoritative",
        "--no-ping",
        "--dhcp-range=10.70.1.30,10.70.1.40",
        "--dhcp-range=fd66::,ra-only,64",
        "--enable-ra",
        "--dhcp-leasefile=/dev/null",
      ],
      { stdio: "ignore" },
    );
    await using a = await home.guest(1);
    const routers = async (): Promise<string> => (await a.run("rdisc6", ["-m", "-r", "3", "-w", "1000", "eth0"])).stdout;
    expect(await routers()).toContain("fd66::/64");
    await home.apply(natPlan([guestPort(1), rogue(false)]));
    const heard = await routers();
    expect(heard).not.toContain("fd66::/64");
    expect(heard).toContain("fd70:0:0:1::/64");
    for (let round = 0; round < 3; round++) expect(await leaseFor(a)).toMatch(/^10\.70\.1\.1\d\d$/);
    const counters = (await home.fabric.counters(NET, waiting())).find(({ port }) => port === nicId(3));
    expect(counters?.drops.rogueDhcp).toBeGreaterThan(0);
    expect(counters?.drops.rogueRouterAdvertisement).toBeGreaterThan(0);
  });

  test("serves dhclient", async () => {
    await using home = await gatewayHome();
    await home.apply(natPlan([guestPort(1)]));
    await using a = await home.guest(1);
    const file = `/tmp/mimic-dhclient-${a.pid}`;
    await a.must("dhclient", ["-1", "-v", "-lf", `${file}.leases`, "-pf", `${file}.pid`, "-sf", "/bin/true", "eth0"]);
    expect(await a.must("cat", [`${file}.leases`])).toMatch(/fixed-address 10\.70\.1\.1\d\d;[\s\S]*domain-name-servers 10\.70\.1\.1;/);
    await a.run("sh", ["-c", `kill $(cat ${file}.pid); rm -f ${file}.leases ${file}.pid`]);
  });
});
