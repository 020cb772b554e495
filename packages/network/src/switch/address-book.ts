// Who may speak as which IP address. The gateway says what it leased or reserved; an address that nobody holds may be
// claimed by the first NIC that uses it (static configuration), and is then its own until it is silent for long.
import type { AddressBook } from "./gateway-port.ts";

interface Holder {
  mac: number;
  isClaim: boolean;
  /** Ticks (seconds) of the last use, for claims. */
  seen: number;
}

/** A guest needs few addresses; one that claims hundreds wants to be somebody else. */
const CLAIMS_PER_MAC = 32;
/** Silent for so long, a claim is anybody's. */
const CLAIM_TICKS = 3600;
/** Silent for so long, a claim makes room for a newer one of the same NIC (temporary addresses change daily, RFC 8981). */
const STALE_TICKS = 600;
const MOST_CLAIMS = 16_384;

export class HeldAddresses implements AddressBook {
  readonly #holders = new Map<string, Holder>();
  /** By NIC. */
  readonly #claims = new Map<number, Map<string, Holder>>();
  /** Grows whenever something that was answered might be answered otherwise now. */
  version = 0;

  hold(vlan: number, address: Uint8Array, mac: number): void {
    const key = keyOf(vlan, address, 0, address.length);
    this.#drop(key);
    this.#holders.set(key, { mac, isClaim: false, seen: 0 });
    this.version++;
  }

  free(vlan: number, address: Uint8Array): void {
    this.#drop(keyOf(vlan, address, 0, address.length));
    this.version++;
  }

  /** May this MAC use the address? Claims it when nobody holds it. */
  allows(vlan: number, bytes: Uint8Array, at: number, length: 4 | 16, mac: number, tick: number): boolean {
    const key = keyOf(vlan, bytes, at, length);
    const holder = this.#holders.get(key);
    if (holder !== undefined && holder.mac === mac) {
      holder.seen = tick;
      return true;
    }
    if (holder !== undefined && !(holder.isClaim && tick - holder.seen > CLAIM_TICKS)) return false;
    if (!this.#hasRoom(mac, tick)) return false;
    if (holder !== undefined) this.#drop(key);
    const claim = { mac, isClaim: true, seen: tick };
    const claims = this.#claims.get(mac);
    if (claims === undefined) this.#claims.set(mac, new Map([[key, claim]]));
    else claims.set(key, claim);
    this.#holders.set(key, claim);
    this.version++;
    return true;
  }

  #hasRoom(mac: number, tick: number): boolean {
    const claims = this.#claims.get(mac);
    if (claims !== undefined && claims.size >= CLAIMS_PER_MAC) {
      let [oldest, seen] = ["", tick - STALE_TICKS];
      for (const [key, claim] of claims) if (claim.seen < seen) [oldest, seen] = [key, claim.seen];
      if (oldest === "") return false;
      this.#drop(oldest);
    }
    return this.#holders.size < MOST_CLAIMS;
  }

  /** A NIC is gone: what it claimed is free. Leases are the gateway's affair. */
  forgetClaims(mac: number): void {
    for (const key of [...(this.#claims.get(mac)?.keys() ?? [])]) this.#drop(key);
    this.version++;
  }

  #drop(key: string): void {
    const holder = this.#holders.get(key);
    if (holder === undefined) return;
    this.#holders.delete(key);
    if (!holder.isClaim) return;
    const claims = this.#claims.get(holder.mac);
    claims?.delete(key);
    if (claims?.size === 0) this.#claims.delete(holder.mac);
  }
}

function keyOf(vlan: number, bytes: Uint8Array, at: number, length: number): string {
  let key = String.fromCharCode(vlan);
  for (let i = 0; i < length; i += 2) key += String.fromCharCode(((bytes[at + i] as number) << 8) | (bytes[at + i + 1] as number));
  return key;
}
