// The gateway on the wire: answers for its own addresses (ARP, neighbour discovery), finds out whose the others are, and puts
// packets into frames. Everything that it sends is gathered until `flush`.
import {
  ARP_OPERATION,
  BROADCAST_MAC,
  checksumOf,
  ETHER_TYPE,
  equalBytes,
  eui64Address,
  hexOf,
  IP_PROTOCOL,
  type IpRange,
  isInRange,
  isLinkLocalIpv6,
  macText,
  multicastMacOfIpv6,
  type NdpMessage,
  parseArp,
  parseIpv6,
  pseudoHeaderSum,
  serializeArp,
  serializeIpv6Packet,
  serializeNdp,
  solicitedNodeOf,
  writeU16,
} from "@mimic/wire";
import type { Foot } from "../feet.ts";
import { FrameWriter } from "./frame-writer.ts";
import { type Asking, Neighbours, type Unreached } from "./neighbours.ts";

export interface LinkParts {
  readonly nowMs: () => number;
  /** A run of frames for the switch; valid during the call. */
  readonly send: (run: Uint8Array) => void;
}

const LINK_LOCAL = parseIpv6("fe80::") ?? new Uint8Array(16);
const ALL_NODES = parseIpv6("ff02::1") ?? new Uint8Array(16);
const CLAIM_MS = 600_000;
const MOST_CLAIMS = 4096;

export class Link {
  readonly #parts: LinkParts;
  readonly #writer: FrameWriter;
  readonly #neighbours = new Neighbours();
  /** Addresses that somebody was heard to speak as in ARP: so that DHCP does not give them to others. */
  readonly #claims = new Map<string, { mac: string; untilMs: number }>();
  #mac: Uint8Array = new Uint8Array(6);
  #feet = new Map<number, Foot>();

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#writer = new FrameWriter(
      () => this.#mac,
      () => this.flush(),
    );
  }

  apply(feet: readonly Foot[], mac: Uint8Array): void {
    this.#mac = mac;
    this.#feet = new Map(feet.map((foot) => [foot.vlan, foot]));
    for (const { vlan, v4 } of feet) if (v4) this.#announce(vlan, v4.own);
  }

  get mac(): Uint8Array {
    return this.#mac;
  }
  footOf(vlan: number): Foot | undefined {
    return this.#feet.get(vlan);
  }
  /** The foot in whose segment an address lies. */
  footTo(address: Uint8Array): Foot | undefined {
    for (const foot of this.#feet.values()) {
      const range = address.length === 4 ? foot.v4?.range : foot.v6?.range;
      if (range && isInRange(range, address)) return foot;
    }
    return undefined;
  }

  isOwn(address: Uint8Array): boolean {
    for (const { v4, v6 } of this.#feet.values()) {
      if (
        address.length === 4 ? v4 && equalBytes(v4.own, address) : v6 && (equalBytes(v6.own, address) || equalBytes(v6.linkLocal, address))
      ) {
        return true;
      }
    }
    return false;
  }

  flush(): void {
    if (!this.#writer.isEmpty) this.#parts.send(this.#writer.take());
  }

  /** A packet for a MAC that is known already: an answer. */
  sendTo(vlan: number, mac: Uint8Array, packet: Uint8Array): void {
    this.#writer.add(vlan, mac, packet[0] !== undefined && packet[0] >> 4 === 6 ? ETHER_TYPE.ipv6 : ETHER_TYPE.ipv4, packet);
  }

  sendToAll(vlan: number, packet: Uint8Array): void {
    this.#writer.add(vlan, BROADCAST_MAC, ETHER_TYPE.ipv4, packet);
  }

  /** A packet to a neighbour in that VLAN, asking who it is first where that is not known. */
  sendToNeighbour(vlan: number, address: Uint8Array, packet: Uint8Array): void {
    const { mac, asking } = this.#neighbours.find(vlan, address, packet, this.#parts.nowMs());
    if (mac) this.sendTo(vlan, mac, packet);
    if (asking) this.#ask(asking);
  }

  /** A packet showed who has an address; guards of the switch saw to it that it is true. */
  saw(vlan: number, address: Uint8Array, mac: Uint8Array, { isWanted }: { readonly isWanted: boolean }): void {
    for (const packet of this.#neighbours.learn(vlan, address, mac, { nowMs: this.#parts.nowMs(), isWanted }))
      this.sendTo(vlan, mac, packet);
  }

  /** Router advertisements and other messages of neighbour discovery; to all nodes where no address is given. */
  sendNdp(vlan: number, message: NdpMessage, to: Uint8Array | undefined): void {
    // The same on every foot; a farewell goes out on one that is gone already.
    const source = eui64Address(LINK_LOCAL, this.#mac);
    const destination = to ?? ALL_NODES;
    const packet = ndpPacket(message, source, destination);
    if (destination[0] === 0xff) this.#writer.add(vlan, multicastMacOfIpv6(destination), ETHER_TYPE.ipv6, packet);
    else this.sendToNeighbour(vlan, destination, packet);
  }

  arp(vlan: number, payload: Uint8Array): void {
    const arp = parseArp(payload);
    if ("malformed" in arp) return;
    const own = this.#feet.get(vlan)?.v4?.own;
    const isForUs = own !== undefined && equalBytes(arp.targetIp, own);
    if (!isZero(arp.senderIp)) {
      this.#claim(vlan, arp.senderIp, arp.senderMac);
      this.saw(vlan, arp.senderIp, arp.senderMac, { isWanted: isForUs });
    }
    if (arp.operation !== ARP_OPERATION.request || !isForUs || !own) return;
    const reply = serializeArp({
      operation: ARP_OPERATION.reply,
      senderMac: this.#mac,
      senderIp: own,
      targetMac: arp.senderMac,
      targetIp: arp.senderIp,
    });
    this.#writer.add(vlan, arp.senderMac, ETHER_TYPE.arp, reply);
  }

  /** A neighbour asks for, or tells, an address. `from` unspecified: it makes sure that nobody has its own (RFC 4862 §5.4). */
  neighbour(
    vlan: number,
    message: NdpMessage & { readonly kind: "neighborSolicitation" | "neighborAdvertisement" },
    from: Uint8Array,
    mac: Uint8Array,
  ): void {
    const v6 = this.#feet.get(vlan)?.v6;
    if (!v6) return;
    if (message.kind === "neighborAdvertisement") {
      this.saw(vlan, message.target, mac, { isWanted: false });
      return;
    }
    const isOwn = equalBytes(message.target, v6.own) || equalBytes(message.target, v6.linkLocal);
    if (!isOwn) return;
    const isProbe = isZero(from);
    if (!isProbe) this.saw(vlan, from, mac, { isWanted: true });
    const answer: NdpMessage = {
      kind: "neighborAdvertisement",
      isRouter: true,
      isSolicited: !isProbe,
      isOverride: true,
      target: message.target,
      options: [{ option: "targetLinkLayer", mac: this.#mac }],
    };
    const to = isProbe ? ALL_NODES : from;
    this.#writer.add(vlan, isProbe ? multicastMacOfIpv6(ALL_NODES) : mac, ETHER_TYPE.ipv6, ndpPacket(answer, message.target, to));
  }

  /** Whether another MAC spoke as that IPv4 address lately. */
  isClaimedByOther(vlan: number, address: Uint8Array, mac: string): boolean {
    const claim = this.#claims.get(`${vlan} ${hexOf(address)}`);
    return claim !== undefined && claim.mac !== mac && claim.untilMs > this.#parts.nowMs();
  }

  forget(vlan: number, address: Uint8Array): void {
    this.#neighbours.forget(vlan, address);
    this.#claims.delete(`${vlan} ${hexOf(address)}`);
  }

  /** Once a second. Answers packets that could not be brought to anybody. */
  tick(): readonly Unreached[] {
    const { asking, unreached } = this.#neighbours.tick(this.#parts.nowMs());
    for (const one of asking) this.#ask(one);
    return unreached;
  }

  #ask({ vlan, address }: Asking): void {
    const foot = this.#feet.get(vlan);
    if (address.length === 4) {
      if (!foot?.v4) return;
      const request = {
        operation: ARP_OPERATION.request,
        senderMac: this.#mac,
        senderIp: foot.v4.own,
        targetMac: new Uint8Array(6),
        targetIp: address,
      };
      this.#writer.add(vlan, BROADCAST_MAC, ETHER_TYPE.arp, serializeArp(request));
      return;
    }
    if (!foot?.v6) return;
    const group = solicitedNodeOf(address);
    const source = isLinkLocalIpv6(address) ? foot.v6.linkLocal : foot.v6.own;
    const message: NdpMessage = { kind: "neighborSolicitation", target: address, options: [{ option: "sourceLinkLayer", mac: this.#mac }] };
    this.#writer.add(vlan, multicastMacOfIpv6(group), ETHER_TYPE.ipv6, ndpPacket(message, source, group));
  }

  /** So that guests which knew another MAC for this address learn the new one (RFC 5227 §3). */
  #announce(vlan: number, own: Uint8Array): void {
    const packet = serializeArp({
      operation: ARP_OPERATION.request,
      senderMac: this.#mac,
      senderIp: own,
      targetMac: new Uint8Array(6),
      targetIp: own,
    });
    this.#writer.add(vlan, BROADCAST_MAC, ETHER_TYPE.arp, packet);
  }

  #claim(vlan: number, address: Uint8Array, mac: Uint8Array): void {
    const range: IpRange | undefined = this.#feet.get(vlan)?.v4?.range;
    if (!range || !isInRange(range, address)) return;
    const key = `${vlan} ${hexOf(address)}`;
    this.#claims.delete(key);
    this.#claims.set(key, { mac: macText(mac), untilMs: this.#parts.nowMs() + CLAIM_MS });
    for (const oldest of this.#claims.keys()) {
      if (this.#claims.size <= MOST_CLAIMS) break;
      this.#claims.delete(oldest);
    }
  }
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** RFC 4861 §4: the hop limit says that it was not routed. */
export function ndpPacket(message: NdpMessage, source: Uint8Array, destination: Uint8Array): Uint8Array {
  const payload = serializeNdp(message);
  const pseudo = pseudoHeaderSum(source, destination, IP_PROTOCOL.icmpv6, payload.length);
  writeU16(payload, 2, checksumOf(payload, 0, payload.length, pseudo));
  return serializeIpv6Packet({ source, destination, protocol: IP_PROTOCOL.icmpv6, payload, hopLimit: 255 });
}
