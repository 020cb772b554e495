// Networks that do not exist, for looking at the interface. Typed by the model, as the rest of the world.
import {
  type DropView,
  defaultGuards,
  type Lease,
  LINK_PROFILES,
  type MachineView,
  type NetworkView,
  type NicSpec,
  type PortMode,
  type PortView,
  type TraceStepView,
  type TwoWayQuality,
} from "@mimic/model";

const idOf = (prefix: string, n: number): string => `${prefix}_${n.toString(32).padStart(26, "0")}`;
const good: TwoWayQuality = { up: {}, down: {} };
const access = (vlan: number): PortMode => ({ mode: "access", vlan });
const macOf = (n: number): string =>
  `52:54:00:4d:${((n >> 8) & 255).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;

let cards = 0;
export function card(network: string | null, more: Partial<NicSpec> = {}): NicSpec {
  const n = ++cards;
  return {
    id: idOf("nic", n),
    model: "virtio",
    place: 0,
    mac: macOf(n),
    network,
    port: access(1),
    isUp: true,
    guards: defaultGuards,
    quality: good,
    ...more,
  };
}

type Vlan = { id: number; name: string; octet?: number };
export function network(
  n: number,
  name: string,
  kind: NetworkView["kind"],
  vlans: readonly Vlan[],
  more: Partial<NetworkView> = {},
): NetworkView {
  const hasGateway = kind !== "bare" && kind !== "bridged";
  return {
    id: idOf("net", n),
    name,
    kind,
    createdAt: new Date(Date.UTC(2026, 0, n)).toISOString(),
    note: "",
    mtu: 1500,
    snooping: true,
    spanningTree: true,
    vlans: vlans.map(({ id, name: called }) => ({ id, name: called })),
    rules: [],
    dnsRecords: [],
    automaticForwards: true,
    layout: {},
    state: "up",
    because: "The switch carries it.",
    ...(hasGateway
      ? {
          gateway: {
            mac: macOf(40_000 + n),
            domain: `${name}.mimic`,
            reachesInternet: kind === "nat" || kind === "routed",
            feet: vlans.flatMap(({ id, octet }) =>
              octet === undefined
                ? []
                : [
                    {
                      vlan: id,
                      v4: `10.77.${octet}.1/24`,
                      v6: `fd4d:6d6d:${n}:${id.toString(16)}::1/64`,
                      pool: `10.77.${octet}.10 – 10.77.${octet}.254`,
                    },
                  ],
            ),
          },
        }
      : {}),
    ports: [],
    forwards: [],
    captures: [],
    ...more,
  };
}

/** What a machine's view says of its cables. */
export const linksOf = ({ hardware }: MachineView, networks: readonly NetworkView[]): MachineView["links"] =>
  hardware.nics.map((nic) => ({
    nic: nic.id,
    network: networks.find(({ id }) => id === nic.network)?.name ?? null,
    addresses: networks.flatMap(({ ports }) => ports.filter(({ id }) => id === nic.id).flatMap(({ addresses }) => addresses)),
  }));

/** The ports of a network as its machines' cards make them, before those that are its own. */
export function portsOf(wanted: NetworkView, machines: readonly MachineView[]): PortView[] {
  const own = wanted.ports.filter(({ leadsTo }) => leadsTo !== "machine");
  const plugged = machines.flatMap((machine) =>
    machine.hardware.nics
      .filter((nic) => nic.network === wanted.id)
      .map((nic): PortView => {
        const on = machine.power === "running" || machine.power === "paused" || machine.power === "stopping";
        const vlan = nic.port.mode === "trunk" ? 1 : nic.port.vlan;
        const foot = wanted.gateway?.feet.find((each) => each.vlan === vlan)?.v4;
        return {
          id: nic.id,
          label: machine.name,
          leadsTo: "machine",
          machine: { id: machine.id, name: machine.name, power: machine.power, model: nic.model, place: nic.place },
          mac: nic.mac,
          mode: nic.port,
          isUp: nic.isUp,
          isConnected: on,
          guards: nic.guards,
          quality: nic.quality,
          addresses: foot && on ? [foot.replace(/\.1\/24$/, `.${10 + (Number.parseInt(nic.id.slice(-4), 32) % 200)}`)] : [],
        };
      }),
  );
  return [...plugged, ...own];
}

const ownPort = (n: number, label: string, leadsTo: PortView["leadsTo"], more: Partial<PortView> = {}): PortView => ({
  id: idOf("prt", n),
  label,
  leadsTo,
  mode: { mode: "trunk", allowed: "all", native: 1 },
  isUp: true,
  isConnected: true,
  guards: { ...defaultGuards, mac: false, ip: false, tags: false },
  quality: good,
  addresses: [],
  ...more,
});

export function usualNetworks(machines: MachineView[]): NetworkView[] {
  cards = 0;
  const home = network(1, "home", "nat", [{ id: 1, name: "", octet: 0 }]);
  const office = network(2, "office", "routed", [
    { id: 1, name: "", octet: 1 },
    { id: 10, name: "staff", octet: 10 },
    { id: 20, name: "guests", octet: 20 },
    { id: 30, name: "cameras" },
  ]);
  const lab = network(3, "lab", "isolated", [{ id: 1, name: "", octet: 3 }]);
  const give = (name: string, ...nics: NicSpec[]) => {
    const at = machines.findIndex((machine) => machine.name === name);
    const machine = machines[at];
    if (machine) machines[at] = { ...machine, hardware: { ...machine.hardware, nics: nics.map((nic, place) => ({ ...nic, place })) } };
  };
  give("hello", card(home.id));
  give("web-server", card(home.id), card(office.id, { port: access(10) }));
  give("desktop", card(home.id, { quality: LINK_PROFILES["bad-wifi"].quality }));
  give("old-games", card(home.id, { model: "pcnet" }));
  give("workshop", card(office.id, { port: access(20) }));
  give("backup", card(office.id, { port: access(10) }));
  give("database", card(office.id, { port: access(10) }));
  give("compiler", card(office.id, { port: { mode: "trunk", allowed: [10, 20], native: 1 }, isUp: false }));
  give("lab-a", card(null));
  home.rules = [
    {
      id: idOf("rul", 1),
      action: "accept",
      from: { from: "machine", machine: machines.find(({ name }) => name === "web-server")?.id ?? "" },
      target: { to: "host", port: 5432 },
      protocol: "tcp",
      note: "its database is here",
    },
    { id: idOf("rul", 2), action: "drop", target: { to: "name", name: "*.example.net" }, protocol: "any", note: "" },
    { id: idOf("rul", 3), action: "reject", target: { to: "internet" }, protocol: "tcp", ports: [25, 25], note: "" },
  ];
  const web = machines.find(({ name }) => name === "web-server");
  const nic = web?.hardware.nics[0]?.id ?? "";
  const leads = { protocol: "tcp" as const, hostAddress: "127.0.0.1", nic, machine: web && { id: web.id, name: web.name } };
  home.forwards = [
    { ...leads, id: idOf("fwd", 1), hostPort: 8080, guestPort: 80, isAutomatic: false, takenPort: 8080 },
    { ...leads, id: idOf("fwd", 2), hostPort: 0, guestPort: 3000, isAutomatic: true, takenPort: 3000 },
    {
      ...leads,
      id: idOf("fwd", 3),
      hostPort: 22,
      guestPort: 22,
      isAutomatic: false,
      problem: "Port 22 of this computer is taken by another program.",
    },
  ];
  home.dnsRecords = [{ name: "www.example.org", type: "A", value: "10.77.0.12", ttlSeconds: 300 }];
  office.ports = [
    ownPort(1, "to lab", "network", {
      network: { id: lab.id, name: "lab", port: idOf("prt", 2) },
      mode: { mode: "trunk", allowed: [10, 20] },
    }),
    ownPort(3, "mirror", "mirror", { socket: "/run/user/1000/mimic/mirror.sock", isConnected: false, mode: access(1) }),
  ];
  lab.ports = [ownPort(2, "to office", "network", { network: { id: office.id, name: "office", port: idOf("prt", 1) } })];
  return [home, office, lab];
}

/** A hundred machines on four networks, each with what makes pictures heavy. */
export function crowdedNetworks(machines: MachineView[]): NetworkView[] {
  cards = 0;
  const all = [1, 2, 3, 4].map((n) =>
    network(n, ["home", "office", "plant", "lab"][n - 1] as string, n === 4 ? "isolated" : "routed", [
      { id: 1, name: "", octet: n * 10 },
      { id: 10, name: "staff", octet: n * 10 + 1 },
      ...(n === 2 ? [{ id: 20, name: "guests", octet: 22 }] : []),
    ]),
  );
  for (const [at, machine] of machines.entries()) {
    const vlan = at % 3 === 0 ? 10 : 1;
    machines[at] = {
      ...machine,
      hardware: {
        ...machine.hardware,
        nics: [
          card(all[at % 4]?.id ?? null, {
            port: access(vlan),
            ...(at % 17 === 0 ? { quality: LINK_PROFILES.dsl.quality } : {}),
            isUp: at % 23 !== 5,
          }),
        ],
      },
    };
  }
  return all;
}

/** Everything that a guest, a neighbour or a file can put words into, with words that must do nothing. */
export function hostileNetworks(machines: MachineView[], payloads: readonly string[]): NetworkView[] {
  cards = 0;
  const text = (n: number): string => payloads[n % payloads.length] as string;
  const bad = network(
    1,
    text(0) as "x",
    "nat",
    [
      { id: 1, name: text(1).slice(0, 63), octet: 0 },
      { id: 20, name: text(2).slice(0, 63) },
    ],
    {
      state: "trouble",
      because: text(3),
      note: text(4),
      dnsRecords: payloads
        .slice(0, 12)
        .map((value) => ({ name: value.slice(0, 253), type: "TXT", value: value.slice(0, 1000), ttlSeconds: 1 })),
      rules: [{ id: idOf("rul", 1), action: "drop", target: { to: "name", name: text(5) }, protocol: "any", note: text(6).slice(0, 200) }],
      ports: payloads.slice(0, 6).map((label, n) => ownPort(n + 1, label, "socket", { socket: text(7) })),
    },
  );
  if (bad.gateway)
    bad.gateway = { ...bad.gateway, domain: text(8), feet: bad.gateway.feet.map((foot) => ({ ...foot, v4: text(9), pool: text(10) })) };
  bad.forwards = [
    {
      id: idOf("fwd", 1),
      protocol: "tcp",
      hostAddress: "127.0.0.1",
      hostPort: 80,
      guestPort: 80,
      nic: idOf("nic", 1),
      isAutomatic: true,
      machine: { id: "x", name: text(0) },
      problem: text(1),
    },
  ];
  for (const [at, machine] of machines.entries())
    if (at < 6) machines[at] = { ...machine, hardware: { ...machine.hardware, nics: [card(bad.id)] } };
  return [bad];
}

export function leasesOf(wanted: NetworkView, hostName?: (n: number) => string): Lease[] {
  return wanted.ports.flatMap((port, n) =>
    port.mac && port.addresses[0]
      ? [
          {
            mac: port.mac,
            address: port.addresses[0],
            hostName: hostName ? hostName(n) : port.label,
            machine: port.machine?.id,
            vlan: port.mode.mode === "trunk" ? 1 : port.mode.vlan,
            expiresAt: new Date(Date.now() + 3_600_000 * (3 + n)).toISOString(),
            isReserved: n === 1,
          },
        ]
      : [],
  );
}

export function dropsOf(wanted: NetworkView, port: string | undefined, text?: (n: number) => string): DropView[] {
  const which = port ? wanted.ports.filter(({ id, label }) => id === port || label === port) : wanted.ports.slice(0, 3);
  const rows = [
    {
      reason: "macSpoofed",
      words: "the sender's MAC address is not that of its card",
      hint: `A guard of the port; when the machine is a router or a test of your own, take it away: mimic net set ${wanted.name} --port PORT --guard mac=off`,
      frame: "02:aa:bb:00:00:01 → ff:ff:ff:ff:ff:ff ARP who has 10.77.0.1",
    },
    {
      reason: "destinationFiltered",
      words: "guests may not reach this computer, its neighbours or special addresses",
      hint: `Open just what is needed: mimic net rule ${wanted.name} add accept --to host --port 8080`,
      frame: "10.77.0.12 → 192.168.1.20 TCP 445 SYN",
    },
  ];
  return which
    .flatMap(({ id, label }, n) =>
      rows.flatMap((row, at) =>
        Array.from({ length: 3 - at }, (_, k) => ({
          ...row,
          ...(text ? { words: text(n + at), hint: text(n + at + 1), frame: text(n + at + 2), rule: text(n) } : {}),
          at: new Date(Date.now() - (n * 9 + at * 3 + k) * 20_000).toISOString(),
          port: id,
          portLabel: label,
        })),
      ),
    )
    .toReversed();
}

export const traceSteps = (from: string, to: string, port: number | undefined): TraceStepView[] => [
  { at: `The card of “${from}”`, words: "It asks for the gateway’s MAC address (ARP) and sends the frame there.", outcome: "goesOn" },
  { at: "Port of the switch", words: "Untagged, VLAN 1. All guards let it pass.", outcome: "goesOn" },
  { at: "Gateway", words: `“${to}” is 192.0.2.44 by the answer of this computer’s resolver.`, outcome: "goesOn" },
  port === 25
    ? { at: "Firewall", words: "Rule 3: refuse TCP port 25 from everybody here to the Internet.", outcome: "dropped", reason: "firewall" }
    : { at: "Firewall", words: "No rule of yours fits; it is a public address, and those are let through.", outcome: "goesOn" },
  ...(port === 25
    ? []
    : [
        {
          at: "This computer",
          words: `A connection to 192.0.2.44${port ? `, port ${port},` : ""} is opened in the name of “${from}”.`,
          outcome: "arrives" as const,
        },
      ]),
];
