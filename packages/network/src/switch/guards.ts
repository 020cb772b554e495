// What a guarded port may say about itself: ARP senders, IP sources, DHCP answers, router advertisements. Pure, over
// bytes of a guest. The last IPv4 source that was allowed is remembered, so that a stream of packets costs one comparison.
import type { DropReason, PortGuards } from "@mimic/model";
import type { HeldAddresses } from "./address-book.ts";
import { isTagType } from "./vlan.ts";

const ARP = 0x0806;
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
/** Below it the field is a length (IEEE 802.3 §3.2.6). */
const SMALLEST_TYPE = 0x600;
const REMIND_TICKS = 60;
const UDP = 17;
const ICMPV6 = 58;

export interface Speaker {
  readonly vlan: number;
  /** The frame's source. */
  readonly mac: number;
  readonly tick: number;
}

/** Remembers for one port what was already allowed. */
export class ProtocolGuard {
  readonly #guards: PortGuards;
  readonly #book: HeldAddresses;
  #allowed = { address: 0, vlan: -1, mac: -1, version: -1, tick: 0 };

  constructor(guards: PortGuards, book: HeldAddresses) {
    this.#guards = guards;
    this.#book = book;
  }

  /** Undefined = may pass. `at` is where the payload of type `type` begins, `end` where the frame ends. */
  check(bytes: Uint8Array, type: number, at: number, end: number, speaker: Speaker): DropReason | undefined {
    if (type === IPV4) return this.#ipv4(bytes, at, end, speaker);
    if (type === ARP) return this.#arp(bytes, at, end, speaker);
    if (type === IPV6) return this.#ipv6(bytes, at, end, speaker);
    return type < SMALLEST_TYPE ? this.#snap(bytes, at, end, speaker) : undefined;
  }

  /**
   * An 802.3 frame may carry the same protocols behind LLC and SNAP (RFC 1042), and some systems take them from there: what
   * a guard forbids must not pass in other clothes (CVE-2021-27861).
   */
  #snap(bytes: Uint8Array, at: number, end: number, speaker: Speaker): DropReason | undefined {
    if (end - at < 8 || ((bytes[at] as number) | 1) !== 0xab || ((bytes[at + 1] as number) | 1) !== 0xab) return undefined;
    // OUI 00-00-00 of RFC 1042, and 00-00-f8 of bridges (IEEE 802.1H).
    if (u16(bytes, at + 3) !== 0 || (bytes[at + 5] !== 0 && bytes[at + 5] !== 0xf8)) return undefined;
    const type = u16(bytes, at + 6);
    if (isTagType(type)) return "tagNotAllowed";
    return type < SMALLEST_TYPE ? undefined : this.check(bytes, type, at + 8, end, speaker);
  }

  #arp(bytes: Uint8Array, at: number, end: number, speaker: Speaker): DropReason | undefined {
    if (!this.#guards.ip) return undefined;
    // Ethernet and IPv4 only (RFC 826): what is not that has no business here.
    if (end - at < 28 || u16(bytes, at) !== 1 || u16(bytes, at + 2) !== IPV4 || u16(bytes, at + 4) !== 0x0604) return "malformed";
    if (macAt(bytes, at + 8) !== speaker.mac) return "arpSpoofed";
    // 0.0.0.0 asks whether an address is free (RFC 5227 §2.1.1).
    if (u32(bytes, at + 14) === 0) return undefined;
    return this.#book.allows(speaker.vlan, bytes, at + 14, 4, speaker.mac, speaker.tick) ? undefined : "arpSpoofed";
  }

  #ipv4(bytes: Uint8Array, at: number, end: number, speaker: Speaker): DropReason | undefined {
    const header = ((bytes[at] as number) & 15) * 4;
    if (end - at < 20 || (bytes[at] as number) >> 4 !== 4 || header < 20 || end - at < header) return "malformed";
    const source = u32(bytes, at + 12);
    if (this.#guards.ip && !this.#maySpeakAs(source, bytes, at + 12, speaker)) return "ipSpoofed";
    if (!this.#guards.dhcp || bytes[at + 9] !== UDP || (u16(bytes, at + 6) & 0x1fff) !== 0) return undefined;
    // A server's answer comes from port 67 and goes to port 68 (RFC 2131 §4.1), and clients mostly look at the latter only; a
    // relay speaks from there as well and is no guest's business. A header cut into the second fragment would hide the ports.
    if (end - at < header + 8) return "malformed";
    return u16(bytes, at + header) === 67 || u16(bytes, at + header + 2) === 68 ? "rogueDhcp" : undefined;
  }

  #maySpeakAs(source: number, bytes: Uint8Array, at: number, { vlan, mac, tick }: Speaker): boolean {
    const known = this.#allowed;
    const isSame = known.address === source && known.vlan === vlan && known.mac === mac && known.version === this.#book.version;
    // Asked anew from time to time, so that the book knows that the address is in use.
    if (isSame && tick - known.tick < REMIND_TICKS) return true;
    // A guest without an address yet (DHCP).
    if (source === 0) return true;
    // Nobody is a group, everybody or loopback (RFC 1122 §3.2.1.3): answers to such senders would go to many, or to the asked itself.
    const first = source >>> 24;
    if (first >= 224 || first === 127) return false;
    if (!this.#book.allows(vlan, bytes, at, 4, mac, tick)) return false;
    this.#allowed = { address: source, vlan, mac, version: this.#book.version, tick };
    return true;
  }

  #ipv6(bytes: Uint8Array, at: number, end: number, speaker: Speaker): DropReason | undefined {
    if (end - at < 40 || (bytes[at] as number) >> 4 !== 6) return "malformed";
    if (this.#guards.ip && !isUnspecified(bytes, at + 8)) {
      const isNobody = bytes[at + 8] === 0xff || isLoopback(bytes, at + 8);
      if (isNobody || !this.#book.allows(speaker.vlan, bytes, at + 8, 16, speaker.mac, speaker.tick)) return "ipSpoofed";
    }
    const { ip, dhcp, routerAdvertisements } = this.#guards;
    return ip || dhcp || routerAdvertisements ? this.#upperLayer(bytes, at, end, speaker) : undefined;
  }

  /** Walks extension headers (RFC 7113: hiding an advertisement behind them, or in fragments, must not help). */
  #upperLayer(bytes: Uint8Array, at: number, end: number, speaker: Speaker): DropReason | undefined {
    let next = bytes[at + 6] as number;
    let here = at + 40;
    let isFragment = false;
    for (let hops = 0; hops < 8; hops++) {
      if (next === UDP) return this.#udp6(bytes, here, end);
      if (next === ICMPV6) return this.#icmpv6(bytes, here, end, { speaker, isFragment });
      if (next === 44) {
        if (end - here < 8) return "malformed";
        const offset = u16(bytes, here + 2) >> 3;
        isFragment = true;
        next = bytes[here] as number;
        here += 8;
        // A later fragment carries no header to look at; its first one was looked at, or had none in it and goes no further.
        if (offset !== 0) return undefined;
        if (next === ICMPV6 && end - here < 4) return "malformed";
        continue;
      }
      if (next !== 0 && next !== 43 && next !== 60 && next !== 135) return undefined;
      if (end - here < 8) return "malformed";
      next = bytes[here] as number;
      here += ((bytes[here + 1] as number) + 1) * 8;
      if (here > end) return "malformed";
    }
    return "malformed";
  }

  #udp6(bytes: Uint8Array, at: number, end: number): DropReason | undefined {
    if (end - at < 8) return "malformed";
    // RFC 8415 §7.2: servers listen at 547, clients at 546.
    return this.#guards.dhcp && (u16(bytes, at) === 547 || u16(bytes, at + 2) === 546) ? "rogueDhcp" : undefined;
  }

  #icmpv6(
    bytes: Uint8Array,
    at: number,
    end: number,
    { speaker, isFragment }: { readonly speaker: Speaker; readonly isFragment: boolean },
  ): DropReason | undefined {
    if (end - at < 4) return "malformed";
    // Router advertisement and redirect (RFC 4861 §4.2, §4.5).
    const type = bytes[at] as number;
    if (this.#guards.routerAdvertisements && (type === 134 || type === 137)) return "rogueRouterAdvertisement";
    if (!this.#guards.ip || type < 133 || type > 136) return undefined;
    // RFC 6980 §5: neighbour discovery is never fragmented.
    return isFragment ? "malformed" : this.#neighbour(bytes, at, end, speaker);
  }

  /**
   * What ARP is in IPv4: an advertisement says that its *target* is at a MAC, whoever its source is (RFC 4861 §4.4), and
   * solicitations say where their sender is (§4.1, §4.3).
   */
  #neighbour(bytes: Uint8Array, at: number, end: number, { vlan, mac, tick }: Speaker): DropReason | undefined {
    const type = bytes[at] as number;
    const fixed = type === 133 ? 8 : type === 134 ? 16 : 24;
    if (end - at < fixed) return "malformed";
    if (type === 136 && !this.#book.allows(vlan, bytes, at + 8, 16, mac, tick)) return "arpSpoofed";
    for (let option = at + fixed; option + 8 <= end; ) {
      const length = (bytes[option + 1] as number) * 8;
      // What is left may be padding of the frame.
      if (length === 0) return undefined;
      if ((bytes[option] === 1 || bytes[option] === 2) && option + length <= end && macAt(bytes, option + 2) !== mac) return "arpSpoofed";
      option += length;
    }
    return undefined;
  }
}

export const macAt = (bytes: Uint8Array, at: number): number => u16(bytes, at) * 0x1_0000_0000 + u32(bytes, at + 2);

const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
const u32 = (bytes: Uint8Array, at: number): number => ((u16(bytes, at) << 16) | u16(bytes, at + 2)) >>> 0;

function isUnspecified(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 16; i++) if (bytes[at + i] !== 0) return false;
  return true;
}

function isLoopback(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 15; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 15] === 1;
}

/** “52:54:00:…” as a number below 2^48. */
export const macNumber = (text: string): number => Number.parseInt(text.replaceAll(":", ""), 16);
