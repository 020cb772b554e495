// Test number one: no guest reaches this computer through its network's gateway: not the daemon, no loopback service, none of its
// addresses, none of its neighbours. Frames are thrown in as a guest's card would; listeners on every address of the “host” (a
// namespace) and of its LAN say what arrived. libslirp, thrown at in the same way, is the control: it must reach the listener.
import { join } from "node:path";
import { cable, type Namespace, openNamespace, whyNoNamespaces } from "@mimic/testkit/node";
import {
  ETHER_TYPE,
  IP_PROTOCOL,
  parseIp,
  parseMac,
  serializeArp,
  serializeEthernet,
  serializeIpv4Packet,
  serializeIpv6Packet,
  serializeTcp,
  serializeUdp,
  TCP_FLAG,
} from "@mimic/wire";
import { describe, expect, test } from "vitest";
import { type GatewayHome, gatewayHome, guestPort, macOfGuest, natPlan } from "./real-gateway.ts";
import { NET, Peer, waiting } from "./real-switch.ts";

const why = await whyNoNamespaces();
const PORT = 7777;

/** This computer's own addresses in the test, its neighbours', those that only look like others, and those that nobody has. */
const closed = [
  ..."0.0.0.0 0.0.0.1 0.1.2.3 127.0.0.1 127.0.0.53 127.0.1.1 127.9.9.9 127.255.255.254 10.0.2.2 10.0.2.3 10.0.2.4 10.255.255.1".split(" "),
  ..."100.64.0.1 100.127.255.254 169.254.0.1 169.254.169.254 172.16.0.1 172.17.0.1 172.31.255.255 192.0.0.1 192.0.0.170".split(" "),
  ..."192.88.99.1 192.168.0.1 192.168.1.10 192.168.1.20 192.168.1.255 192.168.122.1 198.18.0.1 198.19.255.255 203.0.113.1".split(" "),
  ..."224.0.0.1 224.0.0.251 239.255.255.250 240.0.0.1 255.255.255.255 10.70.1.1 10.70.1.0 10.70.1.255".split(" "),
  ..."::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:0.0.0.0 ::ffff:192.168.1.10 ::ffff:203.0.113.1 ::ffff:10.0.2.2 64:ff9b::127.0.0.1".split(" "),
  ..."64:ff9b::192.168.1.10 64:ff9b::203.0.113.1 64:ff9b:1::127.0.0.1 2001:0:7f00:1::1 2002:7f00:1::1 2002:cb00:7101::1".split(" "),
  ..."2001:db8::1 2a0a:1::1 fc00::1 fd00::1 fd77:77::1 fe80::1 fe80::5054:ff:feff:0 fec0::2 fec0::3 ff02::1 ff02::2 ff05::1:3".split(" "),
  ..."fd70:0:0:1::1 ::".split(" "),
];
const open = ["203.0.113.10", "2a0a:1::10"];

const GUEST = { mac: macOfGuest(1), v4: "10.70.1.50", v6: "fd70:0:0:1::50" };
const bytesOf = (text: string): Uint8Array => parseIp(text) ?? new Uint8Array(4);
const mac = (text: string): Uint8Array => parseMac(text) ?? new Uint8Array(6);

interface From {
  readonly mac: string;
  readonly gateway: string;
  readonly v4: string;
  readonly v6: string;
}

function ipPacket(
  from: From,
  to: string,
  protocol: number,
  payload: (source: Uint8Array, destination: Uint8Array) => Uint8Array,
  more: Record<string, unknown> = {},
): Uint8Array {
  const destination = bytesOf(to);
  const source = bytesOf(destination.length === 4 ? from.v4 : from.v6);
  const parts = { source, destination, protocol, payload: payload(source, destination), ...more };
  return destination.length === 4 ? serializeIpv4Packet(parts) : serializeIpv6Packet(parts);
}

const inFrame = (from: From, packet: Uint8Array): Uint8Array =>
  serializeEthernet({
    destination: mac(from.gateway),
    source: mac(from.mac),
    etherType: (packet[0] ?? 0) >> 4 === 4 ? ETHER_TYPE.ipv4 : ETHER_TYPE.ipv6,
    payload: packet,
  });

let sequence = 1;
const syn = (source: Uint8Array, destination: Uint8Array): Uint8Array =>
  serializeTcp(
    {
      sourcePort: 20_000 + (sequence++ % 20_000),
      destinationPort: PORT,
      sequence: 1,
      acknowledgement: 0,
      flags: TCP_FLAG.syn,
      window: 65_535,
    },
    source,
    destination,
  );
const datagram = (source: Uint8Array, destination: Uint8Array): Uint8Array =>
  serializeUdp(
    { sourcePort: 20_000 + (sequence++ % 20_000), destinationPort: PORT, payload: new TextEncoder().encode("canary") },
    source,
    destination,
  );

/** Every way that is tried towards one address. */
function attempts(from: From, to: string): Uint8Array[] {
  const isV4 = bytesOf(to).length === 4;
  const plain = [ipPacket(from, to, IP_PROTOCOL.tcp, syn), ipPacket(from, to, IP_PROTOCOL.udp, datagram)];
  if (!isV4) {
    // A routing header that leads on to the address from a public one, and a destination option before the segment.
    const routed = (source: Uint8Array, destination: Uint8Array): Uint8Array =>
      Uint8Array.of(6, 2, 0, 1, 0, 0, 0, 0, ...bytesOf(to), ...syn(source, destination));
    return [...plain, ipPacket(from, "2a0a:1::10", IP_PROTOCOL.routing, routed)].map((packet) => inFrame(from, packet));
  }
  // Loose source routes (RFC 791 §3.1): over a public address to this one, and this one as the next hop.
  const route = Uint8Array.of(131, 7, 4, ...bytesOf(to), 0);
  const sourceRouted = [
    ipPacket(from, "203.0.113.10", IP_PROTOCOL.tcp, syn, { options: route }),
    ipPacket(from, to, IP_PROTOCOL.udp, datagram, { options: route }),
  ];
  return [...plain, ...sourceRouted, ...fragments(from, to)].map((packet) => inFrame(from, packet));
}

/** The segment in two pieces; and the later piece alone, which has no ports. */
function fragments(from: From, to: string): Uint8Array[] {
  const destination = bytesOf(to);
  const whole = datagram(bytesOf(from.v4), destination);
  const piece = (at: number, end: number): Uint8Array =>
    ipPacket(from, to, IP_PROTOCOL.udp, () => whole.subarray(at, end), {
      identification: sequence,
      fragmentOffset: at,
      moreFragments: end < whole.length,
    });
  return [piece(0, 8), piece(8, whole.length), piece(8, whole.length)];
}

/** Says a line for each connection and datagram that arrives at any address: “tcp 127.0.0.1”. */
const LISTENER = `
  const said = (kind, address) => console.log(kind + " " + address.replace("::ffff:", ""));
  require("net").createServer((s) => { said("tcp", s.localAddress); s.destroy(); }).listen(${PORT}, "::");
  for (const version of [4, 6]) require("dgram").createSocket(version === 6 ? { type: "udp6", ipv6Only: true } : { type: "udp4" }).on("message", (_, from) => said("udp", from.address)).bind(${PORT});
  setTimeout(() => console.log("ready"), 300);
`;

interface Heard {
  readonly lines: string[];
}

async function listenIn(namespace: Namespace): Promise<Heard> {
  const child = namespace.start(process.execPath, ["-e", LISTENER], { stdio: ["ignore", "pipe", "inherit"] });
  const ready = Promise.withResolvers<void>();
  const lines: string[] = [];
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (part: string) => {
    const all = (rest + part).split("\n");
    rest = all.pop() ?? "";
    for (const line of all) line === "ready" ? ready.resolve() : lines.push(line);
  });
  await ready.promise;
  return { lines };
}

interface Neighbourhood extends AsyncDisposable {
  readonly host: Heard;
  readonly lan: Heard;
  readonly inet: Heard;
}

/** The host with a LAN and the Internet, and listeners everywhere. */
async function neighbourhoodOf(host: Namespace): Promise<Neighbourhood> {
  await using scope = new AsyncDisposableStack();
  const inet = scope.use(await openNamespace());
  const lan = scope.use(await openNamespace());
  await cable(
    { namespace: host, ifname: "wan", addresses: ["203.0.113.1/24", "2a0a:1::1/64"] },
    { namespace: inet, ifname: "eth0", addresses: ["203.0.113.10/24", "2a0a:1::10/64"] },
  );
  await cable(
    { namespace: host, ifname: "home", addresses: ["192.168.1.10/24", "fd77:77::1/64"] },
    { namespace: lan, ifname: "eth0", addresses: ["192.168.1.20/24"] },
  );
  // Whatever else somebody asks for out there is there too: nothing is unreachable only because nobody has the address.
  await host.must("ip", ["route", "add", "default", "via", "192.168.1.20"]);
  for (const every of ["10.0.0.0/8", "172.16.0.0/12", "100.64.0.0/10", "169.254.0.0/16", "198.18.0.0/15", "192.0.0.0/24", "192.88.99.0/24"])
    await lan.must("ip", ["route", "add", "local", every, "dev", "lo"]);
  const heard = { host: await listenIn(host), lan: await listenIn(lan), inet: await listenIn(inet) };
  const owned = scope.move();
  return { ...heard, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500));

/** A guest that is nothing but frames, at port 1 of the switch. */
async function rawGuest(home: GatewayHome): Promise<{ readonly peer: Peer; readonly from: From }> {
  const peer = await Peer.dial(join(home.netFolder, "n0p1.sock"));
  return { peer, from: { ...GUEST, gateway: "52:54:00:ff:00:00" } };
}

describe.skipIf(why)(`a guest${why ? ` (${why})` : ""}`, () => {
  test("reaches the Internet, and neither this computer nor its neighbours, in any way that frames can try", async () => {
    await using home = await gatewayHome();
    await using around = await neighbourhoodOf(home.host);
    // Guards off: what is tried here must fail at the gateway itself.
    await home.apply(natPlan([guestPort(1, { guards: { ip: false, mac: false, broadcastPerSecond: 0 } })]));
    const { peer, from } = await rawGuest(home);
    await using _ = peer;
    expect(closed.length).toBeGreaterThan(60);
    for (const to of closed) peer.send(...attempts(from, to));
    await settled();
    expect({ host: around.host.lines, lan: around.lan.lines }).toEqual({ host: [], lan: [] });
    // The source-routed and fragmented ones that named a public address went nowhere either.
    expect(around.inet.lines).toEqual([]);
    // Controls: the same frames do arrive where they may; and at this computer's loopback once a rule leads there.
    for (const to of open)
      peer.send(inFrame(from, ipPacket(from, to, IP_PROTOCOL.tcp, syn)), inFrame(from, ipPacket(from, to, IP_PROTOCOL.udp, datagram)));
    await settled();
    expect(around.inet.lines.sort()).toEqual(["tcp 203.0.113.10", "tcp 2a0a:1::10", "udp 203.0.113.1", "udp 2a0a:1::1"]);
    const rules = [
      { id: `rul_${"1".padStart(26, "0")}`, action: "accept", target: { to: "host", port: PORT } },
      { id: `rul_${"2".padStart(26, "0")}`, action: "accept", target: { to: "range", range: "192.168.1.0/24" } },
    ];
    await home.apply(natPlan([guestPort(1, { guards: { ip: false, mac: false } })], { gateway: { rules } }));
    for (const to of ["10.70.1.1", "192.168.1.20", "192.168.1.10"]) peer.send(inFrame(from, ipPacket(from, to, IP_PROTOCOL.tcp, syn)));
    await settled();
    // The range was opened, and this computer's own address in it was not.
    expect({ host: around.host.lines, lan: around.lan.lines }).toEqual({ host: ["tcp 127.0.0.1"], lan: ["tcp 192.168.1.20"] });
    const drops = await home.fabric.drops(NET, waiting());
    expect(drops.some(({ reason, rule }) => reason === "destinationFiltered" && rule === "filter:loopback")).toBe(true);
  });

  test("behind libslirp does reach this computer's loopback: the frames are right, and the listeners hear (control)", async () => {
    await using host = await openNamespace();
    await using around = await neighbourhoodOf(host);
    const path = `/tmp/mimic-slirp-${host.pid}.sock`;
    const args = [
      "-netdev",
      "user,id=u0,ipv4=on",
      "-netdev",
      "hubport,id=h0,hubid=0,netdev=u0",
      "-netdev",
      `stream,id=s0,server=on,addr.type=unix,addr.path=${path}`,
      "-netdev",
      "hubport,id=h1,hubid=0,netdev=s0",
    ];
    host.start("qemu-system-x86_64", ["-nodefaults", "-display", "none", "-M", "none", ...args], { stdio: "ignore" });
    await using peer = await Peer.dial(path);
    const from = { mac: GUEST.mac, gateway: "52:55:0a:00:02:02", v4: "10.0.2.15", v6: "fec0::15" };
    const announce = serializeArp({
      operation: 1,
      senderMac: mac(from.mac),
      senderIp: bytesOf(from.v4),
      targetMac: new Uint8Array(6),
      targetIp: bytesOf("10.0.2.2"),
    });
    peer.send(
      serializeEthernet({ destination: mac("ff:ff:ff:ff:ff:ff"), source: mac(from.mac), etherType: ETHER_TYPE.arp, payload: announce }),
    );
    for (const to of ["10.0.2.2", "127.0.0.1", "0.0.0.0"]) peer.send(...attempts(from, to));
    await settled();
    expect(around.host.lines).toContain("tcp 127.0.0.1");
  });
});
