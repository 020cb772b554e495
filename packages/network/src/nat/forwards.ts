// From this computer to a guest: a listener of the host's, and for each that comes a connection (or a flow of datagrams) from the
// gateway's own address to the guest. Added and removed while running; connections of a forward that goes end with it.
import type { Endpoint, IpAddress, UdpArrival } from "@mimic/tcpip";
import type { DialTarget, HostDatagrams, HostListener, HostSide, HostStream, HostStreamEvents } from "./host-side.ts";
import { TcpFlow } from "./tcp-flow.ts";

const MOST_CONNECTIONS = 1024;
const MOST_PEERS = 256;
const PEER_IDLE_MS = 120_000;
/** IANA's range of ports for such things (RFC 6335 §6). */
const FIRST_PORT = 49_152;
const PORTS = 16_384;

export interface ForwardWish {
  readonly id: string;
  readonly protocol: "tcp" | "udp";
  /** Where the host listens; port 0 = any. */
  readonly host: DialTarget;
  readonly guest: { readonly address: IpAddress; readonly port: number };
}

export interface ForwardNews {
  readonly id: string;
  /** The port that was taken; 0 when none was. */
  readonly hostPort: number;
  readonly problem: string | undefined;
}

export interface ForwardParts {
  readonly endpoint: Endpoint;
  readonly host: HostSide;
}

interface Running {
  readonly wish: ForwardWish;
  listener: HostListener | undefined;
  readonly flows: Set<TcpFlow>;
  readonly peers: Map<string, PeerFlow>;
  news: ForwardNews;
}

interface PeerFlow {
  readonly peer: DialTarget;
  readonly localPort: number;
  readonly local: IpAddress;
  lastMs: number;
}

export class Forwards {
  readonly #parts: ForwardParts;
  readonly #running = new Map<string, Running>();
  /** Who a guest's datagram to one of our ports is an answer to. */
  readonly #byPort = new Map<number, { readonly running: Running; readonly key: string }>();
  #nextPort = 0;
  told: (news: ForwardNews) => void = () => {};

  constructor(parts: ForwardParts) {
    this.#parts = parts;
  }

  list(): ForwardNews[] {
    return [...this.#running.values()].map(({ news }) => news);
  }

  /** Makes the forwards be these: equal ones go on undisturbed. */
  set(wishes: readonly ForwardWish[]): void {
    const wanted = new Map(wishes.map((wish) => [wish.id, wish]));
    for (const [id, { wish }] of this.#running) {
      const now = wanted.get(id);
      if (now === undefined || !isSame(now, wish)) this.remove(id);
    }
    for (const wish of wishes) if (!this.#running.has(wish.id)) this.add(wish);
  }

  add(wish: ForwardWish): void {
    const running: Running = {
      wish,
      listener: undefined,
      flows: new Set(),
      peers: new Map(),
      news: { id: wish.id, hostPort: wish.host.port, problem: undefined },
    };
    this.#running.set(wish.id, running);
    const say = (hostPort: number, problem: string | undefined): void => {
      running.news = { id: wish.id, hostPort, problem };
      this.told(running.news);
    };
    const events = { listening: (port: number) => say(port, undefined), failed: (problem: string) => say(0, problem) };
    running.listener =
      wish.protocol === "tcp"
        ? this.#parts.host.listenStreams(wish.host, { ...events, accepted: (stream) => this.#accepted(running, stream) })
        : this.#parts.host.listenDatagrams(wish.host, {
            ...events,
            received: (payload, from) => this.#received(running, payload, from),
            closed: () => {},
          });
  }

  remove(id: string): void {
    const running = this.#running.get(id);
    if (running === undefined) return;
    this.#running.delete(id);
    running.listener?.close();
    for (const flow of [...running.flows]) flow.reset();
    for (const peer of running.peers.values()) this.#byPort.delete(peer.localPort);
  }

  close(): void {
    for (const id of [...this.#running.keys()]) this.remove(id);
  }

  #accepted(running: Running, stream: (events: HostStreamEvents) => HostStream): void {
    const { guest } = running.wish;
    const flow = new TcpFlow(
      {
        protocol: "tcp",
        source: guest.address,
        sourcePort: guest.port,
        destination: guest.address,
        destinationPort: guest.port,
        mac: new Uint8Array(6),
      },
      () => running.flows.delete(flow),
    );
    const isFull = running.flows.size >= MOST_CONNECTIONS;
    running.flows.add(flow);
    flow.forward(stream, (events) => (isFull ? undefined : this.#parts.endpoint.connect(guest, events)));
  }

  #received(running: Running, payload: Uint8Array, from: DialTarget): void {
    const { endpoint } = this.#parts;
    const { guest } = running.wish;
    const key = `${from.address} ${from.port}`;
    const flow = running.peers.get(key) ?? this.#beginPeer(running, key, from);
    if (flow === undefined) return;
    flow.lastMs = endpoint.nowMs();
    endpoint.sendUdp({
      source: flow.local,
      sourcePort: flow.localPort,
      destination: guest.address,
      destinationPort: guest.port,
      payload: payload.slice(),
    });
  }

  #beginPeer(running: Running, key: string, peer: DialTarget): PeerFlow | undefined {
    const { endpoint } = this.#parts;
    const nowMs = endpoint.nowMs();
    for (const [old, flow] of running.peers) {
      const isIdle = nowMs - flow.lastMs > PEER_IDLE_MS;
      if (!isIdle && running.peers.size < MOST_PEERS) break;
      running.peers.delete(old);
      this.#byPort.delete(flow.localPort);
    }
    const local = endpoint.ownAddressFor(running.wish.guest.address);
    if (local === undefined || this.#byPort.size >= PORTS) return undefined;
    let localPort: number;
    do localPort = FIRST_PORT + (this.#nextPort++ % PORTS);
    while (this.#byPort.has(localPort));
    const flow = { peer, localPort, local, lastMs: nowMs };
    running.peers.set(key, flow);
    this.#byPort.set(localPort, { running, key });
    return flow;
  }

  /** True when the datagram was an answer of a forward's guest. */
  datagram(arrival: UdpArrival): boolean {
    const found = this.#byPort.get(arrival.destinationPort);
    if (found === undefined || arrival.isGroup) return false;
    const { wish, listener, peers } = found.running;
    const flow = peers.get(found.key);
    if (flow === undefined || !arrival.destination.equals(flow.local)) return false;
    if (!arrival.source.equals(wish.guest.address) || arrival.sourcePort !== wish.guest.port) return false;
    flow.lastMs = this.#parts.endpoint.nowMs();
    (listener as (HostListener & HostDatagrams) | undefined)?.send(arrival.payload, flow.peer, () => {});
    return true;
  }
}

const isSame = (a: ForwardWish, b: ForwardWish): boolean =>
  a.protocol === b.protocol &&
  a.host.address === b.host.address &&
  a.host.port === b.host.port &&
  a.guest.port === b.guest.port &&
  a.guest.address.equals(b.guest.address);
