// Frames as they come from the switch: each is looked at once and goes to ARP, a service, the router or the way out.
import type { DropReason } from "@mimic/model";
import { ARP_OPERATION, ETHER_TYPE, equalBytes, IP_PROTOCOL, isGroupMac, isMalformed, ndpType, parseEthernet, readU16 } from "@mimic/wire";
import { decideEgress } from "./filter/decide-egress.ts";
import type { EgressPolicy } from "./filter/policy.ts";
import { NATIVE_VLAN } from "./link/frame-writer.ts";
import type { Link } from "./link/link.ts";
import { type SeenPacket, seePacket } from "./link/packet.ts";
import type { Router } from "./router.ts";
import type { Sender, Services } from "./services.ts";
import type { Uplink } from "./uplink.ts";

export interface IngressParts {
  readonly link: Link;
  readonly services: Services;
  readonly router: Router;
  readonly policy: () => EgressPolicy;
  readonly uplink: () => Uplink | undefined;
  readonly dropped: (reason: DropReason, rule: string | undefined) => void;
}

export class Ingress {
  readonly #parts: IngressParts;
  /** The frame that is being looked at; valid until the next one. */
  frame: Uint8Array = new Uint8Array();
  sender: Sender = { vlan: NATIVE_VLAN, mac: new Uint8Array(6) };

  constructor(parts: IngressParts) {
    this.#parts = parts;
  }

  take(frame: Uint8Array): void {
    const { link } = this.#parts;
    const ethernet = parseEthernet(frame);
    if (isMalformed(ethernet)) return;
    const [tag, second] = ethernet.tags;
    // One tag says the VLAN; a second one is for somebody else.
    if (second) return;
    const vlan = tag ? tag.vlan : NATIVE_VLAN;
    if (!link.footOf(vlan)) return;
    const isGroup = isGroupMac(ethernet.destination);
    if (!isGroup && !equalBytes(ethernet.destination, link.mac)) return;
    this.frame = frame;
    this.sender = { vlan, mac: ethernet.source };
    if (ethernet.etherType === ETHER_TYPE.arp) this.#arp(ethernet.payload);
    else if (ethernet.etherType === ETHER_TYPE.ipv4) this.#packet(4, ethernet.payload, isGroup);
    else if (ethernet.etherType === ETHER_TYPE.ipv6) this.#packet(6, ethernet.payload, isGroup);
  }

  /** Answers may be for the way out, which asks for itself; questions are answered here alone. */
  #arp(payload: Uint8Array): void {
    this.#parts.link.arp(this.sender.vlan, payload);
    if (readU16(payload, 6) === ARP_OPERATION.reply) this.#parts.uplink()?.receive(this.frame, this.sender.vlan);
  }

  #packet(version: 4 | 6, bytes: Uint8Array, isGroup: boolean): void {
    const packet = seePacket(version, bytes);
    if (isMalformed(packet)) {
      this.#parts.dropped("malformed", undefined);
      return;
    }
    if (version === 6) this.#parts.services.sawV6(packet.source, this.sender);
    // To a group: only what our own services listen for (DHCP, neighbour discovery). Nothing of it is routed.
    if (isGroup) this.#parts.services.take(packet, this.sender);
    else if (this.#parts.link.isOwn(packet.destination)) this.#toOwn(packet);
    else this.#parts.router.route(packet, this.sender);
  }

  /** Services first; then connections of forwards, DNS over TCP and ports of this computer, which the way out knows; else nothing. */
  #toOwn(packet: SeenPacket): void {
    const { services, router } = this.#parts;
    if (packet.hasOptions) {
      this.#parts.dropped("destinationFiltered", "filter:options");
      return;
    }
    if (services.take(packet, this.sender)) {
      if (isNeighborAdvertisement(packet)) this.#parts.uplink()?.receive(this.frame, this.sender.vlan);
      return;
    }
    const uplink = this.#parts.uplink();
    if (uplink && packet.kind !== "other") {
      uplink.receive(this.frame, this.sender.vlan);
      return;
    }
    const decision = decideEgress(this.#parts.policy(), router.questionOf(packet, this.sender));
    if (decision.verdict === "accept") return;
    router.refuse(packet, this.sender, { reason: decision.reason, rule: decision.rule, tell: "portUnreachable" });
  }
}

/** It answers a question that the way out may have asked. */
const isNeighborAdvertisement = ({ protocol, payload }: SeenPacket): boolean =>
  protocol === IP_PROTOCOL.icmpv6 && payload[0] === ndpType.neighborAdvertisement;
