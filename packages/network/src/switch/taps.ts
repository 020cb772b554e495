// Who looks on: captures and mirrors, at one port or at all. Ports carry their own list, so that frames where nobody
// looks on pay nothing.
import type { Exits } from "./exits.ts";
import type { SwitchPort, Tap } from "./switch-port.ts";

export class Taps {
  readonly #everywhere = new Set<Tap>();
  readonly #at = new Map<string, Set<Tap>>();
  readonly #ports: () => Iterable<SwitchPort>;

  constructor(ports: () => Iterable<SwitchPort>) {
    this.#ports = ports;
  }

  /** Without a port it sees all of them, those too that come later. Dispose to look away. */
  add(tap: Tap, port: string | undefined): Disposable {
    const taps = port === undefined ? this.#everywhere : (this.#at.get(port) ?? new Set());
    taps.add(tap);
    if (port !== undefined) this.#at.set(port, taps);
    this.#spread();
    return {
      [Symbol.dispose]: () => {
        taps.delete(tap);
        if (port !== undefined && taps.size === 0 && this.#at.get(port) === taps) this.#at.delete(port);
        this.#spread();
      },
    };
  }

  fit(port: SwitchPort): void {
    port.taps = [...this.#everywhere, ...(this.#at.get(port.id) ?? [])];
    port.sentTaps = port.taps.filter(({ seesSent }) => seesSent);
  }

  #spread(): void {
    for (const port of this.#ports()) this.fit(port);
  }
}

/**
 * A mirror port's copies of all that passes another port, both ways, as it was there. What a mirror gets is not mirrored again:
 * two that look at each other would never come to an end.
 */
export const mirrorTap = (exits: Exits, mirror: SwitchPort): Tap => ({
  seesSent: true,
  passed: (port, _direction, vlan, bytes, from, to, frames) => {
    if (mirror.wish.isUp && !port.wish.isMirror) exits.send(mirror, vlan, bytes, from, to, frames, undefined, undefined);
  },
});
