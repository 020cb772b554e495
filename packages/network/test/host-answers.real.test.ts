// What the world outside says to a guest's connections, datagrams and pings, each from a real socket of the host's: the host is a
// namespace of its own, whose routes and neighbours the tests make.
import { FirewallRule } from "@mimic/model";
import { cable, type Namespace, openNamespace, whyNoNamespaces } from "@mimic/testkit/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GatewayHome, gatewayHome, guestPort, leaseFor, natPlan, netId } from "./real-gateway.ts";
import { waiting } from "./real-switch.ts";

const why = await whyNoNamespaces();
const SERVER = "93.184.216.34";
const SERVER_V6 = "2600::34";
const UNREACHABLE = "93.184.217.1";
const PROHIBITED = "93.184.217.2";
/** Somebody on the way throws away what is meant for it, and says nothing. */
const SILENT = "93.184.217.3";

const ECHO = `
import socket,sys,threading
def serve(family,host):
    s=socket.socket(family,socket.SOCK_DGRAM); s.bind((host,7))
    while True:
        data,who=s.recvfrom(9000); s.sendto(b"echo "+data,who)
threading.Thread(target=serve,args=(socket.AF_INET,sys.argv[1])).start()
threading.Thread(target=serve,args=(socket.AF_INET6,sys.argv[2])).start()
print("ready",flush=True)`;

/** This computer's own address, for pings only. */
const OPENED = FirewallRule.parse({
  id: `rul_${"0".repeat(26)}`,
  action: "accept",
  protocol: "icmp",
  target: { to: "range", range: "198.51.100.2/32" },
});

/** Says what became of a datagram: the answer, or the error that the system tells a connected socket. */
const ASK = `
import errno,socket,sys
where=socket.getaddrinfo(sys.argv[1],int(sys.argv[2]),type=socket.SOCK_DGRAM)[0]
s=socket.socket(where[0],socket.SOCK_DGRAM); s.settimeout(3); s.connect(where[4])
# IP_RECVERR: a program that wants to hear of lost ways, too.
if "all" in sys.argv: s.setsockopt(socket.IPPROTO_IP,11,1)
for _ in range(2):
    try:
        s.send(b"hello"); print(s.recv(100).decode())
    except TimeoutError: print("silence")
    except OSError as error: print(errno.errorcode[error.errno])`;

async function outside(home: GatewayHome): Promise<Namespace> {
  const internet = await openNamespace();
  await cable(
    { namespace: home.host, ifname: "out", addresses: ["198.51.100.2/24", "198.51.100.3/24", "2600::2/64"] },
    { namespace: internet, ifname: "in", addresses: ["198.51.100.1/24", `${SERVER}/32`, `${SERVER_V6}/64`] },
  );
  await home.host.must("ip", ["route", "add", "default", "via", "198.51.100.1"]);
  await home.host.must("ip", ["-6", "route", "add", "default", "via", SERVER_V6]);
  await home.host.must("ip", ["route", "add", "unreachable", UNREACHABLE]);
  await home.host.must("ip", ["route", "add", "prohibit", PROHIBITED]);
  await internet.must("ip", ["route", "add", "blackhole", SILENT]);
  // The host gives up after three seconds and not after two minutes.
  await home.host.must("sh", ["-c", "echo 1 > /proc/sys/net/ipv4/tcp_syn_retries"]);
  return internet;
}

describe.skipIf(why)(`what the host's sockets hear is what the guest hears${why ? ` (${why})` : ""}`, () => {
  const scope = new AsyncDisposableStack();
  let home: GatewayHome;
  let guest: Namespace;

  beforeAll(async () => {
    home = scope.use(await gatewayHome());
    const internet = scope.use(await outside(home));
    const echo = internet.start("/usr/bin/python3", ["-c", ECHO, SERVER, SERVER_V6], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => echo.stdout?.once("data", resolve));
    await home.apply(natPlan([guestPort(1)], { gateway: { rules: [OPENED] } }));
    const linux = scope.use(await home.guest(1));
    await leaseFor(linux);
    guest = linux;
  });
  afterAll(() => scope.disposeAsync());

  const dial = async (from: Namespace, to: string, seconds: number): Promise<string> =>
    (await from.run("nc", ["-v", "-n", "-w", `${seconds}`, to, "81"])).stderr;

  test("a connection: refused, no way to the host, prohibited", async () => {
    expect(await dial(guest, SERVER, 5)).toContain("refused");
    expect(await dial(home.host, UNREACHABLE, 5)).toContain("No route to host");
    expect(await dial(guest, UNREACHABLE, 5)).toContain("No route to host");
    expect(await dial(home.host, PROHIBITED, 5)).toMatch(/Permission denied|prohibited/i);
    expect(await dial(guest, PROHIBITED, 5)).toMatch(/No route to host|prohibited|unreachable/i);
  });

  test("a connection that the host gives up on stays without an answer", async () => {
    const TRY = "import errno,socket\ntry: socket.create_connection(('SILENT',81))\nexcept OSError as e: print(errno.errorcode[e.errno])";
    const [ofHost, ofGuest] = await Promise.all([
      home.host.must("/usr/bin/python3", ["-c", TRY.replace("SILENT", SILENT)]),
      dial(guest, SILENT, 6),
    ]);
    expect(ofHost.trim()).toBe("ETIMEDOUT");
    expect(ofGuest).toContain("timed out");
  });

  const ask = async (to: string, port: number, errors = "hard"): Promise<string[]> =>
    (await guest.must("/usr/bin/python3", ["-c", ASK, to, `${port}`, errors])).trim().split("\n");

  test("a datagram to a port where nobody listens is refused, each time; an open port answers", async () => {
    expect(await ask(SERVER, 7)).toEqual(["echo hello", "echo hello"]);
    expect(await ask(SERVER, 9)).toEqual(["ECONNREFUSED", "ECONNREFUSED"]);
    await expect.poll(() => ask(SERVER_V6, 7), { timeout: 20_000, interval: 1000 }).toEqual(["echo hello", "echo hello"]);
    expect(await ask(SERVER_V6, 9)).toEqual(["ECONNREFUSED", "ECONNREFUSED"]);
  });

  test("a datagram that this computer knows no way for is told so", async () => {
    expect(await ask(UNREACHABLE, 9, "all")).toEqual(["EHOSTUNREACH", "EHOSTUNREACH"]);
  });

  const ping = async (from: Namespace, to: string): Promise<string> => {
    const { stdout, stderr } = await from.run("ping", ["-n", "-c", "2", "-i", "0.3", "-W", "2", to]);
    return stdout + stderr;
  };

  test("a ping goes out to the Internet, and to an address of this computer that a rule opens; another one of its addresses stays closed", async () => {
    expect(await ping(guest, SERVER)).toContain("2 received");
    expect(await ping(guest, "198.51.100.2")).toContain("2 received");
    expect(await ping(guest, "198.51.100.3")).toContain("0 received");
    expect(await ping(home.host, "198.51.100.3")).toContain("2 received");
    expect(await ping(guest, SILENT)).toContain("0 received");
    await expect.poll(() => ping(guest, SERVER_V6), { timeout: 20_000, interval: 1000 }).toContain("2 received");
  });

  test("where this computer cannot ping, the guest is told at once, and “why” says what is missing", async () => {
    await using bare = await gatewayHome({ isBare: true });
    await using _internet = await outside(bare);
    await bare.apply(natPlan([guestPort(1)]));
    await using linux = await bare.guest(1);
    await leaseFor(linux);
    const said = await ping(linux, SERVER);
    expect(said).toContain("Packet filtered");
    expect(said).toContain("0 received");
    const drops = await bare.fabric.drops(netId(0), waiting());
    expect(drops.filter(({ reason }) => reason === "cannotPing")).toEqual([
      expect.objectContaining({ rule: "filter:ping", frame: expect.stringContaining(SERVER) }),
      expect.objectContaining({ rule: "filter:ping", frame: expect.stringContaining(SERVER) }),
    ]);
    // The control: the same computer's ping answers when it is there.
    expect(await ping(bare.host, SERVER)).toContain("2 received");
  });
});
