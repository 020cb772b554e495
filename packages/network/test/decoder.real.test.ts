// Our decoder beside tshark's, on the same frames: the same layers, the same addresses, ports and values.
import { type DecodedFrame, decodeFrame, describeFrame } from "@mimic/wire";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Corpus, makeCorpus, runTool } from "./corpus.ts";

/** Layers that both have a name for. Applications are compared on good frames only: tshark guesses them by other rules. */
const LAYERS = new Set(
  "eth vlan ieee8021ad llc stp lldp arp ip ipv6 ipv6.hopopts ipv6.routing ipv6.fraghdr ipv6.dstopts icmp icmpv6 igmp tcp udp gre esp sctp".split(
    " ",
  ),
);
const APPLICATIONS = new Set("dns mdns dhcp dhcpv6 tls http".split(" "));

/** tshark's field → our layer, our field, and how our value is read. A field that tshark has must have the same value here. */
const number = (value: string): string => String(Number.parseInt(value, value.startsWith("0x") ? 16 : 10));
const text = (value: string): string => value;
const FIELDS: Readonly<Record<string, readonly [layer: string, field: string, read: (value: string) => string]>> = {
  "eth.dst": ["eth", "Destination", text],
  "eth.src": ["eth", "Source", text],
  "vlan.id": ["vlan", "VLAN", number],
  "vlan.priority": ["vlan", "Priority", number],
  "ieee8021ad.id": ["ieee8021ad", "VLAN", number],
  "arp.opcode": ["arp", "Operation", number],
  "arp.src.proto_ipv4": ["arp", "Sender address", text],
  "arp.dst.proto_ipv4": ["arp", "Target address", text],
  "arp.src.hw_mac": ["arp", "Sender MAC", text],
  "stp.root.cost": ["stp", "Cost to root", number],
  "lldp.tlv.system.name": ["lldp", "System name", text],
  "ip.src": ["ip", "Source", text],
  "ip.dst": ["ip", "Destination", text],
  "ip.ttl": ["ip", "Time to live", number],
  "ip.id": ["ip", "Identification", number],
  "ip.len": ["ip", "Total length", number],
  "ip.proto": ["ip", "Protocol", number],
  "ipv6.src": ["ipv6", "Source", text],
  "ipv6.dst": ["ipv6", "Destination", text],
  "ipv6.hlim": ["ipv6", "Hop limit", number],
  "ipv6.plen": ["ipv6", "Payload length", number],
  "ipv6.fraghdr.ident": ["ipv6.fraghdr", "Identification", number],
  "tcp.srcport": ["tcp", "Source port", number],
  "tcp.dstport": ["tcp", "Destination port", number],
  "tcp.seq_raw": ["tcp", "Sequence", number],
  "tcp.window_size_value": ["tcp", "Window", number],
  "tcp.options.mss_val": ["tcp", "Maximum segment", number],
  "tcp.options.wscale.shift": ["tcp", "Window scale", number],
  "udp.srcport": ["udp", "Source port", number],
  "udp.dstport": ["udp", "Destination port", number],
  "udp.length": ["udp", "Length", number],
  "icmp.type": ["icmp", "Type", number],
  "icmp.code": ["icmp", "Code", number],
  "icmpv6.type": ["icmpv6", "Type", number],
  "icmpv6.nd.ns.target_address": ["icmpv6", "Target", text],
  "icmpv6.nd.na.target_address": ["icmpv6", "Target", text],
  "icmpv6.nd.ra.router_lifetime": ["icmpv6", "Router lifetime", number],
  "icmpv6.mld.multicast_address": ["icmpv6", "Group", text],
  "igmp.type": ["igmp", "Type", number],
  "dns.id": ["dns", "Identification", number],
  "dns.qry.name": ["dns", "Question", (value) => value.split(" ")[0] as string],
  "dhcp.id": ["dhcp", "Transaction", number],
  "dhcp.ip.your": ["dhcp", "Your address", text],
  "dhcp.option.hostname": ["dhcp", "Option 12 (host name)", text],
  "dhcpv6.xid": ["dhcpv6", "Transaction", number],
  "tls.handshake.extensions_server_name": ["tls", "Server name", text],
  "http.host": ["http", "Host", text],
};

interface Theirs {
  readonly protocols: readonly string[];
  readonly isBroken: boolean;
  readonly flags: string;
  readonly fields: ReadonlyMap<string, string>;
}

let corpus: Corpus;
let theirs: readonly Theirs[];
let ours: readonly DecodedFrame[];

beforeAll(async () => {
  corpus = await makeCorpus();
  const names = ["frame.protocols", "_ws.malformed", "_ws.expert.message", "tcp.flags.str", ...Object.keys(FIELDS)];
  const alone = ["ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams"].flatMap((option) => ["-o", `${option}:FALSE`]);
  const asked = names.flatMap((name) => ["-e", name]);
  // Only the first of each: the others are inside ICMP errors and tunnels.
  const { code, stdout, stderr } = await runTool("tshark", [
    "-r",
    corpus.path,
    ...alone,
    "-T",
    "fields",
    "-E",
    "occurrence=f",
    "-E",
    "separator=\u0001",
    ...asked,
  ]);
  if (code !== 0) throw new Error(stderr);
  theirs = stdout
    .toString("utf8")
    .trimEnd()
    .split("\n")
    .map((line) => {
      const values = line.split("\u0001");
      const fields = new Map(
        Object.keys(FIELDS).flatMap((name, index) => (values[index + 4] ? [[name, values[index + 4] as string]] : [])),
      );
      return { protocols: (values[0] ?? "").split(":"), isBroken: Boolean(values[1] || values[2]), flags: values[3] ?? "", fields };
    });
  ours = corpus.frames.map((frame) => decodeFrame(frame));
});
afterAll(() => corpus?.[Symbol.asyncDispose]());

/** tshark counts IGMP twice, and has no name of its own for RARP. */
const layersOf = (keys: readonly string[], known: ReadonlySet<string>): string =>
  keys
    .map((key) => (key === "rarp" ? "arp" : key))
    .filter((key, index, all) => known.has(key) && !(key === "igmp" && all[index - 1] === "igmp"))
    .join(" ");

const ourValue = (frame: DecodedFrame, layer: string, field: string): string | undefined =>
  frame.layers.find(({ key }) => key === layer || (key === "rarp" && layer === "arp"))?.fields.find(({ name }) => name === field)?.value;

const differences = (index: number): string[] => {
  const [their, our] = [theirs[index] as Theirs, ours[index] as DecodedFrame];
  const found: string[] = [];
  const known = index < corpus.good ? new Set([...LAYERS, ...APPLICATIONS]) : LAYERS;
  const layers = [
    layersOf(their.protocols, known),
    layersOf(
      our.layers.map(({ key }) => key),
      known,
    ),
  ];
  // MPLS is not looked into here.
  if (layers[0] !== layers[1] && !their.protocols.includes("mpls")) found.push(`layers ${layers.join(" | ")}`);
  for (const [name, value] of their.fields) {
    const [layer, field, read] = FIELDS[name] as (typeof FIELDS)[string];
    const our_ = ourValue(our, layer, field);
    const wanted = read === number ? number(value) : value;
    // A layer that is missing was found above; one that we call broken may have fewer fields; DNS names with odd bytes are
    // written in other ways (RFC 1035 §5.1 here).
    const [ourLayer] = our.layers.filter(({ key }) => key === layer || (key === "rarp" && layer === "arp"));
    const mayDiffer = ourLayer?.problem !== undefined || (name === "dns.qry.name" && /[^!-~]|\\/.test(`${value}${our_}`.replace(/ /g, "")));
    if (ourLayer !== undefined && !mayDiffer && (our_ === undefined || read(our_) !== wanted)) found.push(`${name} ${value} | ${our_}`);
  }
  return found.map((difference) => `${index}: ${describeFrame(corpus.frames[index] as Uint8Array)}: ${difference}`);
};

test("good frames are read as tshark reads them: layers, addresses, ports and values", () => {
  expect(corpus.good).toBeGreaterThan(180);
  const found = corpus.frames.slice(0, corpus.good).flatMap((_, index) => differences(index));
  // scapy's AH has a length that is too small; tshark goes on reading, and we say that it is cut off.
  expect(found.filter((line) => !line.includes(" AH "))).toEqual([]);
});

test("the comparison is not empty: most fields occur, and each value was seen in a frame", () => {
  const seen = new Set(theirs.flatMap(({ fields }) => [...fields.keys()]));
  expect(Object.keys(FIELDS).filter((name) => !seen.has(name))).toEqual([]);
});

test("broken frames are read alike, or one of us says that they are broken", () => {
  const found = corpus.frames.flatMap((_, index) => {
    if (index < corpus.good || theirs[index]?.isBroken || ours[index]?.problem !== undefined) return [];
    return differences(index);
  });
  expect(found).toEqual([]);
});

test("TCP flags are the same", () => {
  const LETTERS: Readonly<Record<string, string>> = { C: "CWR", E: "ECE", U: "URG", A: "ACK", P: "PSH", R: "RST", S: "SYN", F: "FIN" };
  for (const [index, { flags }] of theirs.entries()) {
    const our = ourValue(ours[index] as DecodedFrame, "tcp", "Flags");
    if (flags === "" || our === undefined) continue;
    const wanted = [...flags].flatMap((letter) => LETTERS[letter] ?? []).sort();
    expect(our === "none" ? [] : our.split(" ").sort(), describeFrame(corpus.frames[index] as Uint8Array)).toEqual(wanted);
  }
});
