// Packets that go on: from one VLAN to another, to another network, or out. Decides (or asks what was decided for the flow),
// takes one off the hop limit, and tells senders what did not go on.
import type { DropReason } from "@mimic/model";
import { equalBytes, IP_PROTOCOL, isInRange, isMalformed, macText, readU16 } from "@mimic/wire";
import { RateLimit } from "./dns/rate-limit.ts";
import type { Foot } from "./feet.ts";
import { decideEgress, type EgressDecision, type EgressQuestion } from "./filter/decide-egress.ts";
import { type FlowEnds, FlowTable } from "./filter/flow-table.ts";
import type { EgressPolicy } from "./filter/policy.ts";
import { AllowedFragments, isTinyFirstFragment } from "./link/fragments.ts";
import { type IcmpReason, icmpErrorFor } from "./link/icmp-errors.ts";
import type { Link } from "./link/link.ts";
import { decrementHopLimit, type SeenPacket, seePacket } from "./link/packet.ts";
import type { Machines } from "./machines.ts";
import type { Sender } from "./services.ts";
import type { Uplink } from "./uplink.ts";

/** RFC 1812 §4.3.2.8, RFC 4443 §2.4 f. */
const ERRORS = { perSecond: 100, burst: 100 };

export interface RouterParts {
  readonly link: Link;
  readonly machines: Machines;
  readonly policy: () => EgressPolicy;
  readonly uplink: () => Uplink | undefined;
  readonly nowMs: () => number;
  readonly mtu: () => number;
  /** A packet for another network of this installation. */
  readonly toNetwork: (network: string, packet: Uint8Array) => void;
  /** The frame that is being looked at. */
  readonly frame: () => Uint8Array;
  /** Counts and notes the frame that is being looked at. */
  readonly dropped: (reason: DropReason, rule: string | undefined) => void;
}

export class Router {
  readonly #parts: RouterParts;
  readonly #flows = new FlowTable();
  readonly #fragments = new AllowedFragments();
  readonly #errors = new RateLimit(ERRORS);

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** Rules changed: what was allowed is decided anew. */
  forgetFlows(): void {
    this.#flows.clear();
  }

  /** A guest's packet that is for nobody here. */
  route(packet: SeenPacket, sender: Sender): void {
    if (packet.hasOptions) {
      this.#parts.dropped("destinationFiltered", "filter:options");
      return;
    }
    if (!this.#isOwnSource(packet, sender)) {
      this.#parts.dropped("ipSpoofed", "filter:source");
      return;
    }
    if (packet.hopLimit <= 1) {
      this.refuse(packet, sender, { reason: "ttlExpired", rule: undefined, tell: "timeExceeded" });
      return;
    }
    const segment = this.#parts.link.footTo(packet.destination);
    // What is translated is put together first, and asked about once for each flow (see `decideFlow`).
    const isForUplink = !segment && packet.kind !== "other" && this.#parts.policy().neighbours.length === 0;
    if (isForUplink && this.#parts.policy().uplink === "internet") {
      this.#toUplink(packet, sender);
      return;
    }
    this.#routeDecided(packet, sender);
  }

  /** What `decideEgress` says of a packet, with its sender's name and MAC. */
  questionOf(packet: Pick<SeenPacket, "source" | "destination" | "kind" | "toPort">, sender: Sender): EgressQuestion {
    const mac = macText(sender.mac);
    const machine = this.#parts.machines.byMac(mac)?.machine;
    const { source: from, destination: to, kind: protocol } = packet;
    return { mac, machine, vlan: sender.vlan, from, to, protocol, port: protocol === "icmp" ? 0 : packet.toPort };
  }

  /**
   * From another network, whose rules let it go. Here it may still be refused by a rule, and is otherwise remembered, so that
   * answers find back. False = it was not taken.
   */
  routeFromNetwork(packet: SeenPacket): boolean {
    const foot = this.#parts.link.footTo(packet.destination);
    if (!foot || packet.hopLimit <= 1 || isTinyFirstFragment(packet)) return false;
    const nowMs = this.#parts.nowMs();
    const ends = endsOf(packet);
    const isAnswer = ends !== undefined && this.#flows.isAnswer(ends, nowMs);
    if (!isAnswer && ends) {
      const { source: from, destination: to, kind: protocol, toPort: port } = packet;
      const decision = decideEgress(this.#parts.policy(), { mac: "", machine: undefined, vlan: 0, from, to, protocol, port });
      if (decision.verdict !== "accept" && !decision.rule?.startsWith("filter:")) return false;
      this.#flows.allow(ends, nowMs);
    }
    if (packet.bytes.length > this.#parts.mtu()) this.#tellTooBig(packet, foot);
    else this.#forward(foot.vlan, packet);
    return true;
  }

  /** Its own network takes longer frames than this one: the sender there is told what fits (RFC 1191 §4, RFC 8201 §3). */
  #tellTooBig(packet: SeenPacket, foot: Foot): void {
    const network = this.#networkOf(packet.source);
    const own = packet.version === 4 ? foot.v4?.own : foot.v6?.own;
    if (network === undefined || !own || !this.#errors.take(`network ${network}`, this.#parts.nowMs())) return;
    const error = icmpErrorFor(packet, { tooBigFor: this.#parts.mtu() }, own);
    if (error) this.#parts.toNetwork(network, error);
  }

  refuse(
    packet: SeenPacket,
    sender: Sender,
    refusal: { readonly reason: DropReason; readonly rule: string | undefined; readonly tell: IcmpReason | undefined },
  ): void {
    this.#parts.dropped(refusal.reason, refusal.rule);
    if (refusal.tell === undefined || !this.#errors.take(macText(sender.mac), this.#parts.nowMs())) return;
    const foot = this.#parts.link.footOf(sender.vlan);
    const own = packet.version === 4 ? foot?.v4?.own : foot?.v6?.own;
    const error = own && icmpErrorFor(packet, refusal.tell, own);
    if (error) this.#parts.link.sendTo(sender.vlan, sender.mac, error);
  }

  /** A packet of ours on its way to a neighbour that does not answer: its sender, wherever it is, is told (RFC 1812 §5.2.7.1). */
  unreached(bytes: Uint8Array): void {
    const packet = seePacket((bytes[0] ?? 0) >> 4 === 6 ? 6 : 4, bytes);
    if (isMalformed(packet)) return;
    const foot = this.#parts.link.footTo(packet.source);
    const own = packet.version === 4 ? foot?.v4?.own : foot?.v6?.own;
    if (!foot || !own || this.#parts.link.isOwn(packet.source) || !this.#errors.take(`vlan ${foot.vlan}`, this.#parts.nowMs())) return;
    const error = icmpErrorFor(packet, "hostUnreachable", own);
    if (error) this.#parts.link.sendToNeighbour(foot.vlan, packet.source, error);
  }

  #toUplink(packet: SeenPacket, sender: Sender): void {
    const uplink = this.#parts.uplink();
    if (!uplink) {
      this.refuse(packet, sender, { reason: "noRoute", rule: "filter:noUplink", tell: "noRoute" });
      return;
    }
    uplink.receive(this.#parts.frame(), sender.vlan);
  }

  #routeDecided(packet: SeenPacket, sender: Sender): void {
    const nowMs = this.#parts.nowMs();
    if (isTinyFirstFragment(packet)) {
      this.#parts.dropped("destinationFiltered", "filter:tinyFragment");
      return;
    }
    const ends = endsOf(packet);
    const isAnswer = ends !== undefined && this.#flows.isAnswer(ends, nowMs);
    const follows = packet.fragment !== undefined && packet.fragment.offset > 0;
    if (follows && !this.#fragments.mayFollow(packet, nowMs)) {
      this.#parts.dropped("destinationFiltered", "filter:fragment");
      return;
    }
    const decision = isAnswer || follows ? undefined : decideEgress(this.#parts.policy(), this.questionOf(packet, sender));
    if (decision && decision.verdict !== "accept") {
      const tell = decision.verdict === "reject" ? tellingOf(decision) : undefined;
      this.refuse(packet, sender, { reason: decision.reason, rule: decision.rule, tell });
      return;
    }
    if (packet.fragment?.offset === 0) this.#fragments.allow(packet, nowMs);
    if (ends && decision) this.#flows.allow(ends, nowMs);
    this.#pass(packet, sender, decision);
  }

  #pass(packet: SeenPacket, sender: Sender, decision: (EgressDecision & { readonly verdict: "accept" }) | undefined): void {
    this.#parts.link.saw(sender.vlan, packet.source, sender.mac, { isWanted: true });
    const foot = this.#parts.link.footTo(packet.destination);
    if (foot) {
      const mtu = this.#parts.mtu();
      if (packet.bytes.length > mtu) {
        this.refuse(packet, sender, { reason: "tooLong", rule: undefined, tell: { tooBigFor: mtu } });
        return;
      }
      this.#forward(foot.vlan, packet);
      return;
    }
    const network = decision?.way === "network" ? decision.network : this.#networkOf(packet.destination);
    if (network !== undefined) {
      const bytes = packet.bytes.slice();
      decrementHopLimit(packet.version, bytes);
      this.#parts.toNetwork(network, bytes);
      return;
    }
    if (packet.kind === "other") this.refuse(packet, sender, { reason: "unknownProtocol", rule: "filter:protocol", tell: "prohibited" });
    else this.#toUplink(packet, sender);
  }

  #forward(vlan: number, packet: SeenPacket): void {
    const bytes = packet.bytes.slice();
    decrementHopLimit(packet.version, bytes);
    this.#parts.link.sendToNeighbour(vlan, packet.destination, bytes);
  }

  #networkOf(address: Uint8Array): string | undefined {
    return this.#parts.policy().neighbours.find(({ ranges }) => ranges.some((range) => isInRange(range, address)))?.id;
  }

  /** A guest speaks from its segment's addresses only, also where its port's guards are off. */
  #isOwnSource(packet: SeenPacket, sender: Sender): boolean {
    const foot = this.#parts.link.footOf(sender.vlan);
    const range = packet.version === 4 ? foot?.v4?.range : foot?.v6?.range;
    return range !== undefined && isInRange(range, packet.source);
  }
}

const tellingOf = (decision: EgressDecision & { readonly verdict: "drop" | "reject" }): IcmpReason =>
  decision.reason === "noRoute" ? "noRoute" : "prohibited";

/** The two ends of the packet's flow; for an ICMP error those of the flow that it is about, turned round. */
function endsOf(packet: SeenPacket): FlowEnds | undefined {
  if (packet.fragment && packet.fragment.offset > 0) return undefined;
  // An error about somebody else's packet is an ordinary message, and needs to be allowed as one.
  const isError =
    packet.kind === "icmp" && (packet.version === 4 ? [3, 11, 12].includes(packet.payload[0] ?? 0) : (packet.payload[0] ?? 255) < 128);
  const inner = isError ? innerEndsOf(packet) : undefined;
  if (inner && equalBytes(inner.to, packet.destination)) return inner;
  const { source: from, destination: to, protocol, fromPort, toPort } = packet;
  return { from, to, protocol, fromPort, toPort };
}

/** An error goes back to whom the packet in it came from: as if it came from that packet's destination. */
function innerEndsOf({ version, payload }: SeenPacket): FlowEnds | undefined {
  const inner = payload.subarray(8);
  const head = version === 4 ? ((inner[0] ?? 0) & 15) * 4 : 40;
  if (inner.length < head + 8 || head < 20) return undefined;
  const size = version === 4 ? 4 : 16;
  const sourceAt = version === 4 ? 12 : 8;
  const protocol = inner[version === 4 ? 9 : 6] ?? 0;
  const isEcho = protocol === IP_PROTOCOL.icmp || protocol === IP_PROTOCOL.icmpv6;
  const [fromPort, toPort] = isEcho
    ? [readU16(inner, head + 4), readU16(inner, head + 4)]
    : [readU16(inner, head), readU16(inner, head + 2)];
  const [from, to] = [inner.subarray(sourceAt, sourceAt + size), inner.subarray(sourceAt + size, sourceAt + 2 * size)];
  return { from: to, to: from, protocol, fromPort: toPort, toPort: fromPort };
}
