// The arrangement in which gateways are compared: a guest (a namespace and a tap) behind each gateway, both gateways in one
// namespace with a cable to another one, where the servers are.
import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import {
  cable,
  compileC,
  firstLine,
  mustRun,
  type Namespace,
  type NamespaceGuest,
  openNamespace,
  openNamespaceGuest,
  whyNoNamespaces,
} from "@mimic/testkit/node";
import { type Bench, CannotMeasure } from "./row.ts";

export const SERVER = "10.99.0.1";
export const CONNECTIONS_PORT = 7001;
const GUEST_MTU = 1500;

export interface Arena {
  readonly ours: NamespaceGuest;
  readonly peer: NamespaceGuest;
  readonly servers: Namespace;
  readonly connections: string;
}

async function mayMeasure(): Promise<void> {
  const why = await whyNoNamespaces();
  if (why) throw new CannotMeasure(why);
  for (const program of ["iperf3", "qemu-system-x86_64"]) {
    await mustRun(program, ["--version"]).catch(() => {
      throw new CannotMeasure(`${program} is not installed`);
    });
  }
}

type Keep = <T extends AsyncDisposable>(thing: T) => T;

const keeper =
  (bench: Bench): Keep =>
  (thing) => {
    bench.cleanUp(async () => thing[Symbol.asyncDispose]());
    return thing;
  };

/** Where the servers are, and where the gateways. */
async function openWorld(keep: Keep): Promise<{ servers: Namespace; gateways: Namespace }> {
  const servers = keep(await openNamespace());
  const gateways = keep(await openNamespace());
  await cable(
    { namespace: gateways, ifname: "out", addresses: ["10.99.0.2/24"] },
    { namespace: servers, ifname: "in", addresses: [`${SERVER}/24`] },
  );
  await gateways.must("ip", ["route", "add", "default", "via", SERVER]);
  return { servers, gateways };
}

export async function openArena(bench: Bench): Promise<Arena> {
  await mayMeasure();
  const keep = keeper(bench);
  const { servers, gateways } = await openWorld(keep);
  const connections = await compileC(join(import.meta.dirname, "connections.c"));
  if (connections === undefined) throw new CannotMeasure("there is no C compiler for the load generator");
  await firstLine(servers.start(connections, ["serve", `${CONNECTIONS_PORT}`], { stdio: ["ignore", "pipe", "inherit"] }));
  servers.start("iperf3", ["-s"], { stdio: "ignore" });
  const paths = { ours: join(bench.home, "ours"), peer: join(bench.home, "peer") };
  await firstLine(startOurs(gateways, paths.ours, "listen"));
  startSlirp(gateways, paths.peer);
  const guest = async (dial: string, address: string): Promise<NamespaceGuest> =>
    keep(await openNamespaceGuest({ dial, mtu: GUEST_MTU, addresses: [address], gateways: ["10.0.2.2"] }));
  return { ours: await guest(paths.ours, "10.0.2.15/24"), peer: await guest(paths.peer, "10.0.2.15/24"), servers, connections };
}

function startOurs(gateways: Namespace, path: string, how: "listen" | "dial"): ChildProcess {
  const args = [
    ...(process.env["MIMIC_BENCH_NODE_ARGS"]?.split(" ") ?? []),
    join(import.meta.dirname, "gateway-process.ts"),
    how,
    path,
    SERVER,
  ];
  return gateways.start(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
}

/** libslirp as QEMU has it, without a machine around it. */
function startSlirp(gateways: Namespace, path: string): ChildProcess {
  return gateways.start(
    "qemu-system-x86_64",
    [
      ...["-machine", "none", "-nodefaults", "-display", "none", "-monitor", "none"],
      ...["-netdev", "user,id=u,net=10.0.2.0/24,host=10.0.2.2,ipv6=off"],
      ...["-netdev", `stream,id=s,server=on,addr.type=unix,addr.path=${path}`],
      ...["-netdev", "hubport,id=a,hubid=0,netdev=u", "-netdev", "hubport,id=b,hubid=0,netdev=s"],
    ],
    { stdio: ["ignore", "ignore", "inherit"] },
  );
}

export interface LossySide {
  readonly guest: NamespaceGuest;
  /** The address of its iperf3 server. */
  readonly server: string;
}

/** Two pairs over bad wires: a guest and a gateway of ours with a server behind it; a guest and a server. */
export async function openLossyArena(
  bench: Bench,
  wire: { readonly loss: number; readonly oneWayMs: number },
): Promise<{ ours: LossySide; peer: LossySide }> {
  await mayMeasure();
  const keep = keeper(bench);
  const { servers, gateways } = await openWorld(keep);
  const at = (name: string): string => join(bench.home, name);
  for (const [index, name] of ["ours", "peer"].entries()) {
    const args = [join(import.meta.dirname, "lossy-relay.ts"), at(name), at(`${name}-far`), `${wire.loss}`, `${wire.oneWayMs}`, `${index}`];
    await firstLine(gateways.start(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] }));
  }
  await firstLine(startOurs(gateways, at("ours-far"), "dial"));
  const far = keep(await openNamespaceGuest({ dial: at("peer-far"), addresses: ["10.0.2.2/24"] }));
  for (const place of [servers, far]) place.start("iperf3", ["-s"], { stdio: "ignore" });
  const guest = async (dial: string): Promise<NamespaceGuest> =>
    keep(await openNamespaceGuest({ dial, addresses: ["10.0.2.15/24"], gateways: ["10.0.2.2"] }));
  const [ours, peer] = [await guest(at("ours")), await guest(at("peer"))];
  return { ours: { guest: ours, server: SERVER }, peer: { guest: peer, server: "10.0.2.2" } };
}

interface Wish {
  readonly seconds: number;
  readonly isDown: boolean;
  /** Connections at once. */
  readonly lanes?: number;
  readonly server?: string;
  /** How Linux's sender controls congestion; absent = as this computer is set. */
  readonly congestion?: string;
}

/** Gbit/s that arrived at the receiver in `seconds`. */
export async function iperf(guest: Namespace, { seconds, isDown, lanes = 1, server = SERVER, congestion }: Wish): Promise<number> {
  const args = [
    "-c",
    server,
    "-t",
    `${seconds}`,
    "-P",
    `${lanes}`,
    "-J",
    ...(isDown ? ["-R"] : []),
    ...(congestion ? ["-C", congestion] : []),
  ];
  const said = JSON.parse(await guest.must("iperf3", args)) as { error?: string; end: { sum_received?: { bits_per_second: number } } };
  const received = said.end.sum_received;
  if (received === undefined) throw new Error(`iperf3 to ${server}: ${said.error ?? "no figure"}`);
  return received.bits_per_second / 1e9;
}

export async function connectionsPerSecond(arena: Arena, guest: Namespace, seconds: number): Promise<number> {
  const said = await guest.must(arena.connections, ["open", SERVER, `${CONNECTIONS_PORT}`, `${seconds}`, "16"]);
  const [rate = "0", failed] = said.trim().split(" ");
  if (failed !== "0") throw new Error(`${failed} connections failed`);
  return Number(rate);
}
