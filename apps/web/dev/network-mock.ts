// The network verbs of the daemon that does not exist, over the networks of its world; counters and packets that move.
import type { InputOf, OutputOf } from "@mimic/api/client";
import type { LivePacket } from "@mimic/api/live";
import {
  DnsRecord,
  type Event,
  type FirewallRule,
  linkLike,
  type MachineView,
  type NetworkView,
  type NicSpec,
  PortMode,
  type PortView,
} from "@mimic/model";
import type { WebSocket } from "ws";
import { card, dropsOf, leasesOf, linksOf, network, portsOf, traceSteps } from "./network-world.ts";
import { HOSTILE } from "./world/hostile.ts";
import type { World } from "./world/parts.ts";

export interface NetworkHost {
  readonly world: World;
  tell(fact: Event["fact"]): void;
  machine(ref: string | undefined): MachineView;
  put(machine: MachineView): MachineView;
  refuse(status: number, code: string, message: string, hint: string): never;
}
type Parameters = Readonly<Record<string, string>>;

let made = 9_000;
const newId = (prefix: string): string => `${prefix}_${(++made).toString(32).padStart(26, "0")}`;

export function findNetwork(host: NetworkHost, ref: string | undefined): NetworkView {
  const found = host.world.networks.find(({ id, name }) => id === ref || name === ref);
  return found ?? host.refuse(404, "network.unknown", `There is no network called “${ref}”.`, "See what there is: mimic net ls");
}

function settle(host: NetworkHost): void {
  host.world.networks = host.world.networks.map((each) => ({ ...each, ports: portsOf(each, host.world.machines) }));
  host.world.machines = host.world.machines.map((each) => ({ ...each, links: linksOf(each, host.world.networks) }));
}

function change(
  host: NetworkHost,
  ref: string | undefined,
  next: (now: NetworkView) => Partial<NetworkView>,
  what = "changed",
): NetworkView {
  const found = findNetwork(host, ref);
  const after = { ...found, ...next(found) };
  host.world.networks = host.world.networks.map((each) => (each.id === found.id ? after : each));
  settle(host);
  host.tell({ kind: "network.changed", networkId: found.id, name: after.name, what });
  return findNetwork(host, found.id);
}

type Wish = Omit<InputOf<"machines", "changeNic">, "machine" | "nic">;
function wished(host: NetworkHost, nic: NicSpec, { mode, profile, guards, network: to, ...rest }: Wish): NicSpec {
  const target = to === undefined ? nic.network : to === null ? null : findNetwork(host, to).id;
  return {
    ...nic,
    ...(profile ? linkLike(profile, nic) : {}),
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    network: target,
    ...(mode ? { port: PortMode.parse(mode) } : {}),
    ...(guards ? { guards: { ...nic.guards, ...guards } } : {}),
  };
}

function putNics(host: NetworkHost, machine: MachineView, nics: NicSpec[]): MachineView {
  const next = host.put({ ...machine, hardware: { ...machine.hardware, nics } });
  settle(host);
  return host.machine(next.id);
}

export const nicVerbs = (host: NetworkHost) => ({
  addNic: ({ network: to, ...wish }: InputOf<"machines", "addNic">, { machine }: Parameters) => {
    const found = host.machine(machine);
    const nic = wished(host, card(null), { network: to === undefined ? (host.world.networks[0]?.id ?? null) : to, ...wish });
    const next = putNics(host, found, [...found.hardware.nics, nic]);
    host.tell({ kind: "nic.added", machineId: next.id, nicId: nic.id, networkId: nic.network });
    return next;
  },
  changeNic: (wish: Wish, { machine, nic }: Parameters) => {
    const found = host.machine(machine);
    const next = putNics(
      host,
      found,
      found.hardware.nics.map((each) => (each.id === nic ? wished(host, each, wish) : each)),
    );
    host.tell({ kind: "nic.changed", machineId: next.id, nicId: nic ?? "", networkId: null, what: "cable of its card" });
    return next;
  },
  removeNic: (_: unknown, { machine, nic }: Parameters) => {
    const found = host.machine(machine);
    const next = putNics(
      host,
      found,
      found.hardware.nics.filter(({ id }) => id !== nic),
    );
    host.tell({ kind: "nic.removed", machineId: next.id, nicId: nic ?? "" });
    return next;
  },
});

/** Frames that passed a port since the world began: every port has a speed of its own, that of the tenth is great. */
function counted(port: PortView, n: number): PortView["counters"] {
  const seconds = (Date.now() % 1e7) / 1000;
  const speed = port.isUp && port.isConnected ? ([1_500, 24_000, 400, 900_000, 9_000, 60, 14_000_000][n % 7] as number) : 0;
  const bytes = Math.round(speed * seconds);
  return {
    received: { frames: Math.round(bytes / 3000), bytes: Math.round(bytes / 8) },
    sent: { frames: Math.round(bytes / 800), bytes },
    broadcasts: Math.round(seconds / 3),
    drops: n % 5 === 2 ? { macSpoofed: 3 + (Math.floor(seconds / 20) % 200), noPeer: 7 } : { noPeer: 4 },
    queuedBytes: 0,
  };
}

export function networkVerbs(host: NetworkHost) {
  const ruleWish = (rule: InputOf<"networks", "addRule">["rule"]): FirewallRule => ({
    note: "",
    protocol: "any",
    ...rule,
    id: newId("rul"),
  });
  return {
    list: (): OutputOf<"networks", "list"> => ({
      networks: host.world.networks.map((each) => ({
        ...each,
        ports: each.ports.map((port, n) => ({ ...port, counters: counted(port, n) })),
      })),
    }),
    show: (_: unknown, { network: ref }: Parameters) => findNetwork(host, ref),
    create: ({ name, kind = "nat", note = "" }: InputOf<"networks", "create">) => {
      const next = network(++made, name, kind, [{ id: 1, name: "", octet: 60 + (made % 100) }], {
        note,
        createdAt: new Date().toISOString(),
      });
      host.world.networks = [...host.world.networks, next];
      host.tell({ kind: "network.created", networkId: next.id, name });
      return next;
    },
    change: ({ name, dnsRecords, ...wish }: Omit<InputOf<"networks", "change">, "network">, { network: ref }: Parameters) =>
      change(host, ref, () => ({
        ...wish,
        ...(dnsRecords ? { dnsRecords: dnsRecords.map((each) => DnsRecord.parse(each)) } : {}),
        ...(name ? { name } : {}),
      })),
    remove: (_: unknown, { network: ref }: Parameters) => {
      const found = findNetwork(host, ref);
      if (found.ports.length > 0)
        host.refuse(409, "network.in_use", `Something is plugged into “${found.name}”.`, "Take its cables away first.");
      host.world.networks = host.world.networks.filter(({ id }) => id !== found.id);
      host.tell({ kind: "network.removed", networkId: found.id, name: found.name });
      return {};
    },
    setVlan: ({ vlan, name }: Omit<InputOf<"networks", "setVlan">, "network">, { network: ref }: Parameters) =>
      change(host, ref, ({ vlans }) => ({
        vlans: [...vlans.filter(({ id }) => id !== vlan), { id: vlan, name: name ?? "" }].toSorted((a, b) => a.id - b.id),
      })),
    removeVlan: (_: unknown, { network: ref, vlan }: Parameters) =>
      change(host, ref, ({ vlans }) => ({ vlans: vlans.filter(({ id }) => String(id) !== vlan) })),
    addPort: ({ leads, name, mode }: Omit<InputOf<"networks", "addPort">, "network">, { network: ref }: Parameters) => {
      const base = (label: string): PortView => ({
        id: newId("prt"),
        label,
        leadsTo: leads.to,
        mode: PortMode.parse(mode ?? { mode: "access", vlan: 1 }),
        isUp: true,
        isConnected: leads.to === "network",
        guards: card(null).guards,
        quality: { up: {}, down: {} },
        addresses: [],
      });
      const here = findNetwork(host, ref);
      const port = base(name ?? leads.to);
      if (leads.to === "network") {
        const there = findNetwork(host, leads.network);
        const far = { ...base(`to ${here.name}`), network: { id: here.id, name: here.name, port: port.id } };
        port.label = name ?? `to ${there.name}`;
        port.network = { id: there.id, name: there.name, port: far.id };
        change(host, there.id, ({ ports }) => ({ ports: [...ports, far] }));
      }
      return change(host, ref, ({ ports }) => ({ ports: [...ports, port] }));
    },
    changePort: (
      { profile, guards, mode, isUp, quality, name }: Omit<InputOf<"networks", "changePort">, "network" | "port">,
      { network: ref, port: id }: Parameters,
    ) =>
      change(host, ref, ({ ports }) => ({
        ports: ports.map((port) =>
          port.id === id
            ? {
                ...port,
                mode: mode ? PortMode.parse(mode) : port.mode,
                label: name ?? port.label,
                ...(quality ? { quality: { up: quality.up ?? {}, down: quality.down ?? {} } } : {}),
                ...(profile ? linkLike(profile, port) : {}),
                ...(isUp === undefined ? {} : { isUp }),
                guards: { ...port.guards, ...guards },
              }
            : port,
        ),
      })),
    removePort: (_: unknown, { network: ref, port: id }: Parameters) => {
      for (const each of host.world.networks)
        if (each.ports.some((port) => port.network?.port === id))
          change(host, each.id, ({ ports }) => ({ ports: ports.filter((port) => port.network?.port !== id) }));
      return change(host, ref, ({ ports }) => ({ ports: ports.filter((port) => port.id !== id) }));
    },
    addForward: (
      { machine, guestPort, hostPort = 0, hostAddress = "127.0.0.1", protocol = "tcp" }: Omit<InputOf<"networks", "addForward">, "network">,
      { network: ref }: Parameters,
    ) => {
      const { id, name, hardware } = host.machine(machine);
      const forward = {
        id: newId("fwd"),
        protocol,
        hostAddress,
        hostPort,
        nic: hardware.nics[0]?.id ?? "",
        guestPort,
        isAutomatic: false,
        machine: { id, name },
        takenPort: hostPort || 49_200,
      };
      return change(host, ref, ({ forwards }) => ({ forwards: [...forwards, forward] }));
    },
    removeForward: (_: unknown, { network: ref, forward }: Parameters) =>
      change(host, ref, ({ forwards }) => ({ forwards: forwards.filter(({ id }) => id !== forward) })),
    addRule: ({ rule, at }: Omit<InputOf<"networks", "addRule">, "network">, { network: ref }: Parameters) =>
      change(host, ref, ({ rules }) => ({ rules: rules.toSpliced(at ?? rules.length, 0, ruleWish(rule)) })),
    moveRule: ({ at }: { at: number }, { network: ref, rule: id }: Parameters) =>
      change(host, ref, ({ rules }) => {
        const rule = rules.find((each) => each.id === id);
        return { rules: rule ? rules.filter((each) => each !== rule).toSpliced(at, 0, rule) : rules };
      }),
    removeRule: (_: unknown, { network: ref, rule: id }: Parameters) =>
      change(host, ref, ({ rules }) => ({ rules: rules.filter((each) => each.id !== id) })),
    leases: (_: unknown, { network: ref }: Parameters): OutputOf<"networks", "leases"> => ({
      leases: leasesOf(findNetwork(host, ref), host.world.isHostile ? (n) => HOSTILE[n] ?? "" : undefined),
    }),
    releaseLease: () => ({}),
    reserve: (_: unknown, { network: ref }: Parameters) => findNetwork(host, ref),
    unreserve: (_: unknown, { network: ref }: Parameters) => findNetwork(host, ref),
    counters: (_: unknown, { network: ref }: Parameters): OutputOf<"networks", "counters"> => ({
      at: new Date().toISOString(),
      ports: findNetwork(host, ref).ports.map((port, n) => ({ port: port.id, ...(counted(port, n) as NonNullable<PortView["counters"]>) })),
    }),
    drops: (_: unknown, { network: ref }: Parameters, query?: URLSearchParams): OutputOf<"networks", "drops"> => ({
      drops: dropsOf(
        findNetwork(host, ref),
        query?.get("port") ?? undefined,
        host.world.isHostile ? (n) => HOSTILE[n % HOSTILE.length] as string : undefined,
      ),
    }),
    trace: (
      { from, to, toPort }: Omit<InputOf<"networks", "trace">, "network">,
      { network: ref }: Parameters,
    ): OutputOf<"networks", "trace"> => {
      const label = findNetwork(host, ref).ports.find(({ id, label: name }) => id === from || name === from)?.label ?? from;
      return { steps: traceSteps(label, to, toPort) };
    },
    layout: ({ places }: { places: Record<string, { x: number; y: number } | null> }, { network: ref }: Parameters) => {
      const next = (layout: NetworkView["layout"]) =>
        Object.fromEntries(Object.entries({ ...layout, ...places }).flatMap(([id, at]) => (at ? [[id, at]] : [])));
      change(host, ref, ({ layout }) => ({ layout: next(layout) }), "layout");
      return {};
    },
  };
}

const SCRIPT: readonly Omit<LivePacket, "seq" | "atMs" | "port" | "direction">[] = [
  { length: 42, from: "52:54:00:4d:00:01", to: "ff:ff:ff:ff:ff:ff", protocol: "ARP", words: "who has 10.77.0.1? tell 10.77.0.11" },
  { length: 42, from: "02:6d:6d:10:20:30", to: "52:54:00:4d:00:01", protocol: "ARP", words: "10.77.0.1 is at 02:6d:6d:10:20:30" },
  { length: 75, from: "10.77.0.11", to: "10.77.0.1", protocol: "DNS", words: "A example.org?" },
  { length: 91, from: "10.77.0.1", to: "10.77.0.11", protocol: "DNS", words: "A example.org is 192.0.2.44" },
  { length: 74, from: "10.77.0.11", to: "192.0.2.44", protocol: "TCP", words: "43210 → 443 SYN, window 64240" },
  { length: 74, from: "192.0.2.44", to: "10.77.0.11", protocol: "TCP", words: "443 → 43210 SYN ACK, window 65535" },
  {
    length: 66,
    from: "10.77.0.11",
    to: "192.168.1.20",
    protocol: "TCP",
    words: "40022 → 445 SYN",
    dropped: "guests may not reach this computer, its neighbours or special addresses",
  },
  { length: 1514, from: "192.0.2.44", to: "10.77.0.11", protocol: "TCP", words: "443 → 43210 ACK, 1448 bytes" },
];

/** Plays the script over and over, a few packets at a time; a filter with “prot” in it is not understood. */
export function servePackets(world: World, query: URLSearchParams, socket: WebSocket): void {
  const filter = query.get("filter") ?? "";
  if (/\bprot\b/.test(filter)) {
    socket.send(
      JSON.stringify({
        problem: {
          code: "capture.bad_filter",
          message: "“prot” is no word of a filter.",
          hint: "Did you mean “port”? Such as: tcp port 80",
        },
      }),
    );
    socket.close(4000);
    return;
  }
  let seq = 0;
  const port = query.get("port") ?? world.networks[0]?.ports[0]?.id ?? "";
  const next = (): LivePacket => {
    const row = SCRIPT[seq % SCRIPT.length] as (typeof SCRIPT)[number];
    seq++;
    const hostile = world.isHostile
      ? {
          from: HOSTILE[seq % HOSTILE.length] as string,
          words: HOSTILE[(seq + 1) % HOSTILE.length] as string,
          protocol: (HOSTILE[(seq + 2) % HOSTILE.length] as string).slice(0, 40),
        }
      : {};
    return { ...row, ...hostile, seq, atMs: Date.now(), port, direction: seq % 2 ? "in" : "out" };
  };
  const many = filter === "flood";
  const timer = setInterval(() => {
    const count = filter === "arp" ? 1 : many ? 2000 : 3;
    socket.send(JSON.stringify({ packets: Array.from({ length: count }, next) }));
    if (many) socket.send(JSON.stringify({ missed: 120 }));
  }, 250);
  socket.on("close", () => clearInterval(timer));
  socket.on("message", (data: Buffer) => {
    const wanted = (JSON.parse(data.toString()) as { bytes?: number }).bytes;
    if (wanted === undefined) return;
    const bytes = Buffer.concat([
      Buffer.from("525400 4d0001 026d6d 102030 0800 4500003c".replaceAll(" ", ""), "hex"),
      Buffer.from("Hello from the wire, this is a payload."),
    ]);
    const layers = [
      {
        name: "Ethernet",
        from: 0,
        to: 14,
        fields: [
          { name: "To", value: "52:54:00:4d:00:01" },
          { name: "From", value: "02:6d:6d:10:20:30" },
          { name: "Type", value: "IPv4 (0x0800)" },
        ],
      },
      {
        name: "IPv4",
        from: 14,
        to: 34,
        fields: [
          { name: "From", value: "10.77.0.11" },
          { name: "To", value: "192.0.2.44" },
          { name: "TTL", value: "64" },
        ],
      },
      {
        name: "TCP",
        from: 34,
        to: bytes.length,
        fields: [
          { name: "Ports", value: "43210 → 443" },
          { name: "Flags", value: "SYN" },
          ...(world.isHostile ? HOSTILE.map((value) => ({ name: value, value })) : []),
        ],
      },
    ];
    socket.send(JSON.stringify({ bytes: { seq: wanted, base64: bytes.toString("base64"), layers } }));
  });
}
