// The UDP sockets behind one address and port of a guest. Linux tells only a connected socket that nobody listens where it sent
// to; and one connected socket would hear nobody else. So there is a socket that hears everyone, and beside it, for each peer, a
// connected one at the same port (SO_REUSEPORT): to the world they are one, as RFC 4787 wants it, and a refusal comes to the
// socket of the peer that refused. Asking one socket for all errors (IP_RECVERR) is no way: Node ends itself over their queue.
import type { Socket } from "node:dgram";
import type { DatagramEvents, DialFailure, DialTarget, HostDatagrams } from "../../nat/host-side.ts";
import { datagramFailure, datagramSocket, targetText, withoutZone } from "./host-datagrams.ts";

type Failed = (why: DialFailure | "tooBig") => void;
interface Datagram {
  readonly bytes: Uint8Array;
  readonly failed: Failed;
}

/** Elsewhere the ports of two sockets are shared in other ways; refusals are not heard there. */
const SHARES_PORTS = process.platform === "linux";
/** Descriptors are scarce: those beyond go out by the socket that hears everyone, and refusals of theirs are silence. */
const MOST_BRANCHES = 16;
const MOST_BRANCHES_IN_ALL = 1024;
/** A connected socket keeps its sender's address, which changes when this computer goes to another network. */
const RENEW_MS = 30_000;
/** Until a socket is ready. */
const MOST_WAITING = 64;

/** The system gives a port that is ready to be shared to others of ours that are ready too. */
const takenPorts = new Set<string>();
let branchesInAll = 0;

export const openDatagrams = (version: 4 | 6, events: DatagramEvents): HostDatagrams => new FlowDatagrams(version, events);

class FlowDatagrams implements HostDatagrams {
  readonly #version: 4 | 6;
  readonly #events: DatagramEvents;
  /** Hears everyone. */
  #root: Socket;
  #port = 0;
  /** Until `#root` has a port. */
  #waiting: (Datagram & { readonly to: DialTarget })[] | undefined = [];
  /** By peer; the oldest first. */
  readonly #branches = new Map<string, Branch>();
  #isClosed = false;

  constructor(version: 4 | 6, events: DatagramEvents) {
    this.#version = version;
    this.#events = events;
    this.#root = this.#openRoot();
  }

  #openRoot(): Socket {
    const root = this.#open();
    root.on("error", () => {
      this.close();
      this.#events.closed();
    });
    root.bind({ port: 0, exclusive: true }, () => {
      if (this.#isClosed) return;
      const { port } = root.address();
      if (takenPorts.has(this.#nameOf(port))) {
        root.close();
        this.#root = this.#openRoot();
        return;
      }
      this.#port = port;
      takenPorts.add(this.#nameOf(port));
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const { bytes, to, failed } of waiting) this.send(bytes, to, failed);
    });
    return root;
  }

  #open(): Socket {
    const socket = datagramSocket(this.#version, { reusePort: SHARES_PORTS });
    socket.on("message", (bytes, from) => {
      if (!this.#isClosed) this.#events.received(bytes, { address: withoutZone(from.address), port: from.port });
    });
    return socket;
  }

  readonly #nameOf = (port: number): string => `${this.#version} ${port}`;

  send(given: Uint8Array, to: DialTarget, failed: Failed): void {
    if (this.#isClosed || to.port === 0) return;
    // The memory is somebody else's as soon as we return, and the system may take the datagram later.
    const bytes = given.slice();
    if (this.#waiting) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ bytes, to, failed });
      return;
    }
    const branch = SHARES_PORTS ? this.#branchFor(to) : undefined;
    if (branch) branch.send({ bytes, failed });
    else this.#sendByRoot({ bytes, failed }, to);
  }

  #sendByRoot({ bytes, failed }: Datagram, to: DialTarget): void {
    this.#root.send(bytes, to.port, to.address, (error) => {
      if (error) failed(datagramFailure(error));
    });
  }

  #branchFor(to: DialTarget): Branch | undefined {
    const name = targetText(to);
    const known = this.#branches.get(name);
    if (known) return known.isUseless ? undefined : known;
    for (const [oldest, branch] of this.#branches) {
      if (this.#branches.size < MOST_BRANCHES) break;
      this.#branches.delete(oldest);
      branch.close();
    }
    if (branchesInAll >= MOST_BRANCHES_IN_ALL) return undefined;
    const branch = new Branch(this.#open(), {
      port: this.#port,
      to,
      useless: (waiting) => {
        if (!this.#isClosed) for (const datagram of waiting) this.#sendByRoot(datagram, to);
      },
    });
    this.#branches.set(name, branch);
    return branch;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    takenPorts.delete(this.#nameOf(this.#port));
    this.#root.close();
    for (const branch of this.#branches.values()) branch.close();
    this.#branches.clear();
  }
}

interface BranchParts {
  readonly port: number;
  readonly to: DialTarget;
  /** It could not be opened; these it did not send. */
  useless(waiting: readonly Datagram[]): void;
}

/** A socket that is connected to one peer. */
class Branch {
  isUseless = false;
  readonly #socket: Socket;
  readonly #parts: BranchParts;
  /** While it is being connected. */
  #waiting: Datagram[] | undefined = [];
  #connectedMs = Number.NEGATIVE_INFINITY;
  /** Of what was sent last: a refusal is about that. */
  #failed: Failed | undefined;
  #isClosed = false;

  constructor(socket: Socket, parts: BranchParts) {
    this.#socket = socket;
    this.#parts = parts;
    branchesInAll++;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.syscall === "recvmsg") this.#failed?.(datagramFailure(error));
      else this.#giveUp();
    });
    socket.bind({ port: parts.port, exclusive: true }, () => this.#connect());
  }

  #connect(): void {
    if (this.#isClosed) return;
    const { address, port } = this.#parts.to;
    // Node's types know nothing of the error, which it gives instead of the event.
    const connected = (error?: Error): void => {
      if (this.#isClosed) return;
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      this.#connectedMs = error ? Number.NEGATIVE_INFINITY : performance.now();
      for (const datagram of waiting) {
        if (error) datagram.failed(datagramFailure(error));
        else this.send(datagram);
      }
    };
    this.#socket.connect(port, address, connected);
  }

  send(datagram: Datagram): void {
    if (this.#isClosed) return;
    if (this.#waiting === undefined && performance.now() - this.#connectedMs > RENEW_MS) this.#renew();
    if (this.#waiting) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push(datagram);
      return;
    }
    this.#failed = datagram.failed;
    this.#socket.send(datagram.bytes, (error) => {
      if (error) datagram.failed(datagramFailure(error));
    });
  }

  #renew(): void {
    this.#waiting = [];
    if (this.#connectedMs > 0) this.#socket.disconnect();
    this.#connect();
  }

  #giveUp(): void {
    if (this.#isClosed) return;
    const waiting = this.#waiting ?? [];
    this.isUseless = true;
    this.close();
    this.#parts.useless(waiting);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    branchesInAll--;
    this.#socket.close();
  }
}
