// Bridged networks on a LAN of the test's own: a bridge of this computer with a cable into a namespace, where dnsmasq gives out
// addresses as a router at home does. Nothing touches this computer's real interfaces.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NetworkView } from "@mimic/model";
import type { Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { brokenRules, launchBrowser, shot, signIn } from "./kit/browser.ts";
import { Installation, install, startTinyLinux } from "./kit/installation.ts";
import { STRANGER } from "./kit/stranger.ts";

const tag = process.pid % 100_000;
const [BRIDGE, NEAR, FAR, SPACE] = [`mlb${tag}`, `mln${tag}`, `mlf${tag}`, `mlspace-${tag}`];
const ROUTER = "10.213.77.1";

let mimic: Installation;
let dnsmasq: ChildProcess;

const run = (program: string, ...args: string[]): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const goesOn = (program: string, ...args: string[]): ChildProcess => spawn(program, args, { stdio: "ignore" });
const DHCP_SERVER = [
  "--no-resolv",
  "--no-hosts",
  "--user=root",
  "--pid-file=",
  "--port=0",
  "--dhcp-range=10.213.77.50,10.213.77.99,1h",
  "--dhcp-leasefile=/dev/null",
];
const there = (...args: string[]): string => run("ip", "netns", "exec", SPACE, ...args);
const quietly = (...args: string[]): void => {
  try {
    run("ip", ...args);
  } catch {
    // It is gone already.
  }
};
const plugBridge = (): void => {
  run("ip", "link", "add", BRIDGE, "type", "bridge");
  run("ip", "link", "set", NEAR, "master", BRIDGE, "up");
  run("ip", "link", "set", BRIDGE, "up");
};

/** Why it cannot be shown here; undefined = it can. */
const why =
  process.getuid?.() !== 0
    ? "needs root"
    : !existsSync("/dev/net/tun")
      ? "needs /dev/net/tun"
      : missing("ip", "dnsmasq", "setpriv", "unshare");

beforeAll(async () => {
  if (why !== undefined) return;
  run("ip", "netns", "add", SPACE);
  run("ip", "link", "add", NEAR, "type", "veth", "peer", "name", FAR, "netns", SPACE);
  plugBridge();
  there("ip", "link", "set", "lo", "up");
  there("ip", "addr", "add", `${ROUTER}/24`, "dev", FAR);
  there("ip", "link", "set", FAR, "up");
  dnsmasq = goesOn("ip", "netns", "exec", SPACE, "dnsmasq", "-k", ...DHCP_SERVER, `--interface=${FAR}`);
  mimic = await install({ tinyLinux: true });
  await startTinyLinux(mimic, "ada");
}, 300_000);

afterAll(async () => {
  await mimic?.client.daemon.shutdown({ machines: true }).catch(() => {});
  await mimic?.[Symbol.asyncDispose]();
  dnsmasq?.kill("SIGKILL");
  quietly("link", "del", BRIDGE);
  quietly("link", "del", NEAR);
  quietly("netns", "del", SPACE);
}, 60_000);

const inside = async (line: string) => await mimic.mimic(["exec", "ada", "--", "sh", "-c", line]);
const office = async (): Promise<NetworkView> => await mimic.client.networks.show({ network: "office" });
const lanPort = async () => (await office()).ports.find(({ leadsTo }) => leadsTo === "lan");
const tapOf = async (): Promise<string> => `mimic-${(await lanPort())?.id.slice(-8)}`;
const indexOf = (name: string): string => readFileSync(`/sys/class/net/${name}/ifindex`, "utf8");
const pings = async (): Promise<boolean> => (await inside(`ping -4 -c 1 -W 2 ${ROUTER}`)).code === 0;
const pumps = (port: string): number[] =>
  readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, "latin1")
            .match(/^[^\0]*qemu-system[^\0]*\0.*mimic-lan-/s)
            ?.input?.includes(port) ?? false
        );
      } catch {
        return false;
      }
    })
    .map(Number);

describe.skipIf(why)(`a bridged network${why ? ` (${why})` : ""}`, () => {
  test("a bridge has to be named when none leads outside by a card, and what is no bridge is refused with the reason", async () => {
    const unnamed = await mimic.mimic(["net", "new", "office", "--kind", "bridged"]);
    expect(unnamed.code).not.toBe(0);
    expect(unnamed.err).toContain(`“${BRIDGE}” (${NEAR})`);
    const port = await mimic.mimic(["net", "new", "office", "--kind", "bridged", "--to", NEAR]);
    expect(port.err).toContain(`“${NEAR}” is plugged into the bridge “${BRIDGE}”`);
    expect((await mimic.mimic(["net", "new", "office", "--kind", "bridged", "--to", "nosuch0"])).err).toContain("no interface called");
    expect((await mimic.mimic(["net", "lan"])).out).toMatch(new RegExp(`${BRIDGE} +bridge +yes`));
  }, 60_000);

  test("gives a machine its address from the LAN, and both sides reach each other", async () => {
    const made = await mimic.mimic(["net", "new", "office", "--kind", "bridged", "--to", BRIDGE]);
    expect(made).toMatchObject({ code: 0 });
    expect(made.out).toContain(`joined to “${BRIDGE}”`);
    expect((await mimic.mimic(["net", "plug", "ada", "office"])).code).toBe(0);
    const address = await addressOfAda();
    expect(address).toMatch(/^10\.213\.77\.[5-9]\d$/);
    expect(await pings()).toBe(true);
    expect(there("ping", "-c", "1", "-W", "2", address)).toContain("1 received");
    expect(await lanPort()).toMatchObject({ bridge: BRIDGE, isConnected: true });
    expect((await lanPort())?.counters?.received.frames).toBeGreaterThan(0);
  }, 120_000);

  test("its carrier has no rights, and is another user; the interface at the bridge has no address of its own", async () => {
    const [pid] = pumps((await lanPort())?.id ?? "?");
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    expect(/^CapEff:\s*(\w+)/m.exec(status)?.[1]).toBe("0000000000000000");
    expect(/^Uid:\s*(\d+)/m.exec(status)?.[1]).not.toBe("0");
    expect(/^Seccomp:\s*(\d)/m.exec(status)?.[1]).toBe("2");
    expect(run("ip", "addr", "show", "dev", await tapOf())).not.toContain("inet");
  });

  test("goes on while the daemon is gone; the next one finds the same cable, and another switch is joined to it", async () => {
    const [tap, port] = [await tapOf(), (await lanPort())?.id ?? ""];
    const [index, before] = [indexOf(tap), pumps(port)];
    const address = await addressOfAda();
    await mimic.killDaemon();
    expect(there("ping", "-c", "1", "-W", "2", address)).toContain("1 received");
    await mimic.start();
    expect([indexOf(tap), pumps(port)]).toEqual([index, before]);
    expect(await pings()).toBe(true);
    process.kill(await mimic.switchPid(), "SIGKILL");
    await expect.poll(pings, { timeout: 60_000 }).toBe(true);
    expect(indexOf(tap)).toBe(index);
  }, 120_000);

  test("a carrier that dies is replaced", async () => {
    const port = (await lanPort())?.id ?? "";
    const [pid] = pumps(port);
    process.kill(pid as number, "SIGKILL");
    await expect.poll(() => pumps(port).filter((now) => now !== pid), { timeout: 20_000 }).toHaveLength(1);
    await expect.poll(pings, { timeout: 30_000 }).toBe(true);
  }, 60_000);

  test("a bridge that goes away is said, and joined again when it is back", async () => {
    run("ip", "link", "del", BRIDGE);
    await expect
      .poll(async () => (await mimic.mimic(["net", "show", "office"])).out, { timeout: 20_000 })
      .toMatch(new RegExp(`“lan” does not work: This computer has no bridge “${BRIDGE}” any more`));
    expect(await pings()).toBe(false);
    plugBridge();
    await expect.poll(pings, { timeout: 30_000 }).toBe(true);
    const port = await lanPort();
    expect([port?.isConnected, port?.problem]).toEqual([true, undefined]);
  }, 90_000);

  test("a machine there speaks as itself only", async () => {
    const own = (await office()).ports.find(({ label }) => label === "ada")?.mac ?? "";
    await inside("ip link set dev eth1 address 02:00:00:00:00:99");
    expect(await pings()).toBe(false);
    expect((await mimic.mimic(["net", "why", "office", "ada", "--json"])).out).toContain("macSpoofed");
    // The control: with its own address it is heard again.
    await inside(`ip link set dev eth1 address ${own}`);
    await expect.poll(pings, { timeout: 30_000 }).toBe(true);
  }, 60_000);

  test("nothing of it is left when it is removed", async () => {
    const [tap, port] = [await tapOf(), (await lanPort())?.id ?? ""];
    expect(existsSync(`/sys/class/net/${tap}`)).toBe(true);
    expect((await mimic.mimic(["net", "unplug", "ada", "office"])).code).toBe(0);
    expect((await mimic.mimic(["net", "rm", "office"])).code).toBe(0);
    expect(existsSync(`/sys/class/net/${tap}`)).toBe(false);
    expect(pumps(port)).toEqual([]);
    expect(existsSync(`${mimic.home}/run/net/${port}`)).toBe(false);
  }, 60_000);

  test("what a crash left between a removal's two steps is cleared away by the next daemon", async () => {
    await mimic.client.networks.create({ name: "office", kind: "bridged", to: BRIDGE });
    const [tap, { id }] = [await tapOf(), await office()];
    await mimic.killDaemon();
    run("rm", "-r", `${mimic.home}/data/networks/${id}`);
    expect(existsSync(`/sys/class/net/${tap}`)).toBe(true);
    await mimic.start();
    // It goes with its carrier's process, which may take a moment to be gone.
    await expect.poll(() => existsSync(`/sys/class/net/${tap}`), { timeout: 10_000 }).toBe(false);
  }, 60_000);

  test("without the right (CAP_NET_ADMIN) it is refused in words, and other kinds are made as ever", async () => {
    await using plain = new Installation(await mkdtemp(join(tmpdir(), "mimic-e-")), {});
    await plain.start({}, ["setpriv", "--inh-caps=-net_admin", "--bounding-set=-net_admin", "--"]);
    const refused = await plain.mimic(["net", "new", "office", "--kind", "bridged", "--to", BRIDGE]);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toMatch(/CAP_NET_ADMIN.*--kind nat/s);
    expect((await plain.mimic(["net", "lan"])).out).toContain("CAP_NET_ADMIN");
    expect((await plain.mimic(["net", "new", "office", "--kind", "bare"])).code).toBe(0);
    expect(run("ip", "link", "show", "master", BRIDGE)).not.toContain("mimic-");
    await using browser = await launchBrowser();
    const { page, address } = await signIn(browser, plain);
    const dialog = await bridgedDialog(page, address);
    await dialog.getByRole("status").getByText("CAP_NET_ADMIN").waitFor();
    await dialog.getByRole("button", { name: "Create" }).click();
    expect(await dialog.isVisible()).toBe(true);
    expect(await brokenRules(page)).toEqual([]);
    await shot(page, "network-bridged-refused");
  }, 90_000);

  test("a daemon that is not root and has just that right can do it, and hands the right on to nobody", async () => {
    const home = await mkdtemp(join(tmpdir(), "mimic-e-"));
    await using own = new Installation(home, {});
    // A system where everybody may open the file, as most have it; here it is root's.
    run("mknod", `${home}/tun`, "c", "10", "200");
    run("chmod", "666", `${home}/tun`);
    run("chown", "-R", `${STRANGER}:${STRANGER}`, home);
    const become = `setpriv --reuid=${STRANGER} --regid=${STRANGER} --clear-groups --inh-caps=-all,+net_admin --ambient-caps=+net_admin`;
    await own.start({}, ["unshare", "-m", "sh", "-c", `mount --bind ${home}/tun /dev/net/tun && exec ${become} -- "$@"`, "sh"]);
    expect(/^CapEff:\s*(\w+)/m.exec(readFileSync(`/proc/${own.daemon?.pid}/status`, "utf8"))?.[1]).toBe("0000000000001000");
    const made = await own.client.networks.create({ name: "office", kind: "bridged", to: BRIDGE });
    const heard = async () => {
      // Nobody has it: what is heard is the question who does.
      quietly("netns", "exec", SPACE, "ping", "-c", "1", "-W", "1", "-q", "10.213.77.40");
      return (await own.client.networks.show({ network: "office" })).ports[0]?.counters?.received.frames;
    };
    await expect.poll(heard, { timeout: 30_000 }).toBeGreaterThan(0);
    const [pid] = pumps(made.ports[0]?.id ?? "?");
    for (const child of [pid, await own.switchPid()])
      expect(readFileSync(`/proc/${child}/status`, "utf8")).toMatch(/^CapEff:\s*0000000000000000$/m);
    // As “mimic down --machines”: whoever stops all does not leave a cable at the LAN.
    await own.client.daemon.shutdown({ machines: true });
    await expect.poll(() => run("ip", "link", "show", "master", BRIDGE), { timeout: 10_000 }).not.toContain("mimic-");
  }, 90_000);

  test("the browser lets one choose the bridge, and shows the cable to it", async () => {
    await using browser = await launchBrowser();
    const { page, address } = await signIn(browser, mimic);
    const dialog = await bridgedDialog(page, address);
    await dialog.getByRole("textbox", { name: "Name" }).fill("studio");
    await dialog.getByLabel("Joined to").selectOption(BRIDGE);
    await dialog.getByText(`mimic net new studio --kind bridged --to ${BRIDGE}`).waitFor();
    await dialog.getByRole("button", { name: "Create" }).click();
    await page.getByRole("complementary", { name: "Network: studio" }).waitFor();
    await page
      .getByRole("button", { name: /^Cable to this computer’s LAN “lan” of studio: connected/ })
      .first()
      .waitFor();
    await shot(page, "network-bridged");
    expect(await brokenRules(page)).toEqual([]);
    await mimic.client.networks.remove({ network: "studio" });
  }, 90_000);
});

async function bridgedDialog(page: Page, address: string): Promise<Locator> {
  await page.goto(`${address}/networks`);
  await page.getByRole("button", { name: "New network" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("radio", { name: /^On this computer’s own LAN/ }).check();
  return dialog;
}

function missing(...programs: string[]): string | undefined {
  const folders = (process.env.PATH ?? "").split(":").concat("/usr/sbin", "/sbin");
  const gone = programs.filter((program) => !folders.some((folder) => existsSync(`${folder}/${program}`)));
  return gone.length > 0 ? `needs ${gone.join(", ")}` : undefined;
}

async function addressOfAda(): Promise<string> {
  let address = "";
  await expect
    .poll(
      async () => {
        address = /inet ([\d.]+)\//.exec((await inside("ip -4 addr show dev eth1")).out)?.[1] ?? "";
        return address;
      },
      { timeout: 60_000, interval: 500 },
    )
    .not.toBe("");
  return address;
}
