// A fresh network: how long from a guest's first question until it has an address, and until it knows a machine's. Beside our
// gateway dnsmasq, as a namespace at a port of the same switch; guests ask both in the same way.
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "@mimic/base";
import { NetworkPlan, PortGuards } from "@mimic/model";
import { createSwitchFabric } from "@mimic/network/node";
import { mustRun, openNamespaceGuest, whyNoNamespaces } from "@mimic/testkit/node";
import type { SwitchFabric } from "@mimic/workbench/ports";
import { LeaseClient } from "./framework/lease-client.ts";
import { interleave } from "./framework/measure.ts";
import { type Bench, CannotMeasure, type Measured, type Row } from "./framework/row.ts";

const MOST_MS = 20;
const ROUNDS = { warmUp: 2, rounds: 15 };
const MAIN = join(import.meta.dirname, "../apps/switch/src/main.ts");
const SERVER_MAC = "52:54:00:00:00:fe";
const NAME = "hello.home.mimic";

type What = "lease" | "name";

/** Asks once, in a way of its own for each round, and answers how long it took. */
type Ask = (round: number) => Promise<Record<What, number>>;

const rowOf = (what: What, words: string): Row => ({
  name: `dhcp-dns-${what}`,
  what: `${words}, in a network that was made a moment ago; beside it dnsmasq at the same switch.`,
  unit: "ms",
  bound: `under ${MOST_MS} ms`,
  async run(bench): Promise<Measured> {
    const why = await whyNoNamespaces();
    if (why) throw new CannotMeasure(why);
    await mustRun("dnsmasq", ["--version"]).catch(() => {
      throw new CannotMeasure("dnsmasq is not installed");
    });
    const fabric = openFabric(bench);
    const asks = [askOurs(bench, fabric), await askDnsmasq(bench, fabric)];
    const takes = asks.map((ask) => {
      let round = 0;
      return async () => (await ask(round++))[what];
    });
    const [ours, peer] = await interleave(takes, ROUNDS);
    if (!ours || !peer) throw new Error("nothing was measured");
    return { ours, peer, holds: ours.median < MOST_MS };
  },
});

export const dhcpDnsLease: Row = rowOf("lease", "From a guest's first DHCP message until it has a lease");
export const dhcpDnsName: Row = rowOf("name", "From a guest's question for the name of a machine until it has the address");

const waiting = () => ({ signal: AbortSignal.timeout(20_000) });

function openFabric(bench: Bench): SwitchFabric {
  const folder = join(bench.home, "net");
  mkdirSync(folder, { recursive: true });
  const fabric = createSwitchFabric({
    netFolder: folder,
    stateFolder: join(bench.home, "state"),
    recordPath: join(bench.home, "switch.json"),
    main: MAIN,
    log: silentLog,
    launch: async (program) => {
      const [node = "", ...args] = program.argv({ net: program.netFolder, state: program.stateFolder });
      return spawn(node, args, { stdio: "ignore" }).pid ?? 0;
    },
  });
  bench.cleanUp(() => fabric.close({ end: true }));
  return fabric;
}

const id = (prefix: string, number: number): string => `${prefix}_${String(number).padStart(26, "0")}`;
const macOf = (number: number): string =>
  `52:54:00:01:${(number >> 8).toString(16).padStart(2, "0")}:${(number & 255).toString(16).padStart(2, "0")}`;

const portOf = (number: number, path: string, wish: Record<string, unknown> = {}) => ({
  id: id("nic", number),
  label: path,
  attach: { how: "listen", path },
  mac: macOf(number),
  mode: { mode: "access", vlan: 1 },
  guards: PortGuards.parse({}),
  ...wish,
});

async function askAt(path: string, mac: string): Promise<Record<What, number>> {
  using client = await LeaseClient.dial(path, mac);
  const leased = await client.lease();
  return { lease: leased.tookMs, name: await client.resolve(leased, NAME) };
}

/** A network of its own for each round: nothing was asked of it before. */
const askOurs =
  (bench: Bench, fabric: SwitchFabric): Ask =>
  async (round) => {
    const number = 1000 + round;
    const gateway = {
      mac: SERVER_MAC,
      segments: [{ vlan: 1, v4: { address: "10.9.0.1", prefix: 24, pool: { from: "10.9.0.100", to: "10.9.0.200" } } }],
      domain: "home.mimic",
      dns: { forward: false, records: [{ name: NAME, type: "A", value: "10.9.0.99" }] },
      uplink: "none",
    };
    const plan = { id: id("net", number), name: "home", ports: [portOf(number, `o${round}.sock`)], gateway };
    await fabric.apply(NetworkPlan.parse(plan), waiting());
    const took = await askAt(join(bench.home, "net", `o${round}.sock`), macOf(number));
    await fabric.remove(plan.id, waiting());
    return took;
  };

/** dnsmasq stays, as it would; each round a guest comes that it has never seen. */
async function askDnsmasq(bench: Bench, fabric: SwitchFabric): Promise<Ask> {
  const open = { guards: PortGuards.parse({ mac: false, ip: false, dhcp: false }) };
  const server = portOf(1, "d.sock", { ...open, mac: SERVER_MAC });
  const planFor = (round: number) => {
    const guest = portOf(2000 + round, `g${round}.sock`);
    return NetworkPlan.parse({ id: id("net", 1), name: "peer", ports: [server, guest] });
  };
  await fabric.apply(planFor(0), waiting());
  const place = await openNamespaceGuest({ dial: join(bench.home, "net", "d.sock"), mac: SERVER_MAC, addresses: ["10.9.0.1/24"] });
  bench.cleanUp(async () => place[Symbol.asyncDispose]());
  const args = [
    "--keep-in-foreground",
    "--user=root",
    "--pid-file=",
    "--no-resolv",
    "--no-hosts",
    "--no-ping",
    "--interface=eth0",
    "--bind-interfaces",
  ];
  const leases = ["--dhcp-range=10.9.0.100,10.9.0.200", "--dhcp-authoritative", `--dhcp-leasefile=${join(bench.home, "dnsmasq.leases")}`];
  place.start("dnsmasq", [...args, ...leases, `--host-record=${NAME},10.9.0.99`], { stdio: "ignore" });
  await place.must("sh", ["-c", "for i in $(seq 100); do ss -Hlun | grep -q ':67 ' && exit; sleep 0.1; done; exit 1"]);
  return async (round) => {
    await fabric.apply(planFor(round), waiting());
    return askAt(join(bench.home, "net", `g${round}.sock`), macOf(2000 + round));
  };
}
