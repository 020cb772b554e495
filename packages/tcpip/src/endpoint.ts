// A TCP/IP host without an operating system: frames in, frames out, driven by what comes in and by timers that it is given. It
// owns addresses, or answers for every one. Nothing that comes in makes it throw, and everything that it keeps is bounded.
//
//   input(frame) … input(frame), flush()   →   owner's events   →   transmit(run)
import { IP_PROTOCOL, serializeUdp } from "@mimic/wire";
import { IpAddress, wordAt } from "./address.ts";
import { Arrivals } from "./arrivals.ts";
import { Batches } from "./batches.ts";
import { Fragments } from "./fragments.ts";
import { Icmp } from "./icmp.ts";
import type { Complaint } from "./icmp-errors.ts";
import { IpOutput } from "./ip-output.ts";
import { Memory } from "./memory.ts";
import { Neighbours } from "./neighbours.ts";
import type { EndpointCounters, EndpointEvents, EndpointLimits, EndpointOptions, OwnAddress } from "./options.ts";
import { OwnAddresses } from "./own-addresses.ts";
import type { Packet } from "./packet.ts";
import { RunWriter } from "./run-writer.ts";
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
  readonly #batches: Batches;
  readonly #arrivals: Arrivals;
  readonly #own: OwnAddresses;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.#own = new OwnAddresses(options.addresses);
    this.#link = { mac: options.mac, vlan: options.vlan, mtu: options.mtu ?? 1500 };
    const limits: EndpointLimits = { ...DEFAULT_LIMITS, mostMemoryBytes: 256 << 20, icmpErrorsPerSecond: 200, ...options.limits };
    this.#writer = new RunWriter(options.transmit);
    this.#batches = new Batches({ scheduler: options.scheduler, writer: this.#writer, timers: this.#timers, settle: () => this.#settle() });
    this.#memory = new Memory(limits.mostMemoryBytes);
    this.#output = new IpOutput(this.#link, this.#writer, this.#random());
    this.#housekeeper = { dueMs: Infinity, heapAt: -1, heapMs: 0, onDue: (nowMs) => this.#keepHouse(nowMs) };
    this.neighbours = this.#makeNeighbours();
    this.#icmp = new Icmp({ limit: limits.icmpErrorsPerSecond, output: this.#output, counters: this.counters, nowMs: () => this.nowMs() });
    this.tcp = this.#makeStack(limits);
    this.#arrivals = new Arrivals({
      link: this.#link,
      own: this.#own,
      answersFor: options.answersFor,
      batches: this.#batches,
      fragments: this.#fragments,
      tcp: this.tcp,
      icmp: this.#icmp,
      neighbours: this.neighbours,
      counters: this.counters,
      events: () => this.events,
      complain: (packet, complaint) => this.complain(packet, complaint),
      keepHouse: () => this.#keepHouseBy(this.nowMs() + HOUSEKEEPING_MS),
    });
  }

  #makeNeighbours(): Neighbours {
    return new Neighbours({
      mac: this.#options.mac,
      nowMs: () => this.nowMs(),
      ownFor: (address) => this.ownAddressFor(address),
      isOurs: (address) => this.isOwn(address),
      sendArp: (payload, mac) => this.#batches.send(() => this.#output.sendArp(payload, mac)),
      sendNdp: (message, ends, mac) => this.#batches.send(() => this.#icmp.sendNdp(message, ends, mac)),
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
      wake: () => this.#batches.wake(),
      keepHouse: () => this.#keepHouseBy(this.nowMs() + HOUSEKEEPING_MS),
      send: (ends, protocol, payload, mac) => this.#batches.send(() => this.#output.send({ ...ends, protocol }, payload, mac)),
      complain: (packet, about, mac) => this.#batches.send(() => this.#complainOfOpening(packet, about, mac)),
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
    return this.#batches.nowMs();
  }

  // Frames.

  /** Takes the frame in [at, end). What it leads to is sent by `flush`, which ends the batch. */
  input(given: Uint8Array, at = 0, end = given.length): void {
    this.#arrivals.frame(given, at, end);
  }

  /**
   * Takes the frame only when it is a whole TCP segment of a connection (or an opening) that is known: for an owner that looks at
   * all others itself. False = it is not, and nothing has happened.
   */
  inputKnown(given: Uint8Array, at: number, end: number): boolean {
    return this.#arrivals.known(given, at, end);
  }

  /** Takes an IP packet without a frame around it, from `mac`. */
  inputPacket(given: Uint8Array, version: 4 | 6, mac: Uint8Array): void {
    this.#arrivals.packet(given, version, mac);
  }

  /** The batch is over: owners are told, answers are sent. */
  flush(): void {
    this.#batches.end();
  }

  // What the owner asks.

  get addresses(): readonly OwnAddress[] {
    return this.#own.all;
  }

  /** Connections with addresses that are no longer ours go on until they end. */
  setAddresses(addresses: readonly OwnAddress[]): void {
    this.#own.all = addresses;
  }

  isOwn(address: IpAddress): boolean {
    return this.#own.has(address);
  }

  /** Ours to speak to that address with: on the same prefix, or any of that version. */
  ownAddressFor(address: IpAddress): IpAddress | undefined {
    return this.#own.toSpeakTo(address);
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
      this.#batches.send(() => this.#output.send({ source, destination, protocol: IP_PROTOCOL.udp }, bytes, mac));
    if (datagram.mac) send(datagram.mac);
    else this.#resolve(destination, (mac) => mac && send(mac));
  }

  /** A packet with any payload, whose own checksum is in place. */
  sendIp(
    header: { source: IpAddress; destination: IpAddress; protocol: number; ttl?: number },
    payload: Uint8Array,
    mac?: Uint8Array,
  ): void {
    const send = (to: Uint8Array): void => this.#batches.send(() => this.#output.send(header, payload, to));
    if (mac) send(mac);
    else this.#resolve(header.destination, (to) => to && send(to));
  }

  /** A whole packet as it is, for routing: to the neighbour `nextHop`. `lost` is called when that one does not answer. */
  forward(packet: Uint8Array, nextHop: IpAddress, lost?: () => void): void {
    const copy = packet.slice();
    this.#resolve(nextHop, (mac) => {
      if (mac) this.#batches.send(() => this.#output.sendRaw(copy, nextHop.version, mac));
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
    this.#batches.send(() => this.#icmp.sendEchoReply(echo));
  }

  /** Sends an ICMP error to the packet's sender. */
  complain(packet: Packet, complaint: Complaint): void {
    if (!packet.isGroup) this.complainOf(packet.whole, packet.version, complaint, packet.mac);
  }

  /** The same about a packet that was kept. */
  complainOf(packet: Uint8Array, version: 4 | 6, complaint: Complaint, mac: Uint8Array): void {
    const from = this.#complainant(packet, version);
    if (from) this.#batches.send(() => this.#icmp.complain(packet, version, complaint, { from, mac }));
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
    if (this.#batches.isClosed) return;
    this.tcp.closeAll();
    this.flush();
    this.#batches.close();
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

  #settle(): void {
    do this.tcp.settle();
    while (this.tcp.hasTouched);
  }

  #keepHouseBy(ms: number): void {
    if (ms >= this.#housekeeper.dueMs) return;
    this.#housekeeper.dueMs = ms;
    this.#timers.update(this.#housekeeper);
    this.#batches.wake();
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
