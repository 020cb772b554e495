// Two computers joined by an encrypted tunnel, as a person joins them: two installations, a tiny Linux in each, the command
// line, and a relay between them that keeps all that passes. The second network has no gateway of its own, so its machine
// gets even its address through the tunnel.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import type { NetworkView } from "@mimic/model";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Installation, install, ROOT, startTinyLinux } from "./kit/installation.ts";

const key = randomBytes(32).toString("hex");
const canary = `canary-${randomBytes(12).toString("hex")}`;
let [near, far]: Installation[] = [];
let relay: Awaited<ReturnType<typeof openRelay>>;
let listenPort = 0;

const here = () => near as Installation;
const there = () => far as Installation;

beforeAll(async () => {
  [near, far] = await Promise.all([install({ tinyLinux: true }), install({ tinyLinux: true })]);
  await Promise.all([startTinyLinux(here(), "ada"), startTinyLinux(there(), "bob")]);
  listenPort = await freePort();
  relay = await openRelay(listenPort);
  for (const mimic of [here(), there()]) await writeFile(`${mimic.home}/key`, `${key}\n`, { mode: 0o600 });
  await writeFile(`${there().home}/other-key`, randomBytes(32).toString("hex"), { mode: 0o600 });
}, 400_000);
afterAll(async () => {
  relay?.close();
  await Promise.all([near, far].map((mimic) => mimic?.[Symbol.asyncDispose]()));
});

const inside = async (mimic: Installation, machine: string, line: string) => await mimic.mimic(["exec", machine, "--", "sh", "-c", line]);
const lab = async (mimic: Installation): Promise<NetworkView> => await mimic.client.networks.show({ network: "lab" });
const did = async (mimic: Installation, ...args: string[]): Promise<string> => {
  const ran = await mimic.mimic(args);
  expect(ran.err.includes("✗") || ran.code !== 0 ? ran : "").toBe("");
  return ran.out;
};
const addressIn = async (mimic: Installation, machine: string): Promise<string> => {
  let address = "";
  await expect
    .poll(
      async () => {
        const { out } = await inside(mimic, machine, "ip -4 addr show dev eth1");
        address = /inet ([\d.]+)\//.exec(out)?.[1] ?? "";
        return address;
      },
      { timeout: 60_000, interval: 500 },
    )
    .not.toBe("");
  return address;
};
const pings = async (mimic: Installation, from: string, to: string) => (await inside(mimic, from, `ping -4 -c 2 -W 2 ${to}`)).code === 0;

describe("a tunnel between two computers", () => {
  test("with another key it does not join, and both ends say so", async () => {
    await did(here(), "net", "new", "lab", "--kind", "isolated");
    await did(there(), "net", "new", "lab", "--kind", "bare");
    await did(here(), "net", "link", "lab", "--listen", `127.0.0.1:${listenPort}`, "--key-file", `${here().home}/key`, "--name", "bridge");
    const dial = ["net", "link", "lab", "--dial", `127.0.0.1:${relay.port}`, "--name", "bridge"];
    await did(there(), ...dial, "--key-file", `${there().home}/other-key`);
    for (const mimic of [here(), there()])
      await expect
        .poll(async () => (await mimic.mimic(["net", "show", "lab"])).out, { timeout: 30_000 })
        .toMatch(/does not work.*another key/);
    expect((await lab(here())).ports.map(({ isConnected }) => isConnected)).toEqual([false]);
    await did(there(), "net", "link", "lab", "--rm", "bridge");
    await did(there(), ...dial, "--key-file", `${there().home}/key`);
    for (const mimic of [here(), there()])
      await expect
        .poll(async () => (await lab(mimic)).ports.map(({ isConnected, problem }) => ({ isConnected, problem })), { timeout: 30_000 })
        .toEqual([{ isConnected: true, problem: undefined }]);
  }, 120_000);

  test("the machine at the other end gets its address through it, and the two reach each other", async () => {
    await did(here(), "net", "plug", "ada", "lab");
    await did(there(), "net", "plug", "bob", "lab");
    const [ada, bob] = [await addressIn(here(), "ada"), await addressIn(there(), "bob")];
    const foot = (await lab(here())).gateway?.feet[0]?.v4 ?? "";
    expect(bob.split(".").slice(0, 3)).toEqual(foot.split(".").slice(0, 3));
    await expect.poll(() => pings(here(), "ada", bob), { timeout: 60_000 }).toBe(true);
    expect(await pings(there(), "bob", ada)).toBe(true);
  }, 180_000);

  test("on the wire nothing of what passes is to be read, while a capture of the network shows it (control)", async () => {
    await inside(here(), "ada", `mkdir -p /www; echo ${canary} > /www/index.html; httpd -p 80 -h /www`);
    const file = `${here().home}/seen.pcapng`;
    const capture = spawn(join(ROOT, "mimic"), ["net", "capture", "lab", "-w", file], { env: here().env, stdio: "ignore" });
    const before = relay.bytes();
    try {
      const ada = await addressIn(here(), "ada");
      const seen = async () => {
        const got = await inside(there(), "bob", `timeout 10 wget -q -O - http://${ada}/`);
        expect(got.out).toContain(canary);
        return (await readFile(file).catch(() => Buffer.alloc(0))).includes(canary);
      };
      await expect.poll(seen, { timeout: 60_000, interval: 500 }).toBe(true);
    } finally {
      capture.kill("SIGINT");
      await once(capture, "exit");
    }
    expect(relay.seen().length).toBeGreaterThan(before + canary.length);
    expect(relay.seen().includes(canary)).toBe(false);
    expect(relay.seen().includes(Buffer.from(key, "hex"))).toBe(false);
  }, 120_000);

  test("the key lies in one file that only the owner reads; no program is started with it", async () => {
    const { id } = await lab(here());
    const keys = `${here().home}/data/networks/${id}/keys`;
    for (const name of await readdir(keys)) expect((await stat(`${keys}/${name}`)).mode & 0o777).toBe(0o600);
    const pid = await here().switchPid();
    for (const what of ["cmdline", "environ"]) expect(await readFile(`/proc/${pid}/${what}`, "latin1")).not.toContain(key);
    const run = await readdir(`${here().home}/run`, { recursive: true, withFileTypes: true });
    for (const one of run.filter((entry) => entry.isFile()))
      expect(await readFile(join(one.parentPath, one.name), "latin1")).not.toContain(key);
  });

  test("it stands again after the switch at one end was killed, and after the daemon was", async () => {
    const bob = await addressIn(there(), "bob");
    const before = await here().switchPid();
    process.kill(before, "SIGKILL");
    await expect.poll(() => pings(here(), "ada", bob), { timeout: 60_000 }).toBe(true);
    await there().killDaemon();
    expect(await pings(here(), "ada", bob)).toBe(true);
    await there().start();
    expect((await lab(there())).ports.find(({ leadsTo }) => leadsTo === "tunnel")?.problem).toBeUndefined();
    expect(await pings(here(), "ada", bob)).toBe(true);
  }, 180_000);

  test("taken away at one end, it is over: nothing passes, nobody listens, the key is forgotten, and the other end says so", async () => {
    const bob = await addressIn(there(), "bob");
    const { id } = await lab(here());
    await did(here(), "net", "link", "lab", "--rm", "bridge");
    expect(await pings(here(), "ada", bob)).toBe(false);
    await expect(dialled(listenPort)).rejects.toThrow("ECONNREFUSED");
    expect(await readdir(`${here().home}/data/networks/${id}/keys`)).toEqual([]);
    await expect
      .poll(async () => (await lab(there())).ports.find(({ label }) => label === "bridge")?.problem, { timeout: 30_000 })
      .toBeTruthy();
  }, 120_000);
});

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const dialled = async (port: number): Promise<void> => {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect").finally(() => socket.destroy());
};

/** Somebody on the way: passes everything on, and keeps it. */
async function openRelay(to: number) {
  const kept: Buffer[] = [];
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const into = connect(to, "127.0.0.1");
    for (const [one, other] of [
      [from, into],
      [into, from],
    ] as const) {
      open.add(one);
      one.on("data", (bytes: Buffer) => {
        kept.push(bytes);
        other.write(bytes);
      });
      one
        .on("error", () => {})
        .on("close", () => {
          open.delete(one);
          other.destroy();
        });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    seen: () => Buffer.concat(kept),
    bytes: () => kept.reduce((sum, { length }) => sum + length, 0),
    close: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
