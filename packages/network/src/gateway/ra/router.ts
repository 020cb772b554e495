// Router advertisements of all segments: follows the pure timers and says what there is to say.
import type { Clock, Random } from "@mimic/base";
import type { NdpMessage } from "@mimic/wire";
import type { Foot } from "../feet.ts";
import { type AdvertiserState, solicited, startAdvertiser, tickAdvertiser } from "./advertise.ts";
import { advertisementOf, farewellOf, type RouterOffer } from "./advertisement.ts";

interface Advertised {
  offer: RouterOffer;
  state: AdvertiserState;
}

export interface RouterParts {
  readonly clock: Clock;
  readonly random: Random;
  /** `to` undefined: to all nodes of the segment. */
  readonly send: (vlan: number, message: NdpMessage, to: Uint8Array | undefined) => void;
}

export class RouterAdvertiser {
  readonly #parts: RouterParts;
  readonly #segments = new Map<number, Advertised>();

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** What is new or different is said at once; what is gone is taken back. */
  apply(feet: readonly Foot[]): void {
    const now = this.#parts.clock.monotonicMs();
    for (const [vlan, { offer }] of this.#segments) {
      const router = feet.find((foot) => foot.vlan === vlan)?.router;
      if (router && isSame(router.prefix, offer.prefix)) continue;
      this.#parts.send(vlan, farewellOf(offer), undefined);
      this.#segments.delete(vlan);
    }
    for (const { vlan, router } of feet) {
      if (!router) continue;
      const known = this.#segments.get(vlan);
      if (!known) this.#segments.set(vlan, { offer: router, state: startAdvertiser(now) });
      else if (JSON.stringify(plainOf(known.offer)) !== JSON.stringify(plainOf(router)))
        this.#segments.set(vlan, { offer: router, state: startAdvertiser(now) });
    }
    this.tick();
  }

  solicited(vlan: number, from: Uint8Array): void {
    const segment = this.#segments.get(vlan);
    if (!segment) return;
    const hasAddress = from.some((byte) => byte !== 0);
    const asked = { hasAddress, nowMs: this.#parts.clock.monotonicMs(), chance: this.#chance() };
    const step = solicited(segment.state, asked);
    segment.state = step.state;
    if (step.answersNow) this.#parts.send(vlan, advertisementOf(segment.offer), from);
  }

  /** Says what is due. */
  tick(): void {
    const now = this.#parts.clock.monotonicMs();
    for (const [vlan, segment] of this.#segments) {
      const step = tickAdvertiser(segment.state, now, this.#chance());
      segment.state = step.state;
      if (step.sends) this.#parts.send(vlan, advertisementOf(segment.offer), undefined);
    }
  }

  /** When something will be due, on the monotonic clock; undefined = never. */
  nextAtMs(): number | undefined {
    const times = [...this.#segments.values()].map(({ state }) => state.nextAtMs);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The network goes: guests forget its prefixes. */
  farewell(): void {
    for (const [vlan, { offer }] of this.#segments) this.#parts.send(vlan, farewellOf(offer), undefined);
    this.#segments.clear();
  }

  #chance(): number {
    const [high = 0, low = 0] = this.#parts.random.bytes(2);
    return (high * 256 + low) / 65_536;
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index]);
const plainOf = (offer: RouterOffer): unknown => ({
  ...offer,
  mac: [...offer.mac],
  prefix: [...offer.prefix],
  address: [...offer.address],
});
