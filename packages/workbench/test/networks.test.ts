// Networks through the workbench's verbs, on a switch in memory.
import { isRefusal } from "@mimic/base";
import { MemorySwitchFabric } from "@mimic/memory";
import { capturedNow, type NetworkView } from "@mimic/model";
import { settle, VirtualClock } from "@mimic/testkit";
import { describe, expect, test } from "vitest";
import { type Bench, ended, granted, makeBench, withMachine } from "./bench.ts";

const show = async (bench: Bench, network = "home"): Promise<NetworkView> => granted(await bench.workbench.networks.show({ network }));
const start = async (bench: Bench, machine: string) =>
  await ended(bench, await bench.workbench.machines.start({ machine, wait: "running" }));
const code = (answer: unknown): string | undefined => (isRefusal(answer) ? answer.code : undefined);

describe("the first network", () => {
  test("is there from the first start, with addresses that collide with nothing this computer is on", async () => {
    const bench = await makeBench({ routes: ["10.77.0.0/16", "192.168.1.0/24"] });
    const home = await show(bench);
    expect(home).toMatchObject({ name: "home", kind: "nat", state: "up" });
    expect(home.gateway).toMatchObject({ domain: "home.mimic", reachesInternet: true });
    expect(home.gateway?.feet[0]?.v4).toBe("172.29.0.1/24");
  });

  test("is not made again when somebody removed it but has others", async () => {
    const bench = await makeBench();
    granted(await bench.workbench.networks.create({ name: "lab" }));
    granted(await bench.workbench.networks.remove({ network: "home" }));
    const again = await makeBench({ networks: bench.networks, fabric: bench.fabric });
    expect(granted(await again.workbench.networks.list({})).networks.map(({ name }) => name)).toEqual(["lab"]);
  });
});

test("where things stand is kept thing by thing, and a null forgets one", async () => {
  const bench = await makeBench();
  const { networks } = bench.workbench;
  granted(await networks.layout({ network: "home", places: { mch_a: { x: 1, y: 2 }, mch_b: { x: 3, y: 4 } } }));
  granted(await networks.layout({ network: "home", places: { mch_a: null, mch_c: { x: 5, y: 6 } } }));
  expect((await show(bench)).layout).toEqual({ mch_b: { x: 3, y: 4 }, mch_c: { x: 5, y: 6 } });
});

test("who looks at what passes is shown while it lasts, however it ends, and told", async () => {
  const bench = await withMachine();
  await start(bench, "alpha");
  const { networks } = bench.workbench;
  const aborts = [new AbortController(), new AbortController()];
  const begin = async (wish: { port?: string; vlan?: number }, at: 0 | 1) => {
    const bytes = granted(await networks.capture({ network: "home", ...wish }, { signal: aborts[at]?.signal as AbortSignal }));
    const reading = (async () => {
      for await (const _ of bytes);
    })().catch(() => {});
    await settle();
    return { reading };
  };
  expect(capturedNow(await show(bench))).toBeUndefined();
  const ofAlpha = await begin({ port: "alpha" }, 0);
  const ofAll = await begin({}, 1);
  expect(capturedNow(await show(bench))).toBe("alpha, all of it");
  expect((await show(bench)).captures[1]).toEqual({ since: expect.stringMatching(/^\d{4}-/) });
  aborts[0]?.abort();
  await ofAlpha.reading;
  expect(capturedNow(await show(bench))).toBe("all of it");
  const { seq } = bench.workbench.events;
  aborts[1]?.abort();
  await ofAll.reading;
  expect((await show(bench)).captures).toEqual([]);
  for await (const event of bench.workbench.events.subscribe({ afterSeq: seq, signal: AbortSignal.timeout(5000) })) {
    expect(event).toMatchObject({ fact: { kind: "network.changed", name: "home", what: "captures" } });
    break;
  }
});

describe("machines on networks", () => {
  test("a new machine has one card on “home”, unless none was wished", async () => {
    const bench = await withMachine();
    granted(await bench.workbench.machines.create({ name: "alone", system: "test-linux", network: null }));
    await settle();
    const { machines } = granted(await bench.workbench.machines.list({}));
    expect(machines.map(({ name, links }) => [name, links.map(({ network }) => network)])).toEqual([
      ["alone", []],
      ["alpha", ["home"]],
    ]);
  });

  test("its port is in the switch before its guest runs, and gone when it is off", async () => {
    const bench = await withMachine();
    const plans: number[] = [];
    const home = await show(bench);
    const boot = bench.hypervisor.boot.bind(bench.hypervisor);
    bench.hypervisor.boot = async (plan, options) =>
      await boot(
        {
          ...plan,
          onLaunched: async (run) => {
            await plan.onLaunched?.(run);
            plans.push(bench.fabric.plans.get(home.id)?.ports.length ?? -1);
          },
        },
        options,
      );
    await start(bench, "alpha");
    expect(plans).toEqual([1]);
    expect((await show(bench)).ports).toMatchObject([{ label: "alpha", leadsTo: "machine", isConnected: true, addresses: ["10.77.0.10"] }]);
    granted(await bench.workbench.machines.kill({ machine: "alpha" }));
    await settle();
    expect(bench.fabric.plans.get(home.id)?.ports).toEqual([]);
    expect((await show(bench)).ports).toMatchObject([{ label: "alpha", isConnected: false }]);
  });

  test("a switch that does not answer keeps no machine from starting, and is said", async () => {
    const bench = await withMachine();
    bench.fabric.failure = new Error("it hangs");
    expect((await start(bench, "alpha")).state).toBe("done");
    expect(await show(bench)).toMatchObject({ state: "trouble", because: "it hangs" });
    bench.fabric.failure = undefined;
    granted(await bench.workbench.networks.change({ network: "home", note: "again" }));
    expect(await show(bench)).toMatchObject({ state: "up" });
  });

  test("a running machine gets a card and loses it, and its run says so", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    granted(await bench.workbench.networks.create({ name: "lab", kind: "isolated" }));
    const plugged = granted(await bench.workbench.machines.addNic({ machine: "alpha", network: "lab" }));
    expect(plugged.links).toMatchObject([{ network: "home" }, { network: "lab", addresses: ["10.77.1.10"] }]);
    expect(plugged.pending).toEqual([]);
    expect([...bench.store.machines.values()][0]?.run?.hardware.nics).toHaveLength(2);
    expect(code(await bench.workbench.networks.remove({ network: "lab" }))).toBe("network.in_use");
    const unplugged = granted(await bench.workbench.machines.removeNic({ machine: "alpha", nic: "lab" }));
    expect(unplugged.links).toHaveLength(1);
    expect((await show(bench, "lab")).ports).toEqual([]);
    granted(await bench.workbench.networks.remove({ network: "lab" }));
  });

  test("a card that cannot come while the machine runs waits for the next start", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    const view = granted(await bench.workbench.machines.addNic({ machine: "alpha", model: "ne2k_isa" }));
    expect(view.pending).toEqual(["network cards"]);
    expect((await show(bench)).ports.filter(({ isConnected }) => isConnected)).toHaveLength(1);
  });

  test("a cable that is moved goes out and comes in, and begins untagged there", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    granted(await bench.workbench.networks.create({ name: "lab", kind: "isolated" }));
    const carriers: boolean[] = [];
    const [running] = [...bench.hypervisor.alive.values()];
    if (!running) throw new Error("it does not run");
    running.setLink = async (_id, up) => void carriers.push(up);
    granted(await bench.workbench.machines.changeNic({ machine: "alpha", nic: "1", network: "lab" }));
    expect(carriers).toEqual([false, true]);
    granted(await bench.workbench.machines.changeNic({ machine: "alpha", nic: "1", isUp: false }));
    expect(carriers).toEqual([false, true, false]);
    expect((await show(bench, "lab")).ports).toMatchObject([{ isUp: false, mode: { mode: "access", vlan: 1 } }]);
  });

  test("a copy has cards with addresses of their own, on the same networks", async () => {
    const bench = await withMachine();
    await ended(bench, await bench.workbench.machines.clone({ machine: "alpha", name: "beta" }));
    const [a, b] = granted(await bench.workbench.machines.list({})).machines.map(({ hardware }) => hardware.nics[0]);
    expect(a?.network).toBe(b?.network);
    expect(a?.mac).not.toBe(b?.mac);
    expect(a?.id).not.toBe(b?.id);
  });

  test("two cards with one address are refused", async () => {
    const bench = await withMachine();
    const mac = granted(await bench.workbench.machines.show({ machine: "alpha" })).hardware.nics[0]?.mac;
    expect(code(await bench.workbench.machines.addNic({ machine: "alpha", mac }))).toBe("nic.mac_taken");
    expect(code(await bench.workbench.machines.addNic({ machine: "alpha", mac: "53:00:00:00:00:01" }))).toBe("nic.bad_mac");
  });

  test("other machines call it by its name, also after that was changed", async () => {
    const bench = await withMachine();
    await start(bench, "alpha");
    granted(await bench.workbench.machines.change({ machine: "alpha", name: "omega" }));
    const home = await show(bench);
    expect(bench.fabric.plans.get(home.id)?.ports).toMatchObject([{ hostName: "omega" }]);
  });
});

describe("a bridged network", () => {
  const br0 = { name: "br0", kind: "bridge", mtu: 9000, members: ["enp3s0"] } as const;
  const card = { name: "enp3s0", kind: "ethernet", mtu: 9000, members: [], bridge: "br0" } as const;

  test("has one cable to the bridge, no gateway, and frames as large as there; both go with it", async () => {
    const bench = await withMachine();
    bench.lans.seen = { links: [br0, card] };
    const made = granted(await bench.workbench.networks.create({ name: "office", kind: "bridged" }));
    expect(made).toMatchObject({ mtu: 9000, ports: [{ label: "lan", leadsTo: "lan", bridge: "br0", isConnected: true }] });
    expect(made.gateway).toBeUndefined();
    const port = made.ports[0]?.id ?? "";
    expect([...bench.lans.cables]).toEqual([[port, "br0"]]);
    expect(bench.fabric.plans.get(made.id)?.ports).toMatchObject([{ attach: { how: "lan", path: `${port}/lan.sock` } }]);
    expect(code(await bench.workbench.networks.removePort({ network: "office", port: "lan" }))).toBe("port.is_the_lan");
    granted(await bench.workbench.networks.remove({ network: "office" }));
    expect(bench.lans.cables.size).toBe(0);
  });

  test("says why it leads nowhere while it does, and that it does again", async () => {
    const bench = await withMachine();
    bench.lans.seen = { links: [br0, card] };
    const made = granted(await bench.workbench.networks.create({ name: "office", kind: "bridged", to: "br0" }));
    const port = made.ports[0]?.id ?? "";
    const seen = async () => granted(await bench.workbench.networks.show({ network: "office" })).ports[0];
    bench.lans.tell({ port, words: "The bridge is gone." });
    expect(await seen()).toMatchObject({ isConnected: false, problem: "The bridge is gone." });
    bench.lans.tell({ port });
    expect(await seen()).toMatchObject({ isConnected: true, problem: undefined });
  });
});

describe("what is refused, in words", () => {
  test("a name that is taken, a range that overlaps, a VLAN that is not there, a bridge without rights", async () => {
    const { workbench } = await withMachine({ routes: ["192.168.7.0/24"] });
    const make = (wish: object) => workbench.networks.create({ name: "lab", ...wish });
    expect(code(await make({ name: "home" }))).toBe("network.name_taken");
    expect(code(await make({ subnet: "10.77.0.128/25" }))).toBe("network.subnet_taken");
    expect(code(await make({ subnet: "192.168.0.0/16" }))).toBe("network.subnet_on_host");
    expect(code(await make({ subnet: "10.0.0.0/30" }))).toBe("network.bad_subnet");
    expect(code(await make({ kind: "bridged" }))).toBe("network.cannot_bridge");
    expect(code(await make({ to: "br0" }))).toBe("network.not_bridged");
    expect(code(await make({ kind: "bare", subnet: "10.9.0.0/24" }))).toBe("network.bare_has_no_addresses");
    expect(code(await workbench.networks.changePort({ network: "home", port: "alpha", mode: { mode: "access", vlan: 20 } }))).toBe(
      "vlan.unknown",
    );
    expect(code(await workbench.networks.changePort({ network: "home", port: "nobody", isUp: false }))).toBe("port.unknown");
  });

  test("a link is set by name: unplugged is the cable, which brings back what was set when it is in again", async () => {
    const { workbench } = await withMachine();
    const set = async (wish: object) => {
      const { ports } = granted(await workbench.networks.changePort({ network: "home", port: "alpha", ...wish }));
      const { isUp, quality } = ports.find(({ label }) => label === "alpha") as (typeof ports)[number];
      return { isUp, loss: quality.down.loss };
    };
    expect(await set({ profile: "lossy" })).toEqual({ isUp: true, loss: 0.1 });
    expect(await set({ profile: "unplugged" })).toEqual({ isUp: false, loss: 0.1 });
    expect(await set({ isUp: true })).toEqual({ isUp: true, loss: 0.1 });
    expect(await set({ profile: "unplugged" })).toEqual({ isUp: false, loss: 0.1 });
    expect(await set({ profile: "perfect" })).toEqual({ isUp: true, loss: undefined });
  });

  test("a VLAN that a port uses stays", async () => {
    const { workbench } = await withMachine();
    granted(await workbench.networks.setVlan({ network: "home", vlan: 20, name: "guests" }));
    granted(await workbench.networks.changePort({ network: "home", port: "alpha", mode: { mode: "access", vlan: 20 } }));
    expect(code(await workbench.networks.removeVlan({ network: "home", vlan: 20 }))).toBe("vlan.in_use");
    granted(await workbench.networks.changePort({ network: "home", port: "alpha", mode: { mode: "access", vlan: 1 } }));
    expect(granted(await workbench.networks.removeVlan({ network: "home", vlan: 20 })).vlans.map(({ id }) => id)).toEqual([1]);
  });

  test("one port of this computer is forwarded once, and nothing leads into an isolated network", async () => {
    const { workbench } = await withMachine();
    const forward = { network: "home", machine: "alpha", guestPort: 22, hostPort: 2222 };
    granted(await workbench.networks.addForward(forward));
    expect(code(await workbench.networks.addForward({ ...forward, guestPort: 80 }))).toBe("forward.port_taken");
    granted(await workbench.networks.create({ name: "cell", kind: "isolated" }));
    expect(code(await workbench.networks.addForward({ ...forward, network: "cell" }))).toBe("forward.not_plugged_in");
    granted(await workbench.machines.addNic({ machine: "alpha", network: "cell" }));
    expect(code(await workbench.networks.addForward({ ...forward, network: "cell", hostPort: 0 }))).toBe("forward.no_way_in");
    expect(granted(await workbench.networks.removeForward({ network: "home", forward: "2222" })).forwards).toEqual([]);
  });
});

describe("links, rules, addresses", () => {
  test("a link is a port on both networks and goes at both ends; half of one is cleared away at the next start", async () => {
    const bench = await makeBench();
    const { workbench } = bench;
    granted(await workbench.networks.create({ name: "lab", kind: "bare" }));
    granted(await workbench.networks.addPort({ network: "home", leads: { to: "network", network: "lab" } }));
    const [near, far] = [await show(bench), await show(bench, "lab")];
    expect(near.ports).toMatchObject([{ label: "to-lab", leadsTo: "network", network: { name: "lab", port: far.ports[0]?.id } }]);
    expect(far.ports).toMatchObject([{ label: "to-home", network: { name: "home", port: near.ports[0]?.id } }]);
    expect(code(await workbench.networks.remove({ network: "lab" }))).toBe("network.in_use");
    const half = bench.networks.networks.get(far.id);
    if (half) bench.networks.networks.set(far.id, { ...half, ports: [] });
    const again = await makeBench({ networks: bench.networks });
    expect((await show(again)).ports).toEqual([]);
    granted(await workbench.networks.removePort({ network: "home", port: "to-lab" }));
    expect((await show(bench, "lab")).ports).toEqual([]);
  });

  test("rules keep their order, and a machine in one is known by its id", async () => {
    const bench = await withMachine();
    const add = async (note: string, at?: number) =>
      granted(
        await bench.workbench.networks.addRule({
          network: "home",
          rule: { action: "accept", target: { to: "host", port: 8080 }, note, from: { from: "machine", machine: "alpha" } },
          at,
        }),
      );
    await add("b");
    await add("c");
    const three = await add("a", 0);
    expect(three.rules.map(({ note }) => note)).toEqual(["a", "b", "c"]);
    expect(three.rules[0]?.from).toMatchObject({ machine: expect.stringMatching(/^mch_/) });
    const moved = granted(await bench.workbench.networks.moveRule({ network: "home", rule: "1", at: 2 }));
    expect(moved.rules.map(({ note }) => note)).toEqual(["b", "c", "a"]);
    expect(granted(await bench.workbench.networks.removeRule({ network: "home", rule: "2" })).rules.map(({ note }) => note)).toEqual([
      "b",
      "a",
    ]);
  });

  test("an address that is kept for a card is the one that it gets", async () => {
    const bench = await withMachine();
    const mac = (await show(bench)).ports[0]?.mac as string;
    expect(code(await bench.workbench.networks.reserve({ network: "home", mac, address: "10.99.0.5" }))).toBe("lease.not_in_network");
    expect(code(await bench.workbench.networks.reserve({ network: "home", mac, address: "10.77.0.1" }))).toBe("lease.not_in_network");
    granted(await bench.workbench.networks.reserve({ network: "home", mac, address: "10.77.0.200" }));
    await start(bench, "alpha");
    expect(granted(await bench.workbench.networks.leases({ network: "home" })).leases).toMatchObject([
      { address: "10.77.0.200", isReserved: true },
    ]);
  });
});

describe("looking", () => {
  test("a dropped frame is told with its reason and the way to change it", async () => {
    const bench = await withMachine();
    const home = await show(bench);
    bench.fabric.dropped.push({
      network: home.id,
      at: "2026-01-01T00:00:00.000Z",
      port: home.ports[0]?.id ?? "",
      reason: "macSpoofed",
      frame: "ARP",
    });
    const { drops } = granted(await bench.workbench.networks.drops({ network: "home", port: "alpha" }));
    expect(drops).toMatchObject([
      {
        portLabel: "alpha",
        words: expect.stringContaining("not the address of the NIC"),
        hint: expect.stringContaining("mimic net set home --port alpha"),
      },
    ]);
  });

  test("what the gateway dropped is told with the rule that did it, or that none allowed it", async () => {
    const bench = await withMachine();
    granted(await bench.workbench.networks.addRule({ network: "home", rule: { action: "accept", target: { to: "host", port: 8080 } } }));
    const home = granted(
      await bench.workbench.networks.addRule({
        network: "home",
        rule: { action: "drop", protocol: "tcp", ports: [22, 22], target: { to: "internet" } },
      }),
    );
    const dropped = (reason: "firewall" | "destinationFiltered", rule: string): void =>
      void bench.fabric.dropped.push({ network: home.id, at: "2026-01-01T00:00:00.000Z", port: "gateway", reason, rule, frame: "TCP" });
    dropped("firewall", home.rules[1]?.id ?? "");
    dropped("firewall", "filter:betweenVlans");
    dropped("destinationFiltered", "filter:private192");
    dropped("destinationFiltered", "filter:loopback");
    const { drops } = granted(await bench.workbench.networks.drops({ network: "home" }));
    expect(drops.map(({ words }) => words)).toEqual([
      "Rule 2 forbids it: drop TCP port 22 to the Internet.",
      "It leads to another VLAN, and no rule allows that.",
      "It is for an address near this computer (192.168.0.0/16), and no rule allows that.",
      "The gateway lets nothing of that kind through (filter:loopback).",
    ]);
    expect(drops[0]?.hint).toContain("mimic net rule home --rm 2");
    expect(drops[1]?.hint).toContain("mimic net rule home --accept vlan:");
    granted(await bench.workbench.networks.removeRule({ network: "home", rule: "2" }));
    const later = granted(await bench.workbench.networks.drops({ network: "home" }));
    expect(later.drops[0]?.words).toContain("gone by now");
  });

  test("a way into a machine needs it to run and to have an address", async () => {
    const bench = await withMachine();
    const options = { signal: new AbortController().signal };
    expect(code(await bench.workbench.networks.connect({ machine: "alpha", port: 22 }, options))).toBe("machine.not_running");
    await start(bench, "alpha");
    granted(await bench.workbench.networks.connect({ machine: "alpha", port: 22 }, options));
    expect(bench.fabric.connections).toMatchObject([{ address: "10.77.0.10", port: 22 }]);
    const home = await show(bench);
    await bench.fabric.release(home.id, home.ports[0]?.mac ?? "");
    expect(code(await bench.workbench.networks.connect({ machine: "alpha", port: 22 }, options))).toBe("machine.no_address");
  });
});

test("a daemon that comes back tells the switch the same plans again, and learns the leases", async () => {
  const fabric = new MemorySwitchFabric(new VirtualClock());
  const bench = await withMachine({ fabric });
  await start(bench, "alpha");
  const before = [...fabric.plans.values()];
  const again = await makeBench({ store: bench.store, networks: bench.networks, hypervisor: bench.hypervisor, fabric });
  expect([...fabric.plans.values()]).toEqual(before);
  expect(granted(await again.workbench.machines.show({ machine: "alpha" })).links).toMatchObject([{ addresses: ["10.77.0.10"] }]);
});
