// Which connection does a segment belong to? A hash table over both addresses and ports, with a secret in the hash, so that
// nobody can choose ports that all fall into one chain.
import type { IpAddress } from "../address.ts";

/** What can stand in the table. */
export abstract class Flow {
  readonly local: IpAddress;
  readonly remote: IpAddress;
  readonly localPort: number;
  readonly remotePort: number;
  /** The table's own. */
  hash = 0;
  next: Flow | undefined = undefined;

  constructor(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number) {
    this.local = local;
    this.localPort = localPort;
    this.remote = remote;
    this.remotePort = remotePort;
  }
}

/** The words of both addresses and the ports, put here by the reader of a packet: no object for each packet. */
export class FlowKey {
  l0 = 0;
  l1 = 0;
  l2 = 0;
  l3 = 0;
  r0 = 0;
  r1 = 0;
  r2 = 0;
  r3 = 0;
  /** Local in the high half. */
  ports = 0;

  set(local: IpAddress, localPort: number, remote: IpAddress, remotePort: number): this {
    this.l0 = local.w0;
    this.l1 = local.w1;
    this.l2 = local.w2;
    this.l3 = local.w3;
    this.r0 = remote.w0;
    this.r1 = remote.w1;
    this.r2 = remote.w2;
    this.r3 = remote.w3;
    this.ports = (localPort << 16) | remotePort;
    return this;
  }
}

export class FlowTable {
  readonly #seed: number;
  #buckets: (Flow | undefined)[] = new Array(256).fill(undefined);
  #size = 0;
  /** Whoever was found last will mostly be asked for next. */
  #last: Flow | undefined;
  readonly #key = new FlowKey();

  constructor(seed: number) {
    this.#seed = seed;
  }

  get size(): number {
    return this.#size;
  }

  find(key: FlowKey): Flow | undefined {
    const last = this.#last;
    if (last !== undefined && isOf(last, key)) return last;
    const hash = hashOf(key, this.#seed);
    for (let flow = this.#buckets[hash & (this.#buckets.length - 1)]; flow !== undefined; flow = flow.next) {
      if (flow.hash === hash && isOf(flow, key)) {
        this.#last = flow;
        return flow;
      }
    }
    return undefined;
  }

  /** The caller has seen that there is none of these addresses and ports. */
  add(flow: Flow): void {
    if (this.#size >= this.#buckets.length) this.#grow();
    flow.hash = hashOf(this.#key.set(flow.local, flow.localPort, flow.remote, flow.remotePort), this.#seed);
    this.#link(flow);
    this.#size++;
  }

  /** Removing what is not there is harmless. */
  remove(flow: Flow): void {
    if (this.#last === flow) this.#last = undefined;
    const index = flow.hash & (this.#buckets.length - 1);
    let before: Flow | undefined;
    for (let at = this.#buckets[index]; at !== undefined; at = at.next) {
      if (at === flow) {
        if (before) before.next = at.next;
        else this.#buckets[index] = at.next;
        at.next = undefined;
        this.#size--;
        return;
      }
      before = at;
    }
  }

  *[Symbol.iterator](): Generator<Flow, void, void> {
    for (const bucket of [...this.#buckets]) {
      for (let flow = bucket; flow !== undefined; ) {
        const next: Flow | undefined = flow.next;
        yield flow;
        flow = next;
      }
    }
  }

  #link(flow: Flow): void {
    const index = flow.hash & (this.#buckets.length - 1);
    flow.next = this.#buckets[index];
    this.#buckets[index] = flow;
  }

  #grow(): void {
    const old = this.#buckets;
    this.#buckets = new Array(old.length * 2).fill(undefined);
    for (const bucket of old) {
      for (let flow = bucket; flow !== undefined; ) {
        const next: Flow | undefined = flow.next;
        this.#link(flow);
        flow = next;
      }
    }
  }
}

function isOf(flow: Flow, key: FlowKey): boolean {
  const { local, remote } = flow;
  return (
    ((flow.localPort << 16) | flow.remotePort) === key.ports &&
    remote.w3 === key.r3 &&
    local.w3 === key.l3 &&
    remote.w2 === key.r2 &&
    local.w2 === key.l2 &&
    remote.w1 === key.r1 &&
    local.w1 === key.l1 &&
    remote.w0 === key.r0 &&
    local.w0 === key.l0
  );
}

function hashOf(key: FlowKey, seed: number): number {
  let hash = mix(seed, key.ports);
  hash = mix(hash, key.r3);
  hash = mix(hash, key.l3);
  hash = mix(hash, key.r2 ^ key.l2);
  hash = mix(hash, key.r1 ^ seed);
  hash = mix(hash, key.l1);
  hash = mix(hash, key.r0);
  hash = mix(hash, key.l0);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return hash ^ (hash >>> 13);
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(word, 0xcc9e_2d51);
  const turned = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b87_3593);
  const next = hash ^ turned;
  return (Math.imul((next << 13) | (next >>> 19), 5) + 0xe654_6b64) | 0;
}
