// Networks as people use them: two real Linux machines, the real switch and gateway in their cage, the command line.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { NetworkView } from "@mimic/model";
import { readCapture } from "@mimic/network";
import { decodeFrame } from "@mimic/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install, ROOT, startTinyLinux } from "./kit/installation.ts";

let mimic: Installation;
const ids: Record<string, string> = {};
beforeAll(async () => {
  mimic = await install({ tinyLinux: true });
  for (const name of ["ada", "bob"]) ids[name] = await startTinyLinux(mimic, name);
}, 300_000);
afterAll(() => mimic[Symbol.asyncDispose]());

// (`wget -T` of Debian's static busybox ends in a crash; `timeout` does not.)
const inside = async (machine: string, line: string) => await mimic.mimic(["exec", machine, "--", "sh", "-c", line]);
const network = async (name = "home"): Promise<NetworkView> => await mimic.client.networks.show({ network: name });

/** Looked at again and again: another process does the work. Fails with what was seen last. */
async function until<T>(look: () => Promise<T>, isThere: (seen: T) => boolean, withinMs = 60_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isThere(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`it did not come about; last seen: ${JSON.stringify(seen).slice(0, 2000)}`);
    await wait(100);
  }
}

const addressOf = async (machine: string, name = "home"): Promise<string> => {
  const view = await until(
    () => network(name),
    ({ ports }) => (ports.find(({ label }) => label === machine)?.addresses.length ?? 0) > 0,
  );
  return view.ports.find(({ label }) => label === machine)?.addresses[0] ?? "";
};

const pings = async (from: string, to: string, count = 2) => (await inside(from, `ping -4 -c ${count} -W 2 ${to}`)).code === 0;

describe("two machines on “home”", () => {
  test("get addresses, and reach each other by name", async () => {
    const ada = await addressOf("ada");
    await addressOf("bob");
    const found = await inside("bob", "nslookup ada.home.mimic");
    expect(found.out).toContain(ada);
    const ping = await inside("bob", "ping -4 -c 2 ada");
    expect(ping.out).toContain(ada);
    expect(ping.code).toBe(0);
    expect((await mimic.mimic(["net", "lease", "home"])).out).toMatch(new RegExp(`${ada.replaceAll(".", "\\.")} +ada`));
  }, 120_000);

  test("a forward leads from this computer to a server in the guest, and goes when it is taken away", async () => {
    await inside("ada", "mkdir -p /www; echo hello from ada > /www/index.html; httpd -p 80 -h /www");
    const made = await mimic.mimic(["net", "forward", "home", "ada:80", "--json"]);
    expect(made.err).toBe("");
    const id = (JSON.parse(made.out) as NetworkView).forwards.find(({ isAutomatic }) => !isAutomatic)?.id ?? "";
    const taken = (view: NetworkView) => view.forwards.find((forward) => forward.id === id)?.takenPort;
    const takenPort = taken(await until(network, (view) => taken(view) !== undefined));
    expect(await (await fetch(`http://127.0.0.1:${takenPort}/`)).text()).toBe("hello from ada\n");
    await mimic.client.networks.removeForward({ network: "home", forward: id });
    await expect(fetch(`http://127.0.0.1:${takenPort}/`)).rejects.toThrow();
  }, 60_000);

  test("no guest reaches the daemon or a server of this computer, unless a rule opens exactly that (control)", async () => {
    const server = createServer((_request, response) => response.end("secret"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const gateway = ((await network()).gateway?.feet[0]?.v4 ?? "").split("/")[0] ?? "";
      const daemon = await mimic.port();
      for (const host of [gateway, "127.0.0.1", "10.0.2.2"])
        for (const at of [daemon, port]) expect((await inside("ada", `timeout 3 wget -q -O - http://${host}:${at}/`)).code).not.toBe(0);
      await mimic.client.networks.addRule({ network: "home", rule: { action: "accept", target: { to: "host", port } } });
      // Asked again while a busy computer is late: it is the control, and has to succeed once.
      const opened = async () => (await inside("ada", `timeout 10 wget -q -O - http://${gateway}:${port}/`)).out;
      await expect.poll(opened, { timeout: 45_000 }).toBe("secret");
      expect((await inside("ada", `timeout 3 wget -q -O - http://${gateway}:${daemon}/`)).code).not.toBe(0);
      await mimic.client.networks.removeRule({ network: "home", rule: "1" });
    } finally {
      server.close();
    }
  }, 120_000);

  test("bytes go into a machine through the gateway, and come back, without a forward (what mimic ssh speaks through)", async () => {
    await inside("ada", "(nc -ll -p 2222 -e cat > /dev/null 2>&1 &)");
    const echoed = await mimic.mimic(["__tcp", "ada", "2222"], { input: "SSH-2.0-hello\n" });
    expect(echoed).toMatchObject({ code: 0, out: "SSH-2.0-hello\n" });
  }, 60_000);

  test("a port that a guest opens appears on this computer by itself", async () => {
    const opened = await until(network, ({ forwards }) =>
      forwards.some(({ isAutomatic, guestPort, takenPort }) => isAutomatic && guestPort === 2222 && takenPort !== undefined),
    );
    expect(opened.forwards.find(({ guestPort }) => guestPort === 2222)?.hostAddress).toBe("127.0.0.1");
  }, 60_000);

  test("a pulled cable is seen in the guest, and traffic comes back with it", async () => {
    expect((await mimic.mimic(["net", "set", "home", "--port", "ada", "--cable", "out"])).code).toBe(0);
    expect((await inside("ada", "cat /sys/class/net/eth0/carrier")).out.trim()).toBe("0");
    expect(await pings("bob", "ada.home.mimic", 1)).toBe(false);
    expect((await mimic.mimic(["net", "set", "home", "--port", "ada", "--cable", "in"])).code).toBe(0);
    await until(
      () => pings("bob", "ada.home.mimic", 1),
      (arrived) => arrived,
    );
  }, 120_000);

  test("top measures what guests send and get, the busiest first, and nothing of it at a port that it does not pass", async () => {
    type Rates = { ports: { port: string; network: string; inBytesPerSecond: number; outBytesPerSecond: number }[] };
    const rates = async () => {
      const { ports } = JSON.parse((await mimic.mimic(["net", "top", "home", "--json"])).out) as Rates;
      return ports.map((each) => ({ ...each, isBusy: each.inBytesPerSecond > 4000 && each.outBytesPerSecond > 4000 }));
    };
    const busy = (ports: Awaited<ReturnType<typeof rates>>) => ports.flatMap(({ port, isBusy }) => (isBusy ? [port] : [])).sort();
    const quiet = await until(rates, (ports) => busy(ports).length === 0);
    expect(quiet.map(({ port, network }) => `${port} ${network}`).sort()).toEqual(["ada home", "bob home", "gateway home"]);
    // Each frame is answered: ten times 1400 bytes a second, either way at both machines.
    await inside("bob", "(ping -4 -i 0.1 -s 1400 ada > /dev/null 2>&1 &)");
    const seen = await until(rates, (ports) => busy(ports).join() === "ada,bob");
    expect(seen.at(-1)?.port).toBe("gateway");
    const { out } = await mimic.mimic(["net", "top"]);
    for (const name of ["ada", "bob"])
      expect(out).toMatch(new RegExp(`^${name} +home +[\\d.]+ KiB/s +[\\d.]+ KiB/s +[1-9]\\d*/s +\\d+/s$`, "m"));
    expect((await inside("bob", "killall ping")).code).toBe(0);
    await until(rates, (ports) => busy(ports).length === 0);
  }, 120_000);

  test("a capture is read back as what passed", async () => {
    const file = `${mimic.home}/seen.pcapng`;
    const capture = spawn(join(ROOT, "mimic"), ["net", "capture", "home", "--filter", "icmp", "-w", file], {
      env: mimic.env,
      stdio: "ignore",
    });
    const seen = () => readFile(file).catch(() => Buffer.alloc(0));
    const bytes = await until(
      async () => ((await pings("bob", "ada", 2)) ? await seen() : Buffer.alloc(0)),
      (now) => readCapture(now).filter(({ kind }) => kind === "packet").length >= 4,
    );
    capture.kill("SIGINT");
    await once(capture, "exit");
    const packets = readCapture(bytes).flatMap((item) => (item.kind === "packet" ? [decodeFrame(item.frame)] : []));
    const [ada, bob] = [await addressOf("ada"), await addressOf("bob")];
    const ways = new Set(packets.map(({ source, destination, protocol }) => `${protocol} ${source} ${destination}`));
    expect([...ways].sort()).toEqual([`ICMP ${ada} ${bob}`, `ICMP ${bob} ${ada}`].sort());
  }, 120_000);
});

describe("other networks", () => {
  test("a card that is plugged in while the machine runs has an address at once, and is gone again when it is taken out", async () => {
    await mimic.client.networks.create({ name: "lab", kind: "isolated" });
    expect((await mimic.mimic(["net", "plug", "ada", "lab"])).code).toBe(0);
    const address = await addressOf("ada", "lab");
    expect((await inside("ada", "ip -4 addr show dev eth1")).out).toContain(address);
    expect((await mimic.mimic(["net", "unplug", "ada", "lab"])).code).toBe(0);
    expect((await inside("ada", "ip addr show dev eth1")).code).not.toBe(0);
  }, 120_000);

  test("the list shows a network's kind and its machines; it is removed once nobody is plugged in, and until then says who is", async () => {
    const row = async (name: string) => (await mimic.mimic(["net", "ls"])).out.split("\n").find((line) => line.startsWith(`${name} `));
    expect((await mimic.mimic(["net", "new", "spare", "--kind", "host-only"])).err).toBe("");
    expect(await row("spare")).toMatch(/^spare +host-only +up +[\d.]+\/\d+ +nobody$/);
    expect(await row("home")).toMatch(/^home +nat +up +[\d.]+\/\d+ +(ada, bob|bob, ada)$/);
    // Not bob: the last network that this small guest joins names its name server, and he asks for names further on.
    expect((await mimic.mimic(["net", "plug", "ada", "spare"])).code).toBe(0);
    expect(await row("spare")).toMatch(/ ada$/);
    const refused = await mimic.mimic(["net", "rm", "spare"]);
    expect(refused).toMatchObject({ code: expect.not.toBeOneOf([0, null]), out: "" });
    expect(refused.err).toContain("“spare” is in use by “ada”.");
    expect(await row("spare")).toMatch(/ ada$/);
    expect((await mimic.mimic(["net", "unplug", "ada", "spare"])).code).toBe(0);
    expect(await mimic.mimic(["net", "rm", "spare"])).toMatchObject({ code: 0, out: "“spare” is gone.\n", err: "" });
    expect(await row("spare")).toBeUndefined();
    await expect(network("spare")).rejects.toMatchObject({ code: "network.unknown" });
  }, 120_000);

  test("a program is plugged in at a socket of a mirror, and gets what passes", async () => {
    const made = await mimic.mimic(["net", "link", "home", "--mirror", "ada", "--name", "sniffer", "--json"]);
    const { socket: path } = (JSON.parse(made.out) as NetworkView).ports.find(({ label }) => label === "sniffer") ?? {};
    const socket = connect(path ?? "");
    let bytes = 0;
    socket
      .on("error", () => {})
      .on("data", (piece) => {
        bytes += piece.length;
      });
    await until(
      async () => ((await pings("bob", "ada", 1)) ? bytes : 0),
      (heard) => heard > 100,
    );
    socket.destroy();
    expect((await mimic.mimic(["net", "link", "home", "--rm", "sniffer"])).code).toBe(0);
  }, 60_000);

  test("VLANs keep two machines apart, and a router in neither of them brings them together", async () => {
    for (const machine of ["ada", "bob"]) await mimic.client.machines.addNic({ machine, network: "lab" });
    const [ada, bob] = [await addressOf("ada", "lab"), await addressOf("bob", "lab")];
    expect(await pings("ada", bob)).toBe(true);
    await mimic.client.networks.setVlan({ network: "lab", vlan: 20 });
    await mimic.client.networks.changePort({ network: "lab", port: "bob", mode: { mode: "access", vlan: 20 } });
    expect(await pings("ada", bob)).toBe(false);
    expect(await pings("bob", ada)).toBe(false);
    await mimic.client.networks.changePort({ network: "lab", port: "bob", mode: { mode: "access", vlan: 1 } });
    await until(
      () => pings("ada", bob, 1),
      (arrived) => arrived,
    );
  }, 120_000);
});

describe("what ends, and what goes on", () => {
  test("the switch is killed: another carries the frames, and machines notice little", async () => {
    const before = await mimic.switchPid();
    process.kill(before, "SIGKILL");
    await until(
      () => mimic.switchPid().catch(() => before),
      (pid) => pid !== before,
    );
    await until(
      () => pings("bob", "ada", 1),
      (arrived) => arrived,
    );
  }, 120_000);

  test("the daemon is killed: traffic goes on, and the next daemon finds the same switch and the same addresses", async () => {
    const [pid, ada] = [await mimic.switchPid(), await addressOf("ada")];
    const forwarded =
      (await mimic.client.networks.addForward({ network: "home", machine: "ada", guestPort: 80 })).forwards.at(-1)?.takenPort ?? 0;
    await mimic.killDaemon();
    expect(await served(forwarded)).toContain("hello from ada");
    await mimic.start();
    expect(await mimic.switchPid()).toBe(pid);
    expect(await addressOf("ada")).toBe(ada);
    expect(await pings("bob", "ada")).toBe(true);
  }, 120_000);
});

/** Without the daemon: straight to the forwarded port. */
function served(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
    socket.on("data", (bytes) => {
      text += bytes.toString();
    });
    socket.on("end", () => resolve(text));
    socket.on("error", reject);
  });
}
