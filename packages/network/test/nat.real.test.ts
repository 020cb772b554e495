// The NAT under a real Linux stack: a namespace guest on one side, sockets of this computer on the other.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IpAddress } from "@mimic/tcpip";
import { type NamespaceGuest, openNamespaceGuest, whyNoNamespaces } from "@mimic/testkit/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GUEST, type NatBox, openNatBox, toLoopback } from "./nat-box.ts";

const why = await whyNoNamespaces();
const folder = mkdtempSync(join(tmpdir(), "mimic-nat-"));
const OUTSIDE = "198.51.100.7";
const OUTSIDE_V6 = "2001:db8::7";
const BIG = 24 << 20;
const big = randomBytes(BIG);
const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
async function listen<S extends Server>(server: S, host = "127.0.0.1"): Promise<S> {
  server.listen(0, host);
  await once(server, "listening");
  return server;
}

/** Listens, and its queue of connections that nobody has accepted is full: the system answers no further SYN until `drain`. */
async function openFullListener(): Promise<{ readonly port: number; drain(): void } & AsyncDisposable> {
  const program = `
import socket,sys
listener=socket.socket(); listener.bind(("127.0.0.1",0)); listener.listen(0)
fillers=[]
while True:
    filler=socket.socket(); filler.settimeout(0.3); fillers.append(filler)
    try: filler.connect(listener.getsockname())
    except TimeoutError: break
print(listener.getsockname()[1],flush=True)
sys.stdin.readline()
while True: listener.accept()`;
  const child = spawn("/usr/bin/python3", ["-c", program], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = (await once(child.stdout, "data")) as [Buffer];
  return {
    port: Number(`${port}`),
    drain: () => void child.stdin.write("\n"),
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

describe.skipIf(why)(`a guest behind the NAT${why ? ` (${why})` : ""}`, () => {
  let box: NatBox;
  let guest: NamespaceGuest;
  const scope = new AsyncDisposableStack();

  beforeAll(async () => {
    const path = join(folder, "nat");
    box = scope.use(
      await openNatBox(path, (flow) => {
        if (flow.destinationPort === 4444) return { verdict: "drop" };
        if (flow.destinationPort === 4445) return { verdict: "reject", how: "prohibited" };
        if (flow.destinationPort === 4446) return { verdict: "reject", how: "noRoute" };
        return toLoopback(flow);
      }),
    );
    guest = scope.use(await openNamespaceGuest({ dial: path, ...GUEST }));
  });
  afterAll(async () => {
    await scope.disposeAsync();
    rmSync(folder, { recursive: true, force: true });
  });

  const web = async (host = "127.0.0.1"): Promise<Server & AsyncDisposable> =>
    listen(
      createHttpServer((request, reply) => {
        if (request.method === "GET") {
          reply.end(request.url === "/big" ? big : `hello ${request.headers.host}\n`);
          return;
        }
        const hash = createHash("sha256");
        request.on("data", (part: Buffer) => hash.update(part)).on("end", () => reply.end(hash.digest("hex")));
      }),
      host,
    );

  test("fetches a page over IPv4 and IPv6", async () => {
    await using four = await web();
    await using six = await web("::1");
    expect(await guest.must("curl", ["-sS", "-m", "10", `http://${OUTSIDE}:${portOf(four)}/`])).toContain(`hello ${OUTSIDE}`);
    expect(await guest.must("curl", ["-sS", "-m", "10", `http://[${OUTSIDE_V6}]:${portOf(six)}/`])).toContain(`hello [${OUTSIDE_V6}]`);
  });

  test("gets and sends tens of megabytes unchanged", async () => {
    await using server = await web();
    const url = `http://${OUTSIDE}:${portOf(server)}`;
    expect((await guest.must("sh", ["-c", `curl -sS -m 60 ${url}/big | sha256sum`])).split(" ")[0]).toBe(digestOf(big));
    expect(await guest.must("curl", ["-sS", "-m", "60", "-H", "Expect:", "--data-binary", "@-", url], { input: big })).toBe(digestOf(big));
  });

  test("opens many connections at once", async () => {
    await using server = await web();
    const url = `http://${OUTSIDE}:${portOf(server)}/[1-200]`;
    const said = await guest.must("curl", [
      "-sS",
      "-m",
      "60",
      "-Z",
      "--parallel-max",
      "50",
      "-H",
      "Connection: close",
      "-o",
      "/dev/null",
      "-w",
      "%{http_code}\n",
      url,
    ]);
    expect(said.trim().split("\n")).toEqual(new Array(200).fill("200"));
  });

  test("hears a refusal as a refusal, a drop as silence, a prohibition and a missing route as what they are", async () => {
    const unused = await listen(createServer());
    const port = portOf(unused);
    await new Promise((resolve) => unused.close(resolve));
    const ask = async (to: number, seconds = 5): Promise<string> =>
      (await guest.run("nc", ["-v", "-w", `${seconds}`, OUTSIDE, `${to}`])).stderr;
    expect(await ask(port)).toContain("refused");
    expect(await ask(4444, 2)).toContain("timed out");
    expect(await ask(4445)).toMatch(/No route to host|prohibited|unreachable/i);
    expect(await ask(4446)).toMatch(/Network is unreachable|No route/i);
  });

  test("is answered only after the other side has accepted", async () => {
    await using full = await openFullListener();
    // The control: this computer's own connection hangs as well.
    const own = connect(full.port, "127.0.0.1");
    let isOwnConnected = false;
    own.on("connect", () => (isOwnConnected = true)).on("error", () => {});
    const before = box.endpoint.tcp.size.connections;
    const asking = guest.run("nc", ["-v", "-z", "-w", "20", OUTSIDE, `${full.port}`]);
    await expect.poll(() => box.endpoint.tcp.size.openings).toBe(1);
    await new Promise((go) => setTimeout(go, 1500));
    expect(isOwnConnected).toBe(false);
    expect(box.endpoint.tcp.size).toMatchObject({ connections: before, openings: 1 });
    full.drain();
    const said = await asking;
    expect(said.stderr).toContain("succeeded");
    expect(said.code).toBe(0);
    own.destroy();
  });

  test("half-closes: it ends, and still gets all that comes", async () => {
    await using server = await listen(
      createServer({ allowHalfOpen: true }, (socket) => {
        let said = "";
        socket.on("data", (part) => (said += part)).on("end", () => setTimeout(() => socket.end(`you said ${said}`), 300));
      }),
    );
    expect(await guest.must("nc", ["-N", "-w", "5", OUTSIDE, `${portOf(server)}`], { input: "good day" })).toBe("you said good day");
  });

  test("hears a reset as a reset", async () => {
    await using server = await listen(createServer((socket) => socket.once("data", () => socket.resetAndDestroy())));
    const said = await guest.run("curl", ["-sS", "-m", "10", `http://${OUTSIDE}:${portOf(server)}/`]);
    expect(said.stderr).toMatch(/reset/i);
  });

  test("when it resets, the other side hears that", async () => {
    const { promise, resolve } = Promise.withResolvers<string>();
    await using server = await listen(
      createServer((socket) => socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "")).resume()),
    );
    const program =
      "import socket,struct,sys\ns=socket.create_connection((sys.argv[1],int(sys.argv[2])))\ns.sendall(b'x')\ns.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack('ii',1,0))\ns.close()";
    await guest.must("/usr/bin/python3", ["-c", program, OUTSIDE, `${portOf(server)}`]);
    expect(await promise).toBe("ECONNRESET");
  });

  test("a server that reads slowly slows it down, and nothing is lost or hoarded", async () => {
    const slow: Socket[] = [];
    const hash = createHash("sha256");
    const { promise, resolve } = Promise.withResolvers<string>();
    await using server = await listen(
      createServer((socket) => {
        slow.push(socket);
        socket.pause();
        socket.on("data", (part) => hash.update(part)).on("end", () => resolve(hash.digest("hex")));
      }),
    );
    const sending = guest.must("nc", ["-N", OUTSIDE, `${portOf(server)}`], { input: big });
    while (slow.length === 0) await new Promise((go) => setTimeout(go, 20));
    await new Promise((go) => setTimeout(go, 700));
    // What waits in us is bounded by the window, whatever the guest would send.
    expect(box.endpoint.memoryBytes).toBeLessThan(10 << 20);
    slow[0]?.resume();
    expect(await promise).toBe(digestOf(big));
    await sending;
  });

  test("sends datagrams from one port of ours, and gets answers only from those it wrote to", async () => {
    const servers = [createSocket("udp4"), createSocket("udp4")];
    const seen: number[] = [];
    for (const server of servers) {
      server.on("message", (bytes, from) => {
        seen.push(from.port);
        server.send(`echo ${bytes}`, from.port, from.address);
      });
      server.bind(0, "127.0.0.1");
      await once(server, "listening");
    }
    const program = `
import socket,sys
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.settimeout(5)
for port in sys.argv[2:]:
    s.sendto(b"a"*4000,(sys.argv[1],int(port)))
    data,who=s.recvfrom(9000)
    print(len(data),who[0]==sys.argv[1],str(who[1])==port)`;
    const ports = servers.map((server) => `${server.address().port}`);
    expect((await guest.must("/usr/bin/python3", ["-c", program, OUTSIDE, ...ports])).trim().split("\n")).toEqual([
      "4005 True True",
      "4005 True True",
    ]);
    expect(new Set(seen).size).toBe(1);
    for (const server of servers) server.close();
  });

  test("pings the gateway, and is told where a packet ended that went too far", async () => {
    expect(await guest.must("ping", ["-c", "2", "-i", "0.2", "-W", "5", "10.0.2.2"])).toContain("2 received");
    expect(await guest.must("ping", ["-c", "1", "-W", "5", "-s", "5000", "fd00:2::2"])).toContain("1 received");
    const hops = await guest.must("traceroute", ["-n", "-q", "1", "-w", "2", "-m", "1", OUTSIDE]);
    expect(hops).toMatch(/^ 1 {2}10\.0\.2\.2/m);
  });

  test("port forwards lead to it, come and go while running, and say why when they cannot", async () => {
    const server = guest.start("nc", ["-lk", "-p", "7000"], { stdio: ["pipe", "pipe", "inherit"] });
    const { forwards } = box.nat;
    const listening = (id: string): Promise<number> =>
      new Promise((resolve) => (forwards.told = (news) => news.id === id && resolve(news.hostPort)));
    const guestAt = { address: IpAddress.of("10.0.2.15"), port: 7000 };
    const port = listening("one");
    forwards.add({ id: "one", protocol: "tcp", host: { address: "127.0.0.1", port: 0 }, guest: guestAt });
    await guest.must("sh", ["-c", "for i in $(seq 100); do ss -ltn | grep -q :7000 && exit; sleep 0.05; done; exit 1"]);
    const client = connect(await port, "127.0.0.1");
    client.write("from outside");
    const [heard] = (await once(server.stdout as NodeJS.ReadableStream, "data")) as [Buffer];
    expect(`${heard}`).toBe("from outside");
    forwards.add({ id: "two", protocol: "tcp", host: { address: "127.0.0.1", port: await port }, guest: guestAt });
    await expect.poll(() => forwards.list().find(({ id }) => id === "two")?.problem).toContain("in use");
    const closed = new Promise((resolve) => client.on("error", () => {}).on("close", resolve));
    forwards.remove("one");
    await closed;
    const again = connect(await port, "127.0.0.1");
    const error = await new Promise<NodeJS.ErrnoException>((resolve) => again.on("error", resolve));
    expect(error.code).toBe("ECONNREFUSED");
    forwards.remove("two");
  });
});
