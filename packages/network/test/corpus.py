"""Writes a capture of a few hundred frames of all kinds, among them odd and broken ones: corpus.py FILE.pcap

Made by scapy, so that what reads and filters captures is tried on bytes that somebody else wrote. The same at every run.
"""
import random
import struct
import sys

from scapy.all import (
    ARP, BOOTP, DHCP, DNS, DNSQR, DNSRR, GRE, ICMP, IP, SNAP, STP, TCP, UDP, Dot1AD, Dot1Q, Dot3, Ether, LLC, Padding, Raw, conf, fragment,
    fragment6,
)
from scapy.contrib.igmp import IGMP
from scapy.contrib.igmpv3 import IGMPv3, IGMPv3gr, IGMPv3mq, IGMPv3mr
from scapy.layers.dhcp6 import DHCP6_InfoRequest, DHCP6_Reply, DHCP6_Solicit, DHCP6OptClientId, DHCP6OptDNSServers, DHCP6OptElapsedTime
from scapy.layers.inet6 import (
    ICMPv6DestUnreach, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6MLDone, ICMPv6MLQuery, ICMPv6MLReport, ICMPv6MLReport2, ICMPv6MLDMultAddrRec,
    ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS, ICMPv6ND_Redirect, ICMPv6NDOptDstLLAddr, ICMPv6NDOptMTU, ICMPv6NDOptPrefixInfo,
    ICMPv6NDOptRDNSS, ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig, ICMPv6TimeExceeded, IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, RouterAlert, PadN,
)
from scapy.layers.ipsec import AH, ESP
from scapy.layers.sctp import SCTP, SCTPChunkInit
from scapy.contrib.lldp import LLDPDU, LLDPDUChassisID, LLDPDUEndOfLLDPDU, LLDPDUPortID, LLDPDUSystemName, LLDPDUTimeToLive

conf.verb = 0
random.seed(7)
chance = random.Random(7)
A, B, GW = "52:54:00:00:00:01", "52:54:00:00:00:02", "52:54:00:00:00:fe"
frames = []


def add(*some):
    frames.extend(bytes(one) for one in some)


def pick(*choices):
    return chance.choice(choices)


def eth(dst=B, src=A, **more):
    return Ether(dst=dst, src=src, **more)


V4 = ["10.0.2.15", "10.0.2.2", "10.1.2.3", "192.168.7.9", "8.8.8.8", "93.184.216.34"]
V6 = ["fd00::15", "fd00::2", "2001:db8::1", "2001:db8:0:1::abcd", "fe80::5054:ff:fe00:1"]

# ARP and RARP
add(
    eth("ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=A, psrc="10.0.2.15", pdst="10.0.2.2"),
    eth(A, GW) / ARP(op=2, hwsrc=GW, psrc="10.0.2.2", hwdst=A, pdst="10.0.2.15"),
    eth("ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=A, psrc="0.0.0.0", pdst="10.0.2.15"),
    eth("ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=A, psrc="10.0.2.15", pdst="10.0.2.15") / Padding(b"\0" * 18),
    eth("ff:ff:ff:ff:ff:ff", type=0x8035) / ARP(op=3, hwsrc=A, psrc="10.0.2.15", pdst="10.1.2.3"),
)

# TCP of all flags, with and without options, over both families
FLAGS = ["S", "SA", "A", "PA", "FA", "R", "RA", "", "FPU", "SEC", "FSRPAUEC"]
for flags in FLAGS:
    for ports in [(51234, 80), (443, 40000), (445, 445), (22, 51000)]:
        options = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (123456, 0)), ("NOP", None), ("WScale", 7)] if "S" in flags else []
        segment = TCP(sport=ports[0], dport=ports[1], flags=flags, seq=1000, ack=2000 if "A" in flags else 0, options=options, window=64240)
        if chance.random() < 0.5:
            add(eth() / IP(src=pick(*V4), dst=pick(*V4)) / segment)
        else:
            add(eth() / IPv6(src=pick(*V6), dst=pick(*V6)) / segment)
add(
    eth() / IP(src=V4[0], dst=V4[1]) / TCP(sport=1, dport=2, flags="A", options=[("SAck", (100, 200, 300, 400))]),
    eth() / IP(src=V4[0], dst=V4[1], options=[]) / TCP(sport=40001, dport=8080, flags="PA") / Raw(b"GET /index.html HTTP/1.1\r\nHost: example.org\r\n\r\n"),
    eth() / IP(src=V4[1], dst=V4[0]) / TCP(sport=8080, dport=40001, flags="PA") / Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    eth() / IP(src=V4[0], dst=V4[1]) / TCP(sport=40001, dport=80, flags="PA") / Raw(b"POST /a?b=c HTTP/1.0\r\n\r\n"),
    eth() / IPv6(src=V6[0], dst=V6[1]) / TCP(sport=40001, dport=80, flags="PA") / Raw(b"HEAD / HTTP/1.1\r\n\r\n"),
)


def client_hello(name):
    sni = b"\0" + len(name).to_bytes(2, "big") + name
    sni = b"\0\0" + (len(sni) + 2).to_bytes(2, "big") + len(sni).to_bytes(2, "big") + sni
    extensions = b"\0\x17\0\0" + sni + b"\0\x2b\0\x03\x02\x03\x04"
    body = b"\x03\x03" + bytes(range(32)) + b"\x20" + bytes(32) + b"\0\x04\x13\x01\x13\x02" + b"\x01\0" + len(extensions).to_bytes(2, "big") + extensions
    hello = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + len(hello).to_bytes(2, "big") + hello


add(
    eth() / IP(src=V4[0], dst=V4[5]) / TCP(sport=40002, dport=443, flags="PA") / Raw(client_hello(b"www.example.org")),
    eth() / IPv6(src=V6[0], dst=V6[2]) / TCP(sport=40003, dport=443, flags="PA") / Raw(client_hello(b"xn--bcher-kva.example")),
    eth() / IP(src=V4[0], dst=V4[5]) / TCP(sport=40004, dport=443, flags="PA") / Raw(client_hello(b"cut.example")[:60]),
)

# UDP, DNS, DHCP, SCTP
for sport, dport in [(5000, 53), (68, 67), (123, 123), (1900, 1900), (40000, 65535), (0, 9)]:
    add(eth() / IP(src=pick(*V4), dst=pick(*V4)) / UDP(sport=sport, dport=dport) / Raw(bytes(chance.randrange(256) for _ in range(chance.randrange(0, 40)))))
    add(eth() / IPv6(src=pick(*V6), dst=pick(*V6)) / UDP(sport=sport, dport=dport) / Raw(b"x" * chance.randrange(0, 40)))
for kind in ["A", "AAAA", "MX", "TXT", "PTR", "NS", "SOA", "SRV", "HTTPS", "CNAME", "ANY"]:
    query = DNS(id=7, rd=1, qd=DNSQR(qname="www.example.org", qtype=kind if kind != "HTTPS" else 65))
    add(eth() / IP(src=V4[0], dst=V4[1]) / UDP(sport=40000, dport=53) / query)
    add(eth(A, GW) / IPv6(src=V6[1], dst=V6[0]) / UDP(sport=53, dport=40000) / DNS(id=7, qr=1, rd=1, ra=1, rcode=3, qd=query.qd))
add(
    eth(A, GW) / IP(src=V4[1], dst=V4[0]) / UDP(sport=53, dport=40000)
    / DNS(id=8, qr=1, rd=1, ra=1, qd=DNSQR(qname="example.org"), an=DNSRR(rrname="example.org", rdata="93.184.216.34", ttl=60)),
    eth(A, GW) / IP(src=V4[1], dst=V4[0]) / UDP(sport=5353, dport=5353) / DNS(id=0, qr=1, an=DNSRR(rrname="printer.local", rdata="10.0.2.9", ttl=60)),
)
for message, more in [
    ("discover", []), ("offer", [("server_id", "10.0.2.2"), ("lease_time", 86400)]), ("request", [("requested_addr", "10.0.2.15"), ("hostname", "hello")]),
    ("ack", [("server_id", "10.0.2.2"), ("subnet_mask", "255.255.255.0"), ("router", "10.0.2.2")]), ("nak", []), ("release", []), ("inform", []), ("decline", []),
]:
    isServer = message in ("offer", "ack", "nak")
    add(
        eth("ff:ff:ff:ff:ff:ff", GW if isServer else A)
        / IP(src="10.0.2.2" if isServer else "0.0.0.0", dst="255.255.255.255")
        / UDP(sport=67 if isServer else 68, dport=68 if isServer else 67)
        / BOOTP(op=2 if isServer else 1, chaddr=bytes.fromhex("525400000001"), xid=0x1234, yiaddr="10.0.2.15" if isServer else "0.0.0.0")
        / DHCP(options=[("message-type", message), *more, "end"])
    )
add(
    eth("33:33:00:01:00:02") / IPv6(src="fe80::5054:ff:fe00:1", dst="ff02::1:2") / UDP(sport=546, dport=547) / DHCP6_Solicit(trid=5) / DHCP6OptClientId() / DHCP6OptElapsedTime(),
    eth("33:33:00:01:00:02") / IPv6(src="fe80::5054:ff:fe00:1", dst="ff02::1:2") / UDP(sport=546, dport=547) / DHCP6_InfoRequest(trid=6),
    eth(A, GW) / IPv6(src="fe80::1", dst="fe80::5054:ff:fe00:1") / UDP(sport=547, dport=546) / DHCP6_Reply(trid=6) / DHCP6OptDNSServers(dnsservers=["fd00::1"]),
    eth() / IP(src=V4[0], dst=V4[1]) / SCTP(sport=5060, dport=36412) / SCTPChunkInit(),
    eth() / IPv6(src=V6[0], dst=V6[1]) / SCTP(sport=80, dport=36412) / SCTPChunkInit(),
)

# ICMP, ICMPv6, neighbour discovery
for kind, code in [(0, 0), (8, 0), (3, 0), (3, 1), (3, 3), (3, 4), (5, 1), (11, 0), (12, 0), (13, 0), (42, 7)]:
    inner = IP(src=V4[1], dst=V4[0]) / UDP(sport=5, dport=6) if kind in (3, 5, 11, 12) else Raw(b"ping")
    add(eth() / IP(src=V4[0], dst=V4[4]) / ICMP(type=kind, code=code, **({"ts_ori": 1, "ts_rx": 2, "ts_tx": 3} if kind == 13 else {})) / inner)
link_local = {"src": "fe80::5054:ff:fe00:1", "hlim": 255}
inner6 = IPv6(src=V6[1], dst=V6[0]) / UDP(sport=5, dport=6)
add(
    eth() / IPv6(src=V6[0], dst=V6[1]) / ICMPv6EchoRequest(id=7, seq=1, data=b"abc"),
    eth() / IPv6(src=V6[1], dst=V6[0]) / ICMPv6EchoReply(id=7, seq=1, data=b"abc"),
    eth() / IPv6(src=V6[1], dst=V6[0]) / ICMPv6DestUnreach(code=4) / inner6,
    eth() / IPv6(src=V6[1], dst=V6[0]) / ICMPv6PacketTooBig(mtu=1280) / inner6,
    eth() / IPv6(src=V6[1], dst=V6[0]) / ICMPv6TimeExceeded() / inner6,
    eth("33:33:ff:00:00:02") / IPv6(dst="ff02::1:ff00:2", **link_local) / ICMPv6ND_NS(tgt="fd00::2") / ICMPv6NDOptSrcLLAddr(lladdr=A),
    eth() / IPv6(dst="fe80::2", **link_local) / ICMPv6ND_NA(tgt="fd00::15", R=0, S=1, O=1) / ICMPv6NDOptDstLLAddr(lladdr=A),
    eth("33:33:00:00:00:02") / IPv6(dst="ff02::2", **link_local) / ICMPv6ND_RS() / ICMPv6NDOptSrcLLAddr(lladdr=A),
    eth("33:33:00:00:00:01", GW) / IPv6(dst="ff02::1", **link_local) / ICMPv6ND_RA(M=0, O=1, routerlifetime=1800)
    / ICMPv6NDOptPrefixInfo(prefix="fd12:3456::", prefixlen=64) / ICMPv6NDOptRDNSS(dns=["fd12:3456::1"]) / ICMPv6NDOptMTU(mtu=1500) / ICMPv6NDOptSrcLLAddr(lladdr=GW),
    eth() / IPv6(dst=V6[0], **link_local) / ICMPv6ND_Redirect(tgt="fe80::2", dst="2001:db8::1"),
    eth("33:33:00:00:00:01") / IPv6(dst="ff02::1", hlim=1, src="fe80::1") / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN()]) / ICMPv6MLQuery(),
    eth("33:33:00:00:00:fb") / IPv6(dst="ff02::fb", hlim=1, src="fe80::1") / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN()]) / ICMPv6MLReport(mladdr="ff02::fb"),
    eth("33:33:00:00:00:02") / IPv6(dst="ff02::2", hlim=1, src="fe80::1") / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN()]) / ICMPv6MLDone(mladdr="ff02::fb"),
    eth("33:33:00:00:00:16") / IPv6(dst="ff02::16", hlim=1, src="fe80::1") / IPv6ExtHdrHopByHop(options=[RouterAlert(), PadN()])
    / ICMPv6MLReport2(records=[ICMPv6MLDMultAddrRec(dst="ff02::1:3", rtype=4)]),
)

# IGMP
add(
    eth("01:00:5e:00:00:01") / IP(dst="224.0.0.1", src=V4[0], ttl=1) / IGMP(type=0x11, mrcode=100),
    eth("01:00:5e:01:02:03") / IP(dst="239.1.2.3", src=V4[0], ttl=1) / IGMP(type=0x16, gaddr="239.1.2.3"),
    eth("01:00:5e:01:02:03") / IP(dst="239.1.2.3", src=V4[0], ttl=1) / IGMP(type=0x12, gaddr="239.1.2.3"),
    eth("01:00:5e:00:00:02") / IP(dst="224.0.0.2", src=V4[0], ttl=1) / IGMP(type=0x17, gaddr="239.1.2.3"),
    eth("01:00:5e:00:00:01") / IP(dst="224.0.0.1", src=V4[0], ttl=1) / IGMPv3(type=0x11, mrcode=20) / IGMPv3mq(gaddr="0.0.0.0"),
    eth("01:00:5e:00:00:16") / IP(dst="224.0.0.22", src=V4[0], ttl=1) / IGMPv3(type=0x22) / IGMPv3mr(records=[IGMPv3gr(rtype=4, maddr="239.1.2.3")]),
)

# Fragments, extension headers, tunnels
add(*(eth() / one for one in fragment(IP(src=V4[0], dst=V4[1], id=77) / UDP(sport=4000, dport=80) / Raw(b"f" * 3000), 1000)))
add(*(eth() / one for one in fragment(IP(src=V4[0], dst=V4[1], id=78) / TCP(sport=4000, dport=80, flags="S") / Raw(b"f" * 100), 24)))
add(*(eth() / one for one in fragment6(IPv6(src=V6[0], dst=V6[1]) / IPv6ExtHdrFragment(id=5) / UDP(sport=4000, dport=80) / Raw(b"f" * 3000), 1280)))
add(
    eth() / IPv6(src=V6[0], dst=V6[1]) / IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0" * 4)]) / IPv6ExtHdrDestOpt() / TCP(sport=4001, dport=443, flags="S"),
    eth() / IPv6(src=V6[0], dst=V6[1]) / IPv6ExtHdrRouting(addresses=[V6[2]]) / UDP(sport=4001, dport=53) / Raw(b"\0" * 4),
    eth() / IPv6(src=V6[0], dst=V6[1]) / IPv6ExtHdrFragment(id=9, m=0, offset=0) / ICMPv6EchoRequest(),
    eth() / IPv6(src=V6[0], dst=V6[1]) / IPv6ExtHdrDestOpt() / IPv6ExtHdrFragment(id=9, m=1, offset=0) / UDP(sport=1, dport=2) / Raw(b"z" * 16),
    eth() / IPv6(src=V6[0], dst=V6[1], nh=59),
    eth() / IP(src=V4[0], dst=V4[1]) / AH(spi=5, seq=1, icv=b"\0" * 12) / TCP(sport=5, dport=80),
    eth() / IP(src=V4[0], dst=V4[1]) / ESP(spi=6, seq=1, data=b"secret__"),
    eth() / IP(src=V4[0], dst=V4[1]) / GRE() / IP(src="172.16.0.1", dst="172.16.0.2") / ICMP(),
    eth() / IP(src=V4[0], dst=V4[1]) / IP(src="172.16.0.1", dst="172.16.0.2") / UDP(sport=1, dport=2),
    eth() / IP(src=V4[0], dst=V4[1], proto=253) / Raw(b"?" * 8),
    eth() / IP(src=V4[0], dst="224.0.0.251", ttl=255) / UDP(sport=5353, dport=5353) / Raw(b""),
    eth("ff:ff:ff:ff:ff:ff") / IP(src=V4[0], dst="10.0.2.255") / UDP(sport=137, dport=137) / Raw(b"n" * 20),
    eth() / IP(src=V4[0], dst=V4[1], options=b"\x94\x04\0\0") / TCP(sport=7, dport=80, flags="S"),
    eth() / IP(src=V4[0], dst=V4[1], tos=0xb8, flags="DF", ttl=1) / UDP(sport=33434, dport=33434) / Raw(b"trace"),
)

# Tags of all shapes
inner = IP(src=V4[0], dst=V4[1]) / TCP(sport=4002, dport=80, flags="S")
for vlan in [0, 1, 5, 100, 4094, 4095]:
    add(eth() / Dot1Q(vlan=vlan, prio=vlan % 8) / inner)
add(
    eth() / Dot1Q(vlan=5) / ARP(psrc="10.0.2.15", pdst="10.0.2.2"),
    eth() / Dot1Q(vlan=5) / IPv6(src=V6[0], dst=V6[1]) / UDP(sport=53, dport=5) / Raw(b"\0" * 3),
    eth() / Dot1Q(vlan=5) / Dot1Q(vlan=100) / inner,
    eth() / Dot1AD(vlan=200) / Dot1Q(vlan=5) / inner,
    eth() / Dot1AD(vlan=200) / inner,
    eth() / Dot1AD(vlan=200) / Dot1Q(vlan=5) / Dot1Q(vlan=6) / IPv6(src=V6[0], dst=V6[1]) / ICMPv6EchoRequest(),
    eth(type=0x9100) / Raw(b"\0\x07\x08\0") / inner,
    eth(type=0x8100) / Raw(b"\0\x05"),
)

# Link layer
add(
    Dot3(dst="01:80:c2:00:00:00", src=A) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(),
    Dot3(dst="01:80:c2:00:00:00", src=A) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / STP(version=2, bpdutype=2, bpduflags=0x3c) / Raw(b"\0"),
    Dot3(dst="01:80:c2:00:00:00", src=A) / LLC(dsap=0x42, ssap=0x42, ctrl=3) / Raw(b"\0\0\0\x80") / Padding(b"\0" * 39),
    Dot3(dst="01:00:0c:cc:cc:cc", src=A) / LLC(dsap=0xAA, ssap=0xAA, ctrl=3) / SNAP(OUI=0x00000C, code=0x2000) / Raw(b"\x02\xb4\0\0"),
    eth("01:80:c2:00:00:0e") / LLDPDU() / LLDPDUChassisID(subtype=4, id=A) / LLDPDUPortID(subtype=5, id=b"eth0") / LLDPDUTimeToLive(ttl=120)
    / LLDPDUSystemName(system_name=b"hello") / LLDPDUEndOfLLDPDU(),
    eth(type=0x88CC) / Raw(b"\x02\x07\x04"),
    eth(type=0x8809) / Raw(b"\x01" * 20),
    eth(type=0x888E) / Raw(b"\x01\x01\0\0"),
    eth(type=0x8847) / Raw(b"\0\x01\x01\x40") / inner,
    eth(type=0x1234) / Raw(b"unknown type"),
    eth(type=0x05DD) / Raw(b"neither length nor type"),
    eth("ff:ff:ff:ff:ff:ff") / IP(src=V4[0], dst="255.255.255.255") / UDP(sport=9, dport=9) / Raw(b"\xff" * 6 + bytes.fromhex("525400000002") * 16),
    eth() / IP(src=V4[0], dst=V4[1]) / UDP(sport=40000, dport=4000) / Raw(b"j" * 8900),
)

# Cut off and bent: each a copy of a good frame
whole = list(frames)
for frame in [whole[0], whole[6], whole[30], whole[60]]:
    for length in (14, 15, 18, 20, 33, 34, 38, 40, 53, 54, 60):
        add(frame[:length])
for _ in range(150):
    frame = bytearray(chance.choice(whole))
    for _ in range(chance.randrange(1, 4)):
        frame[chance.randrange(12, min(len(frame), 80))] = chance.randrange(256)
    add(bytes(frame[: chance.randrange(14, len(frame) + 1)] if chance.random() < 0.3 else frame))

with open(sys.argv[1], "wb") as file:
    file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
    for number, frame in enumerate(frames):
        # The time is the frame's number, so that it is known again in what a filter lets pass.
        file.write(struct.pack("<IIII", 1_700_000_000 + number, number, len(frame), len(frame)) + frame)
print(len(whole))
