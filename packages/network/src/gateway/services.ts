// What the gateway itself answers at its own addresses: DHCP, DHCPv6, DNS over UDP, pings, and neighbour discovery. Each gets a
// packet that was seen to be whole; whatever is in it, nothing is thrown.
import {
  dhcpPort,
  dhcpv6Port,
  ICMP,
  ICMPV6,
  IP_PROTOCOL,
  ipv4Text,
  isLinkLocalIpv6,
  macText,
  type NdpMessage,
  parseDhcp,
  parseDhcpv6,
  parseIcmp,
  parseIcmpv6,
  parseNdp,
  parseUdp,
  serializeDhcp,
  serializeDhcpv6,
  serializeIcmp,
  serializeIcmpv6,
  serializeIpv4Packet,
  serializeIpv6Packet,
  serializeUdp,
  type UdpDatagram,
} from "@mimic/wire";
import type { DhcpWay } from "./dhcp/decide-dhcp.ts";
import type { LeaseKeeper } from "./dhcp/lease-keeper.ts";
import type { DnsServer } from "./dns/dns-server.ts";
import type { Link } from "./link/link.ts";
import type { SeenPacket } from "./link/packet.ts";
import type { Machines } from "./machines.ts";
import { decideDhcpv6 } from "./ra/decide-dhcpv6.ts";
import type { RouterAdvertiser } from "./ra/router.ts";

const DNS_PORT = 53;
const BROADCAST = Uint8Array.of(255, 255, 255, 255);

/** Who sent a packet, by its frame. `mac` is valid during the call. */
export interface Sender {
  readonly vlan: number;
  readonly mac: Uint8Array;
}

export interface ServiceParts {
  readonly link: Link;
  readonly leases: LeaseKeeper;
  readonly dns: DnsServer;
  readonly router: RouterAdvertiser;
  readonly machines: Machines;
  readonly nowMs: () => number;
  /** An IPv6 address was seen for the first time. */
  readonly newAddress: () => void;
}

export class Services {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** True when the packet was for a service, answered or not. */
  take(packet: SeenPacket, sender: Sender): boolean {
    if (packet.fragment) return false;
    if (packet.protocol === IP_PROTOCOL.udp) return this.#takeUdp(packet, sender);
    if (packet.version === 4 && packet.protocol === IP_PROTOCOL.icmp) return this.#takeEcho(packet, sender);
    if (packet.version === 6 && packet.protocol === IP_PROTOCOL.icmpv6) return this.#takeIcmpv6(packet, sender);
    return false;
  }

  #takeUdp(packet: SeenPacket, sender: Sender): boolean {
    const isDhcp = packet.version === 4 && packet.toPort === dhcpPort.server;
    const isDhcpv6 = packet.version === 6 && packet.toPort === dhcpv6Port.server;
    const isDns = packet.toPort === DNS_PORT && !isGroup(packet.destination);
    if (!isDhcp && !isDhcpv6 && !isDns) return false;
    const udp = parseUdp(packet.payload, packet.source, packet.destination);
    if ("malformed" in udp) return true;
    if (isDhcp) this.#dhcp(udp, sender);
    else if (isDhcpv6) this.#dhcpv6(packet, udp, sender);
    else this.#dns(packet, udp, sender);
    return true;
  }

  #dhcp(udp: UdpDatagram, sender: Sender): void {
    const message = parseDhcp(udp.payload);
    if ("malformed" in message) return;
    const decision = this.#parts.leases.ask(sender.vlan, message, sender.mac);
    if (decision?.answer) this.#sendDhcp(serializeDhcp(decision.answer.message), decision.answer.way, sender.vlan);
  }

  #sendDhcp(payload: Uint8Array, way: DhcpWay, vlan: number): void {
    const { link } = this.#parts;
    const own = link.footOf(vlan)?.v4?.own;
    if (!own) return;
    const destination = way.to === "broadcast" ? BROADCAST : way.address;
    const destinationPort = way.to === "relay" ? dhcpPort.server : dhcpPort.client;
    const datagram = serializeUdp({ sourcePort: dhcpPort.server, destinationPort, payload }, own, destination);
    const packet = serializeIpv4Packet({ source: own, destination, protocol: IP_PROTOCOL.udp, payload: datagram });
    if (way.to === "broadcast") link.sendToAll(vlan, packet);
    else if (way.to === "client") link.sendTo(vlan, way.mac, packet);
    else link.sendToNeighbour(vlan, destination, packet);
  }

  #dhcpv6(packet: SeenPacket, udp: UdpDatagram, sender: Sender): void {
    const { link } = this.#parts;
    const foot = link.footOf(sender.vlan);
    const message = parseDhcpv6(udp.payload);
    if ("malformed" in message || !foot?.v6 || !foot.router) return;
    const answer = decideDhcpv6({ mac: link.mac, dnsServer: foot.v6.own, domain: foot.router.domain }, message);
    if (!answer) return;
    const source = isLinkLocalIpv6(packet.source) ? foot.v6.linkLocal : foot.v6.own;
    const datagram = serializeUdp(
      { sourcePort: dhcpv6Port.server, destinationPort: dhcpv6Port.client, payload: serializeDhcpv6(answer) },
      source,
      packet.source,
    );
    link.sendTo(
      sender.vlan,
      sender.mac,
      serializeIpv6Packet({ source, destination: packet.source, protocol: IP_PROTOCOL.udp, payload: datagram }),
    );
  }

  #dns(packet: SeenPacket, udp: UdpDatagram, sender: Sender): void {
    // What has to be asked of others is answered when this packet's memory is long in use again.
    const to = {
      vlan: sender.vlan,
      mac: sender.mac.slice(),
      source: packet.destination.slice(),
      destination: packet.source.slice(),
      port: udp.sourcePort,
    };
    const answer = this.#parts.dns.answer(udp.payload, { who: macText(sender.mac), over: "udp" });
    if (answer instanceof Promise) {
      void answer.then((bytes) => {
        this.#sendDns(bytes, to);
        this.#parts.link.flush();
      });
    } else this.#sendDns(answer, to);
  }

  #sendDns(payload: Uint8Array | undefined, to: DnsWay): void {
    if (!payload) return;
    const { source, destination } = to;
    const datagram = serializeUdp({ sourcePort: DNS_PORT, destinationPort: to.port, payload }, source, destination);
    const parts = { source, destination, protocol: IP_PROTOCOL.udp, payload: datagram };
    this.#parts.link.sendTo(to.vlan, to.mac, source.length === 4 ? serializeIpv4Packet(parts) : serializeIpv6Packet(parts));
  }

  #takeEcho(packet: SeenPacket, sender: Sender): boolean {
    const message = parseIcmp(packet.payload);
    if ("malformed" in message) return true;
    if (message.type !== ICMP.echo) return false;
    const payload = serializeIcmp({ type: ICMP.echoReply, rest: message.rest, body: message.body });
    const { source: destination, destination: source } = packet;
    this.#parts.link.sendTo(sender.vlan, sender.mac, serializeIpv4Packet({ source, destination, protocol: IP_PROTOCOL.icmp, payload }));
    return true;
  }

  #takeIcmpv6(packet: SeenPacket, sender: Sender): boolean {
    const message = parseIcmpv6(packet.payload, packet.source, packet.destination);
    if ("malformed" in message) return true;
    if (message.type === ICMPV6.echo && !isGroup(packet.destination)) {
      const { source: destination, destination: source } = packet;
      const payload = serializeIcmpv6({ type: ICMPV6.echoReply, rest: message.rest, body: message.body }, source, destination);
      this.#parts.link.sendTo(sender.vlan, sender.mac, serializeIpv6Packet({ source, destination, protocol: IP_PROTOCOL.icmpv6, payload }));
      return true;
    }
    // RFC 4861 §6.1.1, §7.1: only what was not routed on its way here.
    const discovery = packet.hopLimit === 255 ? parseNdp(packet.payload) : { malformed: "routed" };
    if ("malformed" in discovery) return false;
    this.#discovery(discovery, packet, sender);
    return true;
  }

  #discovery(message: NdpMessage, packet: SeenPacket, sender: Sender): void {
    const { link, router } = this.#parts;
    switch (message.kind) {
      case "routerSolicitation":
        if (packet.source.some((byte) => byte !== 0)) link.saw(sender.vlan, packet.source, sender.mac, { isWanted: true });
        router.solicited(sender.vlan, packet.source);
        return;
      case "neighborSolicitation":
        // Whoever makes sure that an address is free is about to use it (RFC 4862 §5.4).
        if (packet.source.every((byte) => byte === 0)) this.sawV6(message.target, sender);
        link.neighbour(sender.vlan, message, packet.source, sender.mac);
        return;
      case "neighborAdvertisement":
        this.sawV6(message.target, sender);
        link.neighbour(sender.vlan, message, packet.source, sender.mac);
        return;
      default:
        return;
    }
  }

  /** A guest speaks from an IPv6 address of its segment: then its name leads there too. */
  sawV6(address: Uint8Array, sender: Sender): void {
    const range = this.#parts.link.footOf(sender.vlan)?.v6?.range;
    if (!range) return;
    const seen = { mac: macText(sender.mac), vlan: sender.vlan, address, range, nowMs: this.#parts.nowMs() };
    if (this.#parts.machines.sawV6(seen)) this.#parts.newAddress();
  }
}

interface DnsWay {
  readonly vlan: number;
  readonly mac: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly port: number;
}

/** Multicast, or everybody on the segment. */
const isGroup = (address: Uint8Array): boolean =>
  address.length === 16 ? address[0] === 0xff : (address[0] ?? 0) >= 224 || ipv4Text(address) === "255.255.255.255";
