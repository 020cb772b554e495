// A TCP/IP host without an operating system: frames in, frames out, driven by what comes in and by timers that it is given. It
// owns addresses, or answers for every one. Nothing that comes in makes it throw, and everything that it keeps is bounded.
//
//   input(frame) … input(frame), flush()   →   owner's events   →   transmit(run)
import { checksumOf, ETHER_TYPE, foldSum, IP_PROTOCOL, parseUdp, readU16, serializeUdp, sumOf, TPID_CUSTOMER } from "@mimic/wire";
import { IpAddress, wordAt } from "./address.ts";
import { Fragments } from "./fragments.ts";
import { Icmp } from "./icmp.ts";
import type { Complaint } from "./icmp-errors.ts";
import { IpOutput } from "./ip-output.ts";
import { Memory } from "./memory.ts";
import { Neighbours } from "./neighbours.ts";
import type { EndpointCounters, EndpointEvents, EndpointLimits, EndpointOptions, OwnAddress } from "./options.ts";
import { Packet } from "./packet.ts";
import { RunWriter } from "./run-writer.ts";
import type { Timer } from "./scheduler.ts";
import { FlowKey } from "./tcp/flow-table.ts";
import { DEFAULT_LIMITS, TcpStack } from "./tcp/stack.ts";
import type { TcpConnection, TcpEvents } from "./tcp/tcp-connection.ts";
import type { Link } from "./tcp/template.ts";
import { type Timed, TimerQueue } from "./timer-queue.ts";

const HOUSEKEEPING_MS = 1000;

export class Endpoint implements Disposable {
  events: EndpointEvents = {};
  readonly tcp: TcpStack;
  readonly neighbours: Neighbours;
  readonly counters: EndpointCounters = {
    framesIn: 0,
    ignored: 0,
    malformed: 0,
    badChecksums: 0,
    sourceRouted: 0,
    badSource: 0,
    complaintsSuppressed: 0,
  };
  readonly #options: EndpointOptions;
  readonly #link: Link;
  readonly #writer: RunWriter;
  readonly #output: IpOutput;
  readonly #memory: Memory;
  readonly #fragments = new Fragments();
  readonly #icmp: Icmp;
  readonly #timers = new TimerQueue();
  readonly #housekeeper: Timed;
  readonly #packet = new Packet();
  readonly #key = new FlowKey();
  #own: readonly OwnAddress[];
  #now = 0;
  #isNowKnown = false;
  #isInBatch = false;
  #given: Uint8Array | undefined;
  #plainOfGiven = new Uint8Array(0) as Uint8Array;
  #isWoken = false;
  #isClosed = false;
  #timer: { readonly atMs: number; readonly timer: Timer } | undefined;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#own = options.addresses;
    this.#link = { mac: options.mac, vlan: options.vlan, mtu: options.mtu ?? 1500 };
    const limits: EndpointLimits = { ...DEFAULT_LIMITS, mostMemoryBytes: 256 << 20, icmpErrorsPerSecond: 200, ...options.limits };
    this.#writer = new RunWriter(options.transmit);
    this.#memory = new Memory(limits.mostMemoryBytes);
    this.#output = new IpOutput(this.#link, this.#writer, this.#random());
    this.#housekeeper = { dueMs: Infinity, heapAt: -1, heapMs: 0, onDue: (nowMs) => this.#keepHouse(nowMs) };
    this.neighbours = this.#makeNeighbours();
    this.#icmp = new Icmp({ limit: limits.icmpErrorsPerSecond, output: this.#output, counters: this.counters, nowMs: () => this.nowMs() });
    this.tcp = this.#makeStack(limits);
  }

  #makeNeighbours(): Neighbours {
    return new Neighbours({
      mac: this.#options.mac,
      nowMs: () => this.nowMs(),
      ownFor: (address) => this.ownAddressFor(address),
      isOurs: (address) => this.isOwn(address),
      sendArp: (payload, mac) => this.#send(() => this.#output.sendArp(payload, mac)),
      sendNdp: (message, ends, mac) => this.#send(() => this.#icmp.sendNdp(message, ends, mac)),
      wakeBy: (ms) => this.#keepHouseBy(ms),
    });
  }

  #makeStack(limits: EndpointLimits): TcpStack {
    const stack: TcpStack = new TcpStack({
      memory: this.#memory,
      writer: this.#writer,
      timers: this.#timers,
      link: this.#link,
      limits,
      random: () => this.#random(),
      nowMs: () => this.nowMs(),
      wake: () => this.#wake(),
      keepHouse: () => this.#keepHouseBy(this.nowMs() + HOUSEKEEPING_MS),
      send: (ends, protocol, payload, mac) => this.#send(() => this.#output.send({ ...ends, protocol }, payload, mac)),
      complain: (packet, about, mac) => this.#send(() => this.#complainOfOpening(packet, about, mac)),
      resolve: (address, found) => this.#resolve(address, found),
    });
    stack.onOpening = (opening) => {
      if (this.events.opening) this.events.opening(opening);
      else opening.refuse("refused");
    };
    return stack;
  }

  /** Of what happens now: the same for all frames of a batch. */
  nowMs(): number {
    return this.#isNowKnown ? this.#now : this.#options.scheduler.monotonicMs();
  }

  // Frames.

  /** Takes the frame in [at, end). What it leads to is sent by `flush`, which ends the batch. */
  input(given: Uint8Array, at = 0, end = given.length): void {
    if (!this.#isInBatch) this.#beginBatch();
    const bytes = this.#plain(given);
    this.counters.framesIn++;
    const typeAt = this.#typeAt(bytes, at, end);
    if (typeAt < 0) {
      this.counters.ignored++;
      return;
    }
    const type = readU16(bytes, typeAt);
    const isGroup = ((bytes[at] as number) & 1) !== 0;
    this.#takeMac(bytes, at + 6);
    if (type === ETHER_TYPE.ipv4) this.#inputIp(bytes, typeAt + 2, end, 4, isGroup);
    else if (type === ETHER_TYPE.ipv6) this.#inputIp(bytes, typeAt + 2, end, 6, isGroup);
    else if (type === ETHER_TYPE.arp) this.neighbours.arriveArp(bytes.subarray(typeAt + 2, end));
    else this.counters.ignored++;
  }

  /**
   * Takes the frame only when it is a whole TCP segment of a connection (or an opening) that is known: for an owner that looks at
   * all others itself. False = it is not, and nothing has happened.
   */
  inputKnown(given: Uint8Array, at: number, end: number): boolean {
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
    if (!this.tcp.knows(this.#keyOf(packet, readU16(bytes, payloadAt), readU16(bytes, payloadAt + 2)))) return false;
    if (!this.#isInBatch) this.#beginBatch();
    this.counters.framesIn++;
    packet.isOwn = true;
    packet.isGroup = false;
    this.#takeMac(bytes, at + 6);
    this.#arriveTcp(packet);
    return true;
  }

  /** Takes an IP packet without a frame around it, from `mac`. */
  inputPacket(given: Uint8Array, version: 4 | 6, mac: Uint8Array): void {
    if (!this.#isInBatch) this.#beginBatch();
    const bytes = this.#plain(given);
    this.counters.framesIn++;
    this.#takeMac(mac, 0);
    this.#inputIp(bytes, 0, bytes.length, version, false);
  }

  /** The batch is over: owners are told, answers are sent. */
  flush(): void {
    if (this.#isClosed) return;
    if (!this.#isNowKnown) this.#beginBatch();
    this.#writer.isHeld = false;
    this.#isInBatch = true;
    try {
      do this.tcp.settle();
      while (this.tcp.hasTouched);
    } finally {
      // Also when an owner's handler threw.
      this.#isInBatch = false;
      this.#writer.flush();
      this.#isNowKnown = false;
      this.#armTimer();
    }
  }

  #beginBatch(): void {
    this.#now = this.#options.scheduler.monotonicMs();
    this.#isNowKnown = true;
    this.#isInBatch = true;
    this.#writer.isHeld = true;
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
      if (problem === "badChecksum") this.counters.badChecksums++;
      else this.counters[problem]++;
      return;
    }
    packet.isGroup = isGroup || this.#isGroup(packet);
    packet.isOwn = !packet.isGroup && this.#own.some(({ address }) => packet.isTo(address));
    if (!packet.isFragment) {
      this.#carried(packet);
      return;
    }
    const whole = this.#fragments.add(packet, this.#now);
    this.#keepHouseBy(this.#now + HOUSEKEEPING_MS);
    if (whole === undefined) return;
    if (version === 4) putChecksum(whole);
    if (packet.read(whole, 0, whole.length, version) === undefined) this.#carried(packet);
    else this.counters.malformed++;
  }

  #isGroup(packet: Packet): boolean {
    const first = packet.bytes[packet.destinationAt] as number;
    if (packet.version === 6) return first === 0xff;
    if (first >= 224) return true;
    const destination = wordAt(packet.bytes, packet.destinationAt);
    return this.#own.some(({ address, prefixLength }) => {
      const host = prefixLength >= 31 ? 0 : 0xffff_ffff >>> prefixLength;
      return address.version === 4 && host !== 0 && (address.w3 | host) === destination;
    });
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
      this.#icmp.arrive(packet, this.events, this.neighbours);
    } else if (isMine) this.events.other?.(packet);
  }

  /** Nobody's here? Then it was not meant for us, or it has gone too far. */
  #isForeignDone(packet: Packet): boolean {
    if (this.#options.answersFor === "own" && !this.events.foreign) {
      this.counters.ignored++;
      return true;
    }
    if (packet.ttl <= 1) {
      this.complain(packet, { about: "timeExceeded" });
      return true;
    }
    if (this.events.foreign?.(packet)) return true;
    return this.#options.answersFor === "own";
  }

  #arriveTcp(packet: Packet): void {
    const { tcp } = this;
    const { bytes, payloadAt, end } = packet;
    if (!tcp.segment.read(bytes, payloadAt, end)) {
      this.counters.malformed++;
      return;
    }
    if (foldSum(packet.pseudoSum() + sumOf(bytes, payloadAt, end - payloadAt)) !== 0xffff) {
      tcp.counters.badChecksums++;
      return;
    }
    if (tcp.arrive(this.#keyOf(packet, tcp.segment.sourcePort, tcp.segment.destinationPort))) return;
    if (!packet.isOwn && this.#isForeignDone(packet)) return;
    const { sourcePort, destinationPort } = tcp.segment;
    if (sourcePort === 0 || destinationPort === 0) return;
    const ends = { local: packet.destination, localPort: destinationPort, remote: packet.source, remotePort: sourcePort };
    tcp.arriveStray(ends, packet.mac, packet.whole);
  }

  #keyOf(packet: Packet, remotePort: number, localPort: number): FlowKey {
    const key = this.#key;
    const { bytes, sourceAt: from, destinationAt: to } = packet;
    const isV4 = packet.version === 4;
    key.r0 = isV4 ? 0 : wordAt(bytes, from);
    key.r1 = isV4 ? 0 : wordAt(bytes, from + 4);
    key.r2 = isV4 ? 0xffff : wordAt(bytes, from + 8);
    key.r3 = wordAt(bytes, isV4 ? from : from + 12);
    key.l0 = isV4 ? 0 : wordAt(bytes, to);
    key.l1 = isV4 ? 0 : wordAt(bytes, to + 4);
    key.l2 = isV4 ? 0xffff : wordAt(bytes, to + 8);
    key.l3 = wordAt(bytes, isV4 ? to : to + 12);
    key.ports = (localPort << 16) | remotePort;
    return key;
  }

  #arriveUdp(packet: Packet): void {
    const { source, destination } = packet;
    const datagram = parseUdp(packet.payload, source.bytes, destination.bytes);
    if ("malformed" in datagram) {
      if (datagram.malformed === "bad_checksum") this.counters.badChecksums++;
      else this.counters.malformed++;
      return;
    }
    const mac = packet.mac.slice();
    if (source.w3 !== 0) this.neighbours.learn(source, mac);
    const arrival = { ...datagram, source, destination, mac, isGroup: packet.isGroup, packet };
    if (this.events.udp?.(arrival) === true || packet.isGroup) return;
    this.complain(packet, { about: "portUnreachable" });
  }

  // What the owner asks.

  get addresses(): readonly OwnAddress[] {
    return this.#own;
  }

  /** Connections with addresses that are no longer ours go on until they end. */
  setAddresses(addresses: readonly OwnAddress[]): void {
    this.#own = addresses;
  }

  isOwn(address: IpAddress): boolean {
    return this.#own.some((own) => own.address.equals(address));
  }

  /** Ours to speak to that address with: on the same prefix, or any of that version. */
  ownAddressFor(address: IpAddress): IpAddress | undefined {
    const near = this.#own.find((own) => address.isInPrefix(own.address, own.prefixLength));
    return (near ?? this.#own.find((own) => own.address.version === address.version))?.address;
  }

  /** Opens a connection to a peer on the link. `events.opened` tells when it is there, `events.closed` why it is not. */
  connect(to: { address: IpAddress; port: number; from?: IpAddress; localPort?: number }, events: TcpEvents): TcpConnection | undefined {
    const local = to.from ?? this.ownAddressFor(to.address);
    if (local === undefined) return undefined;
    const ends = { local, localPort: to.localPort ?? 0, remote: to.address, remotePort: to.port };
    for (let tries = 0; tries < 64; tries++) {
      // RFC 6056: not to be guessed; the range is IANA's (RFC 6335 §6).
      const localPort = to.localPort ?? 49_152 + (this.#random() & 0x3fff);
      const connection = this.tcp.tryConnect({ ...ends, localPort }, events);
      if (connection) return connection;
      if (to.localPort !== undefined) return undefined;
    }
    return undefined;
  }

  /** Sends a datagram, in pieces when it must. Without `mac` its neighbour is looked for first; it is lost when there is none. */
  sendUdp(datagram: {
    readonly source: IpAddress;
    readonly sourcePort: number;
    readonly destination: IpAddress;
    readonly destinationPort: number;
    readonly payload: Uint8Array;
    readonly mac?: Uint8Array | undefined;
  }): void {
    const { source, destination } = datagram;
    const bytes = serializeUdp(datagram, source.bytes, destination.bytes);
    const send = (mac: Uint8Array): void =>
      this.#send(() => this.#output.send({ source, destination, protocol: IP_PROTOCOL.udp }, bytes, mac));
    if (datagram.mac) send(datagram.mac);
    else this.#resolve(destination, (mac) => mac && send(mac));
  }

  /** A packet with any payload, whose own checksum is in place. */
  sendIp(
    header: { source: IpAddress; destination: IpAddress; protocol: number; ttl?: number },
    payload: Uint8Array,
    mac?: Uint8Array,
  ): void {
    const send = (to: Uint8Array): void => this.#send(() => this.#output.send(header, payload, to));
    if (mac) send(mac);
    else this.#resolve(header.destination, (to) => to && send(to));
  }

  /** A whole packet as it is, for routing: to the neighbour `nextHop`. `lost` is called when that one does not answer. */
  forward(packet: Uint8Array, nextHop: IpAddress, lost?: () => void): void {
    const copy = packet.slice();
    this.#resolve(nextHop, (mac) => {
      if (mac) this.#send(() => this.#output.sendRaw(copy, nextHop.version, mac));
      else lost?.();
    });
  }

  /** Answers an echo. */
  sendEchoReply(echo: {
    source: IpAddress;
    destination: IpAddress;
    identifier: number;
    sequence: number;
    data: Uint8Array;
    mac: Uint8Array;
  }): void {
    this.#send(() => this.#icmp.sendEchoReply(echo));
  }

  /** Sends an ICMP error to the packet's sender. */
  complain(packet: Packet, complaint: Complaint): void {
    if (!packet.isGroup) this.complainOf(packet.whole, packet.version, complaint, packet.mac);
  }

  /** The same about a packet that was kept. */
  complainOf(packet: Uint8Array, version: 4 | 6, complaint: Complaint, mac: Uint8Array): void {
    const from = this.#complainant(packet, version);
    if (from) this.#send(() => this.#icmp.complain(packet, version, complaint, { from, mac }));
  }

  #complainOfOpening(packet: Uint8Array, about: "hostUnreachable" | "networkUnreachable" | "prohibited", mac: Uint8Array): void {
    this.complainOf(packet, (packet[0] as number) >> 4 === 4 ? 4 : 6, { about }, mac);
  }

  /** Errors come from the address that was meant, when it is ours or we speak for all; else from the router that we are. */
  #complainant(packet: Uint8Array, version: 4 | 6): IpAddress | undefined {
    const destination = version === 4 ? IpAddress.at(packet, 16, 4) : IpAddress.at(packet, 24, 16);
    if (this.isOwn(destination)) return destination;
    const source = version === 4 ? IpAddress.at(packet, 12, 4) : IpAddress.at(packet, 8, 16);
    return this.ownAddressFor(source) ?? (this.#options.answersFor === "every" ? destination : undefined);
  }

  get memoryBytes(): number {
    return this.#memory.usedBytes;
  }

  /** Resets all connections. It takes and sends nothing any more. */
  close(): void {
    if (this.#isClosed) return;
    this.tcp.closeAll();
    this.flush();
    this.#isClosed = true;
    this.#timer?.timer.cancel();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #resolve(address: IpAddress, found: (mac: Uint8Array | undefined) => void): void {
    if (this.#options.resolve) this.#options.resolve(address, found);
    else this.neighbours.resolve(address, found);
  }

  // Time.

  #random(): number {
    return wordAt(this.#options.random.bytes(4), 0);
  }

  /** Outside of a batch, what was written is sent soon. */
  #send(write: () => void): void {
    if (this.#isClosed) return;
    write();
    this.#wake();
  }

  #wake(): void {
    if (this.#isInBatch || this.#isWoken || this.#isClosed) return;
    this.#isWoken = true;
    this.#options.scheduler.soon(() => {
      this.#isWoken = false;
      if (!this.#isInBatch) this.flush();
    });
  }

  #armTimer(): void {
    const next = this.#timers.nextMs;
    // Waking too early is cheap, setting a timer for each packet is not.
    if (this.#isClosed || (this.#timer && this.#timer.atMs <= next)) return;
    this.#timer?.timer.cancel();
    this.#timer = undefined;
    if (next === Infinity) return;
    const timer = this.#options.scheduler.start(Math.max(0, next - this.#now), () => this.#onTimer());
    this.#timer = { atMs: next, timer };
  }

  #onTimer(): void {
    this.#timer = undefined;
    if (this.#isClosed) return;
    this.#beginBatch();
    this.#writer.isHeld = false;
    this.#timers.run(this.#now);
    this.flush();
  }

  #keepHouseBy(ms: number): void {
    if (ms >= this.#housekeeper.dueMs) return;
    this.#housekeeper.dueMs = ms;
    this.#timers.update(this.#housekeeper);
    this.#wake();
  }

  #keepHouse(nowMs: number): void {
    this.#housekeeper.dueMs = Infinity;
    this.#fragments.expire(nowMs);
    this.tcp.expire();
    this.neighbours.expire(nowMs);
    const { timeWaits, openings } = this.tcp.size;
    if (timeWaits + openings + this.#fragments.size > 0) this.#keepHouseBy(nowMs + HOUSEKEEPING_MS);
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
