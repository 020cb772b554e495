// Fragments of packets that are routed, not put together: only the first one has ports, so that the others go the way that the
// first was allowed, and without it nowhere. (What ends at the gateway, or is translated, is put together before it is decided.)
import { hexOf } from "@mimic/wire";
import type { SeenPacket } from "./packet.ts";

const KEPT_MS = 30_000;
const MOST = 4096;

export class AllowedFragments {
  readonly #allowed = new Map<string, number>();

  /** The first fragment was allowed. */
  allow(packet: SeenPacket, nowMs: number): void {
    if (!packet.fragment) return;
    const key = keyOf(packet, packet.fragment.id);
    this.#allowed.delete(key);
    this.#allowed.set(key, nowMs + KEPT_MS);
    for (const oldest of this.#allowed.keys()) {
      if (this.#allowed.size <= MOST) break;
      this.#allowed.delete(oldest);
    }
  }

  /** Whether a later fragment may follow. */
  mayFollow(packet: SeenPacket, nowMs: number): boolean {
    return packet.fragment !== undefined && (this.#allowed.get(keyOf(packet, packet.fragment.id)) ?? 0) > nowMs;
  }
}

const keyOf = ({ source, destination, protocol }: SeenPacket, id: number): string =>
  `${hexOf(source)} ${hexOf(destination)} ${protocol} ${id}`;

/** A first fragment too short to hold its ports is made to fool filters (RFC 1858, RFC 7112). */
export const isTinyFirstFragment = ({ fragment, kind, payload }: SeenPacket): boolean =>
  fragment?.offset === 0 && payload.length < (kind === "tcp" ? 20 : kind === "other" ? 0 : 8);
