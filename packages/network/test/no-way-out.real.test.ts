// A network without a way out: nothing of what its guests try is seen at this computer's cards, its loopback included (threat
// N6), and nobody on its LAN reaches what a forward leads to (N8). tcpdump stands in the “host” and looks at every card. What is
// tried and how it is looked for is the same in each network: on “nat” all of it must be seen, else nothing was tried.
import { Forward, type NetworkPlan } from "@mimic/model";
import { cable, firstLine, type Namespace, type NamespaceGuest, openNamespace, whyNoNamespaces } from "@mimic/testkit/node";
import { describe, expect, test } from "vitest";
import { type GatewayHome, gatewayHome, guestPort, leaseFor, natPlan, netId, watchCards } from "./real-gateway.ts";
import { networkPlan, nicId, waiting } from "./real-switch.ts";

const why = await whyNoNamespaces();
const OUTSIDE = "203.0.113.10";
const OUTSIDE_V6 = "2a0a:1::10";
const CANARY = "canary-7f3a";

/** This computer with the Internet at one card and its LAN at another; what nobody else has leads to the Internet. */
async function surroundings(home: GatewayHome): Promise<{ readonly inet: Namespace; readonly lan: Namespace } & AsyncDisposable> {
  await using scope = new AsyncDisposableStack();
  const inet = scope.use(await openNamespace());
  const lan = scope.use(await openNamespace());
  await cable(
    { namespace: home.host, ifname: "wan", addresses: ["203.0.113.1/24", "2a0a:1::1/64"] },
    { namespace: inet, ifname: "eth0", addresses: [`${OUTSIDE}/24`, `${OUTSIDE_V6}/64`] },
  );
  await cable(
    { namespace: home.host, ifname: "home", addresses: ["192.168.1.10/24"] },
    { namespace: lan, ifname: "eth0", addresses: ["192.168.1.20/24"] },
  );
  await home.host.must("ip", ["route", "add", "default", "via", OUTSIDE]);
  await home.host.must("ip", ["-6", "route", "add", "default", "via", OUTSIDE_V6]);
  const owned = scope.move();
  return { inet, lan, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** All but neighbours finding each other. */
const TRAFFIC = "udp or tcp or icmp or (icmp6 and ip6[40] == 128)";

const UDP = `
  const [, ...places] = process.argv, { createSocket } = require("node:dgram");
  for (const place of places) {
    const [address, port] = place.split("/"), socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.on("error", () => {});
    for (let n = 0; n < 3; n++) setTimeout(() => socket.send("${CANARY}-udp-" + port, Number(port), address, () => {}), n * 100);
  }
  setTimeout(() => process.exit(), 800);
`;

/** All that a guest can try, with any router that it can find. Nothing here needs an answer. */
async function tryEverything(guest: NamespaceGuest, gateway: string): Promise<void> {
  // Also one that takes the gateway, or the wire itself, for a way out.
  await guest.run("ip", ["route", "replace", "default", "via", gateway]);
  await guest.must("sh", ["-c", "for i in $(seq 100); do ip -6 addr show scope global | grep -q inet6 && exit; sleep 0.1; done; exit 1"]);
  await guest.must("sh", ["-c", "ip -6 route | grep -q ^default || ip -6 route add default dev eth0"]);
  const dig = (...words: string[]) => guest.run("dig", ["+time=1", "+tries=1", ...words]);
  await Promise.all([
    dig(`@${gateway}`, `${CANARY}-resolver.example.com`),
    dig(`@${gateway}`, "+tcp", `${CANARY}-resolver-tcp.example.com`),
    dig(`@${OUTSIDE}`, `${CANARY}-direct.example.com`),
    // NTP, and any other port.
    guest.run(process.execPath, [
      "-e",
      UDP,
      `${OUTSIDE}/123`,
      `${OUTSIDE}/9999`,
      `${OUTSIDE_V6}/9998`,
      "224.0.0.251/5353",
      "255.255.255.255/9",
    ]),
    ...[OUTSIDE, `[${OUTSIDE_V6}]`, "192.168.1.20"].flatMap((place) =>
      [80, 443].map((port) => guest.run("curl", ["-sS", "-m", "2", `http://${place}:${port}/${CANARY}`])),
    ),
    ...[OUTSIDE, OUTSIDE_V6, "192.168.1.20", "192.168.1.10"].map((place) =>
      guest.run("ping", ["-n", "-c", "2", "-i", "0.3", "-W", "1", place]),
    ),
  ]);
}

const addressOf = async (guest: NamespaceGuest): Promise<string> =>
  /inet ([\d.]+)/.exec(await guest.must("ip", ["-4", "-o", "addr", "show", "dev", "eth0"]))?.[1] ?? "";

const hostOnly = (wish: Record<string, unknown> = {}): NetworkPlan =>
  natPlan([guestPort(1), guestPort(2)], { gateway: { uplink: "none", dns: { forward: false }, ...wish } });

describe.skipIf(why)(`a network without a way out${why ? ` (${why})` : ""}`, () => {
  test("lets nothing of what its guests try out to the Internet, the LAN or this computer's resolver; on “nat” all of it is seen (control)", async () => {
    await using home = await gatewayHome();
    await using _around = await surroundings(home);
    const seenOf = async (plan: NetworkPlan, prepare: (guest: NamespaceGuest) => Promise<unknown>): Promise<string> => {
      await home.apply(plan);
      await using guest = await home.guest(1);
      await prepare(guest);
      await using looking = await watchCards(home.host, TRAFFIC);
      await tryEverything(guest, "10.70.1.1");
      await new Promise((resolve) => setTimeout(resolve, 500));
      return looking.seen();
    };
    // Where nobody answers it sends what it has to where a gateway would be.
    const bySelf = async (guest: NamespaceGuest) => {
      for (const address of ["10.70.1.50/24", "fd70:0:0:1::50/64"]) await guest.must("ip", ["addr", "add", address, "dev", "eth0"]);
      for (const router of ["10.70.1.1", "fd70:0:0:1::1"])
        await guest.must("ip", ["neigh", "replace", router, "lladdr", "52:54:00:ff:00:00", "dev", "eth0"]);
      await guest.must("ip", ["-6", "route", "add", "default", "via", "fd70:0:0:1::1"]);
    };
    // Host-only: a gateway that leads nowhere. Isolated: a switch and nothing else.
    expect(await seenOf(hostOnly(), leaseFor)).toBe("");
    expect(await seenOf(networkPlan([guestPort(1), guestPort(2)]), bySelf)).toBe("");
    const seen = await seenOf(natPlan([guestPort(1), guestPort(2)]), leaseFor);
    for (const sign of [
      `${CANARY}-resolver`.toLowerCase(),
      `${CANARY}-udp-123`,
      `${CANARY}-udp-9999`,
      `${CANARY}-udp-9998`,
      "203.0.113.10.123:",
      "203.0.113.10.443: Flags [S]",
      "203.0.113.10: ICMP echo request",
    ])
      expect(seen.toLowerCase(), sign).toContain(sign.toLowerCase());
    // The LAN stays closed there too: that is the filter's doing.
    expect(seen).not.toMatch(/> 192\.168\.1\.20/);
  }, 120_000);

  test("comes to be when a gateway is taken away: it says goodbye, and frames to where it was harm nobody", async () => {
    await using home = await gatewayHome();
    await using _around = await surroundings(home);
    const ports = [guestPort(1), guestPort(2)];
    await home.apply(natPlan(ports));
    await using guest = await home.guest(1);
    await using other = await home.guest(2, { addresses: ["10.70.1.20/24"] });
    await leaseFor(guest);
    const routes = () => guest.must("ip", ["-6", "route", "show", "default"]);
    await expect.poll(routes, { timeout: 20_000 }).toContain("default");
    const pid = home.pid();
    await home.apply(networkPlan(ports));
    await expect.poll(routes, { timeout: 10_000 }).toBe("");
    expect((await guest.run("ping", ["-n", "-c", "3", "-i", "0.2", "-W", "1", "10.70.1.1"])).stdout).toContain("0 received");
    expect(await other.must("ping", ["-n", "-c", "2", "-i", "0.2", "-W", "5", await addressOf(guest)])).toContain("2 received");
    expect(home.pid()).toBe(pid);
  }, 60_000);

  test("takes a forward from this computer's loopback, and from nowhere else unless that was said (N8)", async () => {
    await using home = await gatewayHome();
    await using around = await surroundings(home);
    const forward = (n: number, hostAddress?: string) =>
      Forward.parse({
        id: `fwd_${String(n).padStart(26, "0")}`,
        hostPort: 0,
        nic: nicId(1),
        guestPort: 8080,
        ...(hostAddress && { hostAddress }),
      });
    await home.apply(hostOnly({ forwards: [forward(1), forward(2, "192.168.1.10")] }));
    await using guest = await home.guest(1);
    await leaseFor(guest);
    const server = guest.start(
      process.execPath,
      ["-e", 'require("node:http").createServer((_, answer) => answer.end("this is the guest")).listen(8080, () => console.log("ready"))'],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await firstLine(server);
    const portOf = async (n: number): Promise<number> =>
      (await home.fabric.forwards(netId(0), waiting())).find(({ id }) => id === forward(n).id)?.hostPort ?? 0;
    await expect.poll(() => portOf(1)).toBeGreaterThan(0);
    await expect.poll(() => portOf(2)).toBeGreaterThan(0);
    const fetch = async (from: Namespace, place: string, port: number): Promise<string> => {
      const { stdout, stderr } = await from.run("curl", ["-sS", "-m", "5", `http://${place}:${port}/`]);
      return stdout + stderr;
    };
    expect(await fetch(home.host, "127.0.0.1", await portOf(1))).toBe("this is the guest");
    // Nobody else: not by this computer's other addresses, from itself or from its neighbours.
    for (const from of [home.host, around.lan, around.inet])
      for (const place of ["192.168.1.10", "203.0.113.1", "[2a0a:1::1]"])
        expect(await fetch(from, place, await portOf(1)), place).toMatch(/Couldn.t connect/);
    expect(await fetch(around.lan, "127.0.0.1", await portOf(1))).toMatch(/Couldn.t connect/);
    // The control: a forward at the LAN's address is reached from there by the same means.
    expect(await fetch(around.lan, "192.168.1.10", await portOf(2))).toBe("this is the guest");
  }, 120_000);
});
