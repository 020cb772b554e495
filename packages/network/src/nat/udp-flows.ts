// Translated datagrams. Each address and port of a guest has one socket of the host's, whatever it sends to (RFC 4787 REQ-1:
// endpoint-independent mapping). Answers come in only from addresses that the guest has sent to (REQ-8: address-dependent
// filtering). Sockets that are idle go, and so do the oldest when there are too many.
import type { IpAddress, UdpArrival } from "@mimic/tcpip";
import { type FlowParts, type NatDecision, numberOf } from "./flow.ts";
import type { DialTarget, HostDatagrams } from "./host-side.ts";

const MOST_PEERS = 512;

interface Peer {
  /** What the guest calls it. */
  readonly address: IpAddress;
  readonly port: number;
  readonly decision: NatDecision;
}

interface Mapping {
  readonly key: string;
  readonly guest: IpAddress;
  readonly guestPort: number;
  mac: Uint8Array;
  readonly owner: number;
  socket: HostDatagrams | undefined;
  /** By “address port” as the guest says it. */
  readonly peers: Map<string, Peer>;
  /** What dialled addresses are to the guest, and their ports when we dial another one than it says. */
  readonly dialled: Map<string, Peer>;
  lastMs: number;
}

export class UdpFlows {
  readonly #parts: FlowParts;
  /** Least recently used first. */
  readonly #mappings = new Map<string, Mapping>();
  readonly #ofOwner = new Map<number, number>();

  constructor(parts: FlowParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#mappings.size;
  }

  /** Answers whether somebody takes it; false makes the endpoint say “port unreachable”. */
  arrive(arrival: UdpArrival): boolean {
    if (arrival.isGroup) return false;
    this.#expire();
    const mapping = this.#mappingFor(arrival);
    const peer = this.#peerFor(mapping, arrival);
    const { decision } = peer;
    if (decision.verdict === "allow") {
      this.#send(mapping, arrival, decision.dial);
      return true;
    }
    if (mapping.socket === undefined) this.#forget(mapping);
    if (decision.verdict !== "reject" || decision.how === "refused") return decision.verdict === "drop";
    const about = decision.how === "noRoute" ? "networkUnreachable" : "prohibited";
    this.#parts.endpoint.complain(arrival.packet, { about });
    return true;
  }

  #mappingFor(arrival: UdpArrival): Mapping {
    const nowMs = this.#parts.endpoint.nowMs();
    const key = `${arrival.source.key} ${arrival.sourcePort}`;
    const known = this.#mappings.get(key);
    if (known) {
      known.lastMs = nowMs;
      known.mac = arrival.mac;
      this.#mappings.delete(key);
      this.#mappings.set(key, known);
      return known;
    }
    const owner = numberOf(arrival.mac);
    this.#makeRoom(owner);
    const mapping: Mapping = {
      ...{ key, guest: arrival.source, guestPort: arrival.sourcePort, mac: arrival.mac, owner },
      ...{ socket: undefined, peers: new Map(), dialled: new Map(), lastMs: nowMs },
    };
    this.#mappings.set(key, mapping);
    this.#ofOwner.set(owner, (this.#ofOwner.get(owner) ?? 0) + 1);
    return mapping;
  }

  #peerFor(mapping: Mapping, arrival: UdpArrival): Peer {
    const name = `${arrival.destination.key} ${arrival.destinationPort}`;
    const known = mapping.peers.get(name);
    if (known) return known;
    const { source, sourcePort, destination, destinationPort, mac } = arrival;
    const decision = this.#parts.decide({ protocol: "udp", source, sourcePort, destination, destinationPort, mac });
    const peer = { address: destination, port: destinationPort, decision };
    // What is refused is asked again each time: rules change, and refusals shall not fill the table.
    if (decision.verdict !== "allow") return peer;
    this.#parts.counters.udpFlows++;
    if (mapping.peers.size >= MOST_PEERS) forgetOldest(mapping);
    mapping.peers.set(name, peer);
    const { address, port } = decision.dial;
    mapping.dialled.set(`${address} ${port}`, peer);
    mapping.dialled.set(address, peer);
    return peer;
  }

  #send(mapping: Mapping, arrival: UdpArrival, dial: DialTarget): void {
    mapping.socket ??= this.#open(mapping);
    const { endpoint } = this.#parts;
    const { version } = arrival.packet;
    // What an error would be about: the packet is gone when it comes.
    let about: Uint8Array | undefined = arrival.packet.whole.slice(0, 128);
    mapping.socket.send(arrival.payload, dial, (why) => {
      if (about === undefined) return;
      if (why === "tooBig") endpoint.complainOf(about, version, { about: "tooBig", mtu: 1280 }, mapping.mac);
      else if (why === "refused") endpoint.complainOf(about, version, { about: "portUnreachable" }, mapping.mac);
      else if (why === "hostUnreachable" || why === "networkUnreachable" || why === "prohibited") {
        endpoint.complainOf(about, version, { about: why }, mapping.mac);
      }
      about = undefined;
    });
  }

  #open(mapping: Mapping): HostDatagrams {
    const { endpoint, host } = this.#parts;
    return host.openDatagrams(mapping.guest.version, {
      received: (payload, from) => {
        const exact = mapping.dialled.get(`${from.address} ${from.port}`);
        const peer = exact ?? mapping.dialled.get(from.address);
        if (peer === undefined) return;
        mapping.lastMs = endpoint.nowMs();
        endpoint.sendUdp({
          source: peer.address,
          sourcePort: exact ? peer.port : from.port,
          destination: mapping.guest,
          destinationPort: mapping.guestPort,
          payload,
          mac: mapping.mac,
        });
      },
      closed: () => {
        mapping.socket = undefined;
        this.#forget(mapping);
      },
    });
  }

  #makeRoom(owner: number): void {
    const { limits, counters } = this.#parts;
    const isOwnersFault = (this.#ofOwner.get(owner) ?? 0) >= limits.mostUdpSocketsOfGuest;
    if (!isOwnersFault && this.#mappings.size < limits.mostUdpSockets) return;
    for (const mapping of this.#mappings.values()) {
      if (isOwnersFault && mapping.owner !== owner) continue;
      counters.tooMany++;
      this.#forget(mapping);
      return;
    }
  }

  #expire(): void {
    const before = this.#parts.endpoint.nowMs() - this.#parts.limits.udpIdleMs;
    for (const mapping of this.#mappings.values()) {
      // Answers keep a mapping alive without moving it to the end.
      if (mapping.lastMs > before) return;
      this.#forget(mapping);
    }
  }

  #forget(mapping: Mapping): void {
    if (!this.#mappings.delete(mapping.key)) return;
    const left = (this.#ofOwner.get(mapping.owner) ?? 1) - 1;
    if (left > 0) this.#ofOwner.set(mapping.owner, left);
    else this.#ofOwner.delete(mapping.owner);
    mapping.socket?.close();
    mapping.socket = undefined;
  }

  review(): void {
    for (const mapping of [...this.#mappings.values()]) {
      for (const [name, peer] of mapping.peers) {
        const { guest: source, guestPort: sourcePort, mac } = mapping;
        const about = { protocol: "udp" as const, source, sourcePort, destination: peer.address, destinationPort: peer.port, mac };
        if (this.#parts.decide(about).verdict !== "allow") forgetPeer(mapping, name, peer);
      }
      if (mapping.peers.size === 0) this.#forget(mapping);
    }
  }

  close(): void {
    for (const mapping of [...this.#mappings.values()]) this.#forget(mapping);
  }
}

function forgetOldest(mapping: Mapping): void {
  for (const [name, peer] of mapping.peers) {
    forgetPeer(mapping, name, peer);
    return;
  }
}

function forgetPeer(mapping: Mapping, name: string, peer: Peer): void {
  mapping.peers.delete(name);
  if (peer.decision.verdict !== "allow") return;
  const { address, port } = peer.decision.dial;
  mapping.dialled.delete(`${address} ${port}`);
  if (![...mapping.peers.values()].some(({ decision }) => decision.verdict === "allow" && decision.dial.address === address)) {
    mapping.dialled.delete(address);
  }
}
