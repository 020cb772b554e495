// Who is behind which IP address on a segment (ARP, RFC 826; neighbour discovery, RFC 4861 §7), and packets that wait for the
// answer. Pure but for its own tables: what is to be sent is returned. Bounded in addresses, waiting packets and bytes.
import { hexOf, ipv4Number } from "@mimic/wire";

const KNOWN_MS = 60_000;
const ASK_AGAIN_MS = 1000;
const MOST_ASKS = 3;
const MOST_NEIGHBOURS = 4096;
const MOST_WAITING_EACH = 4;

interface Neighbour {
  readonly vlan: number;
  readonly address: Uint8Array;
  mac: Uint8Array | undefined;
  /** Until when the MAC is used without asking again. */
  knownUntilMs: number;
  asks: number;
  askAgainAtMs: number;
  waiting: Uint8Array[];
}

/** An address to be asked for: to all, or to the MAC that had it. */
export interface Asking {
  readonly vlan: number;
  readonly address: Uint8Array;
}

/** Packets that nobody took: their senders are told. */
export interface Unreached {
  readonly vlan: number;
  readonly packets: readonly Uint8Array[];
}

/** A number for IPv4, since this is asked for each packet. */
const keyOf = (vlan: number, address: Uint8Array): number | string =>
  address.length === 4 ? vlan * 0x1_0000_0000 + ipv4Number(address) : `${vlan} ${hexOf(address)}`;

export class Neighbours {
  readonly #table = new Map<number | string, Neighbour>();

  /** The MAC for an address; undefined = the packet (a copy) waits, and `asking` is to be sent when it is there. */
  find(vlan: number, address: Uint8Array, packet: Uint8Array, nowMs: number): { readonly mac?: Uint8Array; readonly asking?: Asking } {
    const key = keyOf(vlan, address);
    const known = this.#table.get(key);
    if (known?.mac && known.knownUntilMs > nowMs) return { mac: known.mac };
    if (known?.mac) {
      // It answered before: go on using it while asking anew (RFC 4861 §7.3.3, “delay” and “probe”).
      if (known.askAgainAtMs > nowMs) return { mac: known.mac };
      known.asks++;
      known.askAgainAtMs = nowMs + ASK_AGAIN_MS;
      return { mac: known.mac, asking: { vlan, address } };
    }
    const neighbour =
      known ?? this.#add(key, { vlan, address: address.slice(), mac: undefined, knownUntilMs: 0, asks: 0, askAgainAtMs: 0, waiting: [] });
    if (neighbour.waiting.length >= MOST_WAITING_EACH) neighbour.waiting.shift();
    neighbour.waiting.push(packet.slice());
    if (neighbour.askAgainAtMs > nowMs) return {};
    neighbour.asks++;
    neighbour.askAgainAtMs = nowMs + ASK_AGAIN_MS;
    return { asking: { vlan, address: neighbour.address } };
  }

  /**
   * Somebody said, or showed by a packet, that it has the address. Answers the packets that waited. What nobody asked for is
   * learnt only when `isWanted` (a request to us, a lease): a guest cannot fill the table by talking.
   */
  learn(
    vlan: number,
    address: Uint8Array,
    mac: Uint8Array,
    { nowMs, isWanted }: { readonly nowMs: number; readonly isWanted: boolean },
  ): Uint8Array[] {
    const key = keyOf(vlan, address);
    const known = this.#table.get(key);
    if (!known && !isWanted) return [];
    const neighbour =
      known ?? this.#add(key, { vlan, address: address.slice(), mac: undefined, knownUntilMs: 0, asks: 0, askAgainAtMs: 0, waiting: [] });
    neighbour.mac = mac.slice();
    neighbour.knownUntilMs = nowMs + KNOWN_MS;
    neighbour.asks = 0;
    neighbour.askAgainAtMs = 0;
    return neighbour.waiting.splice(0);
  }

  forget(vlan: number, address: Uint8Array): void {
    this.#table.delete(keyOf(vlan, address));
  }

  /** Asks again for whom somebody waits, and gives up on those that never answer. */
  tick(nowMs: number): { readonly asking: readonly Asking[]; readonly unreached: readonly Unreached[] } {
    const asking: Asking[] = [];
    const unreached: Unreached[] = [];
    for (const [key, neighbour] of this.#table) {
      const { vlan, address, waiting } = neighbour;
      if (neighbour.mac && neighbour.asks > MOST_ASKS) this.#table.delete(key);
      if (neighbour.mac || neighbour.askAgainAtMs > nowMs) continue;
      if (neighbour.asks >= MOST_ASKS) {
        this.#table.delete(key);
        if (waiting.length > 0) unreached.push({ vlan, packets: waiting });
        continue;
      }
      neighbour.asks++;
      neighbour.askAgainAtMs = nowMs + ASK_AGAIN_MS;
      asking.push({ vlan, address });
    }
    return { asking, unreached };
  }

  get size(): number {
    return this.#table.size;
  }

  /** The oldest entry goes when there are too many. */
  #add(key: number | string, neighbour: Neighbour): Neighbour {
    const oldest = this.#table.size >= MOST_NEIGHBOURS ? this.#table.keys().next().value : undefined;
    if (oldest !== undefined) this.#table.delete(oldest);
    this.#table.set(key, neighbour);
    return neighbour;
  }
}
