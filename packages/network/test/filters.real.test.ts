// Our capture filters against tcpdump's, on the same frames: each must let the same ones pass, or neither be understood.
import { isRefusal } from "@mimic/base";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileFilter, seededChance } from "../src/index.ts";
import { type Corpus, makeCorpus, numberOf, packetsOf, runTool } from "./corpus.ts";

let corpus: Corpus;
beforeAll(async () => {
  corpus = await makeCorpus();
});
afterAll(() => corpus?.[Symbol.asyncDispose]());

/** Numbers of the frames that tcpdump lets pass; undefined when it does not understand the filter. */
async function tcpdump(filter: string): Promise<number[] | undefined> {
  // -O: the filter as it is written, not as an optimizer bends it where frames are cut off. By pipe, since tcpdump gives up root.
  const { code, stdout, stderr } = await runTool("tcpdump", ["-O", "-r", "-", "-w", "-", filter], corpus.bytes);
  if (code === 0) return packetsOf(stdout).map(numberOf);
  expect(stderr).toMatch(/tcpdump: /);
  return undefined;
}

function ours(filter: string): number[] | undefined {
  const compiled = compileFilter(filter);
  if (isRefusal(compiled)) return undefined;
  return corpus.frames.flatMap((frame, index) => (compiled(frame) ? [index] : []));
}

/** Each stands for a form of the subset. */
const PRIMITIVES = [
  ..."ip ip6 arp rarp tcp udp sctp icmp icmp6 igmp ah esp pim vrrp stp vlan broadcast multicast".split(" "),
  "host 10.0.2.15",
  "src host 10.0.2.2",
  "dst 8.8.8.8",
  "src or dst host 10.1.2.3",
  "src and dst host 10.0.2.15",
  "dst and src fd00::15",
  "ip host 10.0.2.2",
  "ip src 10.0.2.2",
  "arp host 10.0.2.2",
  "rarp src host 10.0.2.15",
  "host fd00::2",
  "ip6 host fe80::5054:ff:fe00:1",
  "ip6 dst ff02::1:2",
  "src fe80::1",
  "net 10",
  "net 10.0",
  "net 10.0.2",
  "net 10.0.2.0/24",
  "src net 10.0.0.0/8",
  "dst net 192.168.0.0/16",
  "net 10.0.2.0 mask 255.255.255.0",
  "arp net 10.0.0.0/8",
  "ip dst net 224.0.0.0/4",
  "net 0.0.0.0/0",
  "net fe80::/10",
  "ip6 src net 2001:db8::/32",
  "dst net ff02::/16",
  "net fd00::15",
  "port 80",
  "port 53",
  "src port 53",
  "dst port 443",
  "src or dst port 445",
  "src and dst port 445",
  "tcp port 80",
  "udp port 53",
  "tcp src port 443",
  "udp dst port 67",
  "sctp port 36412",
  "port http",
  "port domain",
  "port https",
  "tcp port ssh",
  "udp port bootps",
  "portrange 1-1023",
  "portrange 50000-52000",
  "tcp portrange 440-450",
  "udp src portrange 0-100",
  "portrange 80",
  "portrange 90-70",
  "ether host 52:54:00:00:00:01",
  "ether src 52:54:00:00:00:FE",
  "ether dst 33:33:00:00:00:01",
  "ether host 1:0:5e:0:0:1",
  "ether src and dst 52:54:00:00:00:01",
  "ether proto 0x88cc",
  "ether proto 0x0806",
  "ether proto \\ip",
  "ether proto \\ip6",
  "ip proto 17",
  "ip proto \\tcp",
  "ip6 proto 58",
  "ip6 proto \\udp",
  "proto 6",
  "proto 47",
  "vlan 5",
  "vlan 0",
  "vlan 200",
  "vlan 4095",
  "less 60",
  "greater 1000",
  "len = 42",
  "len > 100",
  "ether broadcast",
  "ether multicast",
  "ip multicast",
  "ip6 multicast",
  "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
  "tcp[tcpflags] = tcp-syn",
  "tcp[13] & 0x12 == 18",
  "tcp[0:2] > 1024",
  "tcp[12] >> 4 > 5",
  "udp[4:2] <= 20",
  "icmp[icmptype] = icmp-echo",
  "icmp[icmptype] != icmp-echo and icmp[icmpcode] > 0",
  "icmp6[icmp6type] = icmp6-neighborsolicit",
  "icmp6[0] = 134",
  "ip[6:2] & 0x1fff != 0",
  "ip[8] < 64",
  "ip[2:2] - ((ip[0] & 0xf) << 2) > 100",
  "ip[ip[0] & 7] = 0",
  "ip6[6] = 44",
  "ip6[4:2] * 2 >= 100",
  "arp[6:2] = 1",
  "ether[0] & 1 = 1",
  "ether[12:2] = 0x0800",
  "ether[60] = 0",
  "ether[20:4] / 3 > 100000",
  "tcp[-1] = 1",
  "(len > 60)",
  "((tcp[13] & 2) != 0)",
  "1 = 1",
  "len / 2 = 21",
  "10 + 3 * 2 - 1 = 15",
];

const COMBINED = [
  "",
  "not tcp",
  "! tcp && ! udp",
  "tcp or udp and port 80",
  "tcp or (udp and port 80)",
  "host 10.0.2.15 or 10.0.2.2 and not port 53",
  "port 80 or 443 or 445",
  "port (80 or 443)",
  "not port (80 or 443) and tcp",
  "host 10.0.2.15 and not 10.0.2.2",
  "src net 10.0.0.0/8 and not dst net 10.0.0.0/8",
  "vlan and ip",
  "vlan 5 and tcp port 80",
  "vlan 5 and arp",
  "vlan 5 or ip",
  "vlan and vlan and ip",
  "vlan 200 and vlan 5 and tcp",
  "vlan 5 or vlan 6",
  "not vlan and tcp",
  "vlan and vlan and vlan and ip6",
  "vlan and icmp6[0] = 128",
  "vlan and ether proto 0x0800",
  "vlan and ether src 52:54:00:00:00:01",
  "vlan and multicast",
  "not tcp[13] & 2 != 0",
  "not ether[1000] = 1",
  "less 20 or ether[1000] = 1",
  "tcp[13] & 2 != 0 and src portrange 50000-60000 or icmp",
  "not (not (not (arp)))",
  "!!arp",
  "not not arp or not host 10.0.2.2 and 10.0.2.15",
];

const NOT_UNDERSTOOD = [
  "tcp and",
  "(tcp",
  "tcp)",
  "tcp udp",
  "port 70000",
  "vlan 5000",
  "net 10.1.2.3/24",
  "net fe80::1/10",
  "ip6 host 10.0.2.2",
  "ip host fd00::1",
  "tcp host 10.0.2.2",
  "ip port 80",
  "icmp6 host fe80::1",
  "ether host 10.0.2.15",
  "tcp port 80-90",
  "tcp[0:3] = 1",
  "tcp[13] & 2",
  "10.0.2.15",
  "80",
  "52:54:00:00:00:01",
  "less -5",
  "less",
  "host",
  "prot 6",
  "port nosuchport",
  "and tcp",
  "not",
  "ether proto",
  "tcp[",
  "len / 0 = 1",
  "net 10.0.2.0/33",
];

test.each(PRIMITIVES)("“%s” lets the frames pass that tcpdump lets pass", async (filter) => {
  const theirs = await tcpdump(filter);
  expect(theirs).toBeDefined();
  expect(ours(filter)).toEqual(theirs);
});

test.each(COMBINED)("“%s” is put together as tcpdump puts it together", async (filter) => {
  expect(ours(filter)).toEqual(await tcpdump(filter));
});

test("random combinations mean the same to both", async () => {
  const chance = seededChance(11);
  const pick = <T>(some: readonly T[]): T => some[Math.floor(chance() * some.length)] as T;
  const make = (depth: number): string => {
    if (depth === 0 || chance() < 0.2) return `${chance() < 0.25 ? "not " : ""}${pick(PRIMITIVES)}`;
    const joined = `${make(depth - 1)} ${pick(["and", "or", "&&", "||"])} ${make(depth - 1)}`;
    return chance() < 0.4 ? `${pick(["", "not ", "! "])}(${joined})` : joined;
  };
  for (let i = 0; i < 150; i++) {
    const filter = make(1 + (i % 4));
    expect(ours(filter), filter).toEqual(await tcpdump(filter));
  }
});

test.each(NOT_UNDERSTOOD)("“%s” is understood by neither", async (filter) => {
  expect(await tcpdump(filter)).toBeUndefined();
  expect(ours(filter)).toBeUndefined();
});

test("the comparison can fail: it tells filters apart that differ in one bit", async () => {
  expect(ours("tcp[13] & 2 != 0")).not.toEqual(await tcpdump("tcp[13] & 3 != 0"));
});
