// What a frame is, and whose: Ethernet, IP and its fragments, then TCP, UDP or ICMP. What is not for us goes to the owner, or
// nowhere. Nothing that comes in makes it throw.
import { checksumOf, ETHER_TYPE, foldSum, IP_PROTOCOL, parseUdp, readU16, sumOf, TPID_CUSTOMER } from "@mimic/wire";
import type { Batches } from "./batches.ts";
import type { Fragments } from "./fragments.ts";
import type { Icmp } from "./icmp.ts";
import type { Complaint } from "./icmp-errors.ts";
import type { Neighbours } from "./neighbours.ts";
import type { EndpointCounters, EndpointEvents } from "./options.ts";
import type { OwnAddresses } from "./own-addresses.ts";
import { Packet } from "./packet.ts";
import { FlowKey } from "./tcp/flow-table.ts";
import type { TcpStack } from "./tcp/stack.ts";
import type { Link } from "./tcp/template.ts";

export interface ArrivalParts {
  readonly link: Link;
  readonly own: OwnAddresses;
  readonly answersFor: "own" | "every";
  readonly batches: Batches;
  readonly fragments: Fragments;
  readonly tcp: TcpStack;
  readonly icmp: Icmp;
  readonly neighbours: Neighbours;
  readonly counters: EndpointCounters;
  readonly events: () => EndpointEvents;
  readonly complain: (packet: Packet, complaint: Complaint) => void;
  /** Something began that ends by time. */
  readonly keepHouse: () => void;
}

export class Arrivals {
  readonly #link: Link;
  readonly #own: OwnAddresses;
  readonly #batches: Batches;
  readonly #tcp: TcpStack;
  readonly #counters: EndpointCounters;
  readonly #parts: ArrivalParts;
  readonly #packet = new Packet();
  readonly #key = new FlowKey();
  #given: Uint8Array | undefined;
  #plainOfGiven = new Uint8Array(0) as Uint8Array;

  constructor(parts: ArrivalParts) {
    this.#parts = parts;
    this.#link = parts.link;
    this.#own = parts.own;
    this.#batches = parts.batches;
    this.#tcp = parts.tcp;
    this.#counters = parts.counters;
  }

  /** Takes the frame in [at, end). */
  frame(given: Uint8Array, at: number, end: number): void {
    this.#batches.begin();
    const bytes = this.#plain(given);
    this.#counters.framesIn++;
    const typeAt = this.#typeAt(bytes, at, end);
    if (typeAt < 0) {
      this.#counters.ignored++;
      return;
    }
    const type = readU16(bytes, typeAt);
    const isGroup = ((bytes[at] as number) & 1) !== 0;
    this.#takeMac(bytes, at + 6);
    if (type === ETHER_TYPE.ipv4) this.#inputIp(bytes, typeAt + 2, end, 4, isGroup);
    else if (type === ETHER_TYPE.ipv6) this.#inputIp(bytes, typeAt + 2, end, 6, isGroup);
    else if (type === ETHER_TYPE.arp) this.#parts.neighbours.arriveArp(bytes.subarray(typeAt + 2, end));
    else this.#counters.ignored++;
  }

  /**
   * Takes the frame only when it is a whole TCP segment of a connection (or an opening) that is known: for an owner that looks at
   * all others itself. False = it is not, and nothing has happened.
   */
  known(given: Uint8Array, at: number, end: number): boolean {
    const bytes = this.#plain(given);
    const typeAt = this.#typeAt(bytes, at, end);
    if (typeAt < 0) return false;
    const type = readU16(bytes, typeAt);
    const version = type === ETHER_TYPE.ipv4 ? 4 : type === ETHER_TYPE.ipv6 ? 6 : undefined;
    const packet = this.#packet;
    if (version === undefined || packet.read(bytes, typeAt + 2, end, version) !== undefined) return false;
    if (packet.protocol !== IP_PROTOCOL.tcp || packet.isFragment) return false;
    const { payloadAt } = packet;
    if (packet.end - payloadAt < 20) return false;
    if (!this.#tcp.knows(packet.flowInto(this.#key, readU16(bytes, payloadAt), readU16(bytes, payloadAt + 2)))) return false;
    this.#batches.begin();
    this.#counters.framesIn++;
    packet.isOwn = true;
    packet.isGroup = false;
    this.#takeMac(bytes, at + 6);
    this.#arriveTcp(packet);
    return true;
  }

  /** Takes an IP packet without a frame around it, from `mac`. */
  packet(given: Uint8Array, version: 4 | 6, mac: Uint8Array): void {
    this.#batches.begin();
    const bytes = this.#plain(given);
    this.#counters.framesIn++;
    this.#takeMac(mac, 0);
    this.#inputIp(bytes, 0, bytes.length, version, false);
  }

  /** A Buffer's `slice` is a view, and what we keep must be copies: so that nothing here ever sees a Buffer. */
  #plain(given: Uint8Array): Uint8Array {
    if (given.constructor === Uint8Array) return given;
    if (given !== this.#given) {
      this.#given = given;
      this.#plainOfGiven = new Uint8Array(given.buffer, given.byteOffset, given.length);
    }
    return this.#plainOfGiven;
  }

  /** Where the EtherType stands; -1 = the frame is not for us. */
  #typeAt(bytes: Uint8Array, at: number, end: number): number {
    const { vlan, mac } = this.#link;
    if (end - at < (vlan === undefined ? 14 : 18)) return -1;
    const isGroup = ((bytes[at] as number) & 1) !== 0;
    if (!isGroup && !isMac(bytes, at, mac)) return -1;
    // What we sent ourselves and came round.
    if (isMac(bytes, at + 6, mac)) return -1;
    if (vlan === undefined) return at + 12;
    return readU16(bytes, at + 12) === TPID_CUSTOMER && (readU16(bytes, at + 14) & 0xfff) === vlan ? at + 16 : -1;
  }

  #takeMac(bytes: Uint8Array, at: number): void {
    const { mac } = this.#packet;
    for (let i = 0; i < 6; i++) mac[i] = bytes[at + i] as number;
  }

  #inputIp(bytes: Uint8Array, at: number, end: number, version: 4 | 6, isGroup: boolean): void {
    const packet = this.#packet;
    const problem = packet.read(bytes, at, end, version);
    if (problem !== undefined) {
      if (problem === "badChecksum") this.#counters.badChecksums++;
      else this.#counters[problem]++;
      return;
    }
    packet.isGroup = isGroup || this.#own.isGroup(packet);
    packet.isOwn = !packet.isGroup && this.#own.isMeant(packet);
    if (!packet.isFragment) {
      this.#carried(packet);
      return;
    }
    const whole = this.#parts.fragments.add(packet, this.#batches.now);
    this.#parts.keepHouse();
    if (whole === undefined) return;
    if (version === 4) putChecksum(whole);
    if (packet.read(whole, 0, whole.length, version) === undefined) this.#carried(packet);
    else this.#counters.malformed++;
  }

  #carried(packet: Packet): void {
    if (packet.protocol === IP_PROTOCOL.tcp) {
      if (!packet.isGroup) this.#arriveTcp(packet);
      return;
    }
    const isMine = packet.isOwn || packet.isGroup;
    if (!isMine && this.#isForeignDone(packet)) return;
    if (packet.protocol === IP_PROTOCOL.udp) this.#arriveUdp(packet);
    else if (packet.protocol === (packet.version === 4 ? IP_PROTOCOL.icmp : IP_PROTOCOL.icmpv6)) {
      this.#parts.icmp.arrive(packet, { events: this.#parts.events(), neighbours: this.#parts.neighbours, tcp: this.#tcp });
    } else if (isMine) this.#parts.events().other?.(packet);
  }

  /** Nobody's here? Then it was not meant for us, or it has gone too far. */
  #isForeignDone(packet: Packet): boolean {
    const { answersFor, events, complain } = this.#parts;
    if (answersFor === "own" && !events().foreign) {
      this.#counters.ignored++;
      return true;
    }
    if (packet.ttl <= 1) {
      complain(packet, { about: "timeExceeded" });
      return true;
    }
    if (events().foreign?.(packet)) return true;
    return answersFor === "own";
  }

  #arriveTcp(packet: Packet): void {
    const tcp = this.#tcp;
    const { bytes, payloadAt, end } = packet;
    if (!tcp.segment.read(bytes, payloadAt, end)) {
      this.#counters.malformed++;
      return;
    }
    if (foldSum(packet.pseudoSum() + sumOf(bytes, payloadAt, end - payloadAt)) !== 0xffff) {
      tcp.counters.badChecksums++;
      return;
    }
    if (tcp.arrive(packet.flowInto(this.#key, tcp.segment.sourcePort, tcp.segment.destinationPort))) return;
    if (!packet.isOwn && this.#isForeignDone(packet)) return;
    const { sourcePort, destinationPort } = tcp.segment;
    if (sourcePort === 0 || destinationPort === 0) return;
    const ends = { local: packet.destination, localPort: destinationPort, remote: packet.source, remotePort: sourcePort };
    tcp.arriveStray(ends, packet.mac, packet.whole);
  }

  #arriveUdp(packet: Packet): void {
    const { source, destination } = packet;
    const datagram = parseUdp(packet.payload, source.bytes, destination.bytes);
    if ("malformed" in datagram) {
      if (datagram.malformed === "bad_checksum") this.#counters.badChecksums++;
      else this.#counters.malformed++;
      return;
    }
    const mac = packet.mac.slice();
    if (source.w3 !== 0) this.#parts.neighbours.learn(source, mac);
    const arrival = { ...datagram, source, destination, mac, isGroup: packet.isGroup, packet };
    if (this.#parts.events().udp?.(arrival) === true || packet.isGroup) return;
    this.#parts.complain(packet, { about: "portUnreachable" });
  }
}

function isMac(bytes: Uint8Array, at: number, mac: Uint8Array): boolean {
  return (
    bytes[at + 5] === mac[5] &&
    bytes[at + 4] === mac[4] &&
    bytes[at + 3] === mac[3] &&
    bytes[at + 2] === mac[2] &&
    bytes[at + 1] === mac[1] &&
    bytes[at] === mac[0]
  );
}

function putChecksum(packet: Uint8Array): void {
  packet[10] = packet[11] = 0;
  const sum = checksumOf(packet, 0, 20);
  packet[10] = sum >>> 8;
  packet[11] = sum;
}
