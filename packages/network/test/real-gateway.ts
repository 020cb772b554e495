// A switch process with its gateways in a network namespace of its own, which stands for the host, and Linux network stacks as
// guests at its ports.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@mimic/base";
import { GatewayPlan, NetworkPlan, noGuards, PortGuards, type PortPlan } from "@mimic/model";
import { endChild, type Namespace, type NamespaceGuest, openNamespace, openNamespaceGuest } from "@mimic/testkit/node";
import type { SwitchFabric } from "@mimic/workbench/ports";
import { createSwitchFabric } from "../src/node/index.ts";
import { NET, nicId, waiting } from "./real-switch.ts";

const MAIN = join(import.meta.dirname, "../../../apps/switch/src/main.ts");

export const macOfGuest = (n: number): string => `52:54:00:00:00:${n.toString(16).padStart(2, "0")}`;

export interface GatewayHome extends AsyncDisposable {
  readonly host: Namespace;
  /** Where the ports' sockets are. */
  readonly netFolder: string;
  readonly fabric: SwitchFabric;
  readonly pid: () => number;
  apply(plan: NetworkPlan): Promise<void>;
  /** A Linux stack at port `n`, without an address yet. */
  guest(n: number, wish?: { readonly addresses?: readonly string[]; readonly network?: number }): Promise<NamespaceGuest>;
}

/** `isBare`: the switch finds no other programs than itself, not `ping` either. */
export async function gatewayHome({
  main = MAIN,
  isBare = false,
}: {
  readonly main?: string;
  readonly isBare?: boolean;
} = {}): Promise<GatewayHome> {
  await using scope = new AsyncDisposableStack();
  const folder = await mkdtemp("/tmp/mg-");
  scope.defer(() => rm(folder, { recursive: true, force: true }));
  const host = scope.use(await openNamespace());
  host.setResolvers(["127.0.0.1"]);
  const netFolder = join(folder, "net");
  await mkdir(netFolder, { recursive: true });
  let pid = 0;
  const fabric = createSwitchFabric({
    netFolder,
    stateFolder: join(folder, "state"),
    recordPath: join(folder, "switch.json"),
    main,
    log: silentLog,
    launch: async (program) => {
      const [node = "", ...args] = program.argv({ net: program.netFolder, state: program.stateFolder });
      const child = spawn(
        "nsenter",
        ["-t", `${host.pid}`, "-n", "-m", "--", ...(isBare ? ["/usr/bin/env", "PATH=/nowhere"] : []), node, ...args],
        { stdio: ["ignore", "ignore", "inherit"] },
      );
      pid = child.pid ?? 0;
      return pid;
    },
  });
  scope.defer(async () => {
    await fabric.close({ end: true });
    if (pid) killQuietly(pid);
  });
  const owned = scope.move();
  return {
    host,
    netFolder,
    fabric,
    pid: () => pid,
    apply: (plan) => fabric.apply(plan, waiting()),
    guest: (n, { addresses = [], network = 0 } = {}) =>
      openNamespaceGuest({ dial: join(netFolder, socketOf(n, network)), mac: macOfGuest(n), addresses }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended already.
  }
}

const socketOf = (n: number, network: number): string => `n${network}p${n}.sock`;
export const netId = (network: number): string => (network === 0 ? NET : `net_${String(network).padStart(26, "0")}`);

type PortWish = Partial<Omit<PortPlan, "guards">> & { readonly guards?: Partial<PortPlan["guards"]>; readonly network?: number };

/** What passes any card of a namespace and fits a filter, as tcpdump writes it, with what it carries. */
export async function watchCards(namespace: Namespace, filter: string): Promise<{ readonly seen: () => string } & AsyncDisposable> {
  const child = namespace.start("tcpdump", ["-i", "any", "-n", "-l", "-A", "-s", "300", filter], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout?.setEncoding("latin1").on("data", (part: string) => {
    text += part;
  });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (part: Buffer) => {
      said += part.toString();
      if (said.includes("listening on")) resolve();
    });
    child.once("exit", () => reject(new Error(`tcpdump ended: ${said}`)));
  });
  return { seen: () => text, [Symbol.asyncDispose]: () => endChild(child) };
}

/** A machine's port with all guards on, as a person gets it. */
export const guestPort = (n: number, { network = 0, ...wish }: PortWish = {}): PortPlan =>
  ({
    id: nicId(100 * network + n),
    label: `guest${n}`,
    attach: { how: "listen", path: socketOf(n, network) },
    mac: macOfGuest(n),
    machine: `mch_${n}`,
    hostName: `guest${n}`,
    mode: { mode: "access", vlan: 1 },
    isUp: true,
    quality: { up: {}, down: {} },
    ...wish,
    guards: { ...PortGuards.parse({}), ...wish.guards },
  }) as PortPlan;

export const trusting = noGuards;

interface PlanWish {
  readonly network?: number;
  readonly name?: string;
  readonly mtu?: number;
  readonly gateway?: Record<string, unknown>;
}

/** A nat network with addresses in VLAN 1. */
export const natPlan = (ports: readonly PortPlan[], { network = 0, name = "home", mtu = 1500, gateway = {} }: PlanWish = {}): NetworkPlan =>
  NetworkPlan.parse({
    id: netId(network),
    name,
    mtu,
    ports,
    gateway: GatewayPlan.parse({
      mac: `52:54:00:ff:00:0${network}`,
      segments: [segment(1, network)],
      domain: `${name}.mimic`,
      dns: { forward: true },
      uplink: "internet",
      ...gateway,
    }),
  });

export const segment = (vlan: number, network = 0): Record<string, unknown> => ({
  vlan,
  v4: {
    address: `10.7${network}.${vlan}.1`,
    prefix: 24,
    pool: { from: `10.7${network}.${vlan}.100`, to: `10.7${network}.${vlan}.199` },
    leaseSeconds: 3600,
  },
  v6: { prefix: `fd7${network}:0:0:${vlan}::`, address: `fd7${network}:0:0:${vlan}::1` },
});

/** Runs a real DHCP client in the guest until it has a lease, and sets the address that it got. Answers the address. */
export async function leaseFor(guest: NamespaceGuest): Promise<string> {
  const script =
    'test "$1" = bound || test "$1" = renew || exit 0; ip -4 addr flush dev $interface scope global; ip addr add $ip/$mask dev $interface; for r in $router; do ip route replace default via $r; done; echo "LEASE $ip $router $dns $domain"';
  await guest.must("sh", [
    "-c",
    `printf '%s\\n' '#!/bin/sh' "$0" > /tmp/mimic-udhcpc-$$; chmod +x /tmp/mimic-udhcpc-$$; udhcpc -i eth0 -n -q -t 5 -T 1 -f -s /tmp/mimic-udhcpc-$$; code=$?; rm /tmp/mimic-udhcpc-$$; exit $code`,
    script,
  ]);
  const said = await guest.must("ip", ["-4", "-o", "addr", "show", "dev", "eth0"]);
  return /inet ([\d.]+)/.exec(said)?.[1] ?? "";
}
