// The cables between networks: each is there while both its ends name each other.
import type { SwitchNews } from "@mimic/workbench/ports";
import { type CableEnd, joinCable } from "../ports/cable.ts";
import type { NetworkHost } from "./network-host.ts";

interface Joined extends Disposable {
  readonly a: CableEnd;
  readonly b: CableEnd;
}

export class Cables {
  readonly #joined = new Map<string, Joined>();
  readonly #tell: (news: SwitchNews) => void;

  constructor(tell: (news: SwitchNews) => void) {
    this.#tell = tell;
  }

  /** To be called whenever a plan came or went: joins what belongs together, pulls what no longer does. */
  fit(networks: ReadonlyMap<string, NetworkHost>): void {
    const wanted = new Map<string, { a: CableEnd; b: CableEnd; ends: [string, string][] }>();
    for (const [id, network] of networks) {
      for (const { id: port, attach } of network.plan.ports) {
        if (attach.how !== "cable") continue;
        const a = network.cableEnd(port, attach);
        const b = networks.get(attach.network)?.cableEnd(attach.port, { network: id, port });
        // Both ends come by here; the smaller name speaks for both.
        const [from, to] = [`${id}/${port}`, `${attach.network}/${attach.port}`];
        const ends: [string, string][] = [
          [id, port],
          [attach.network, attach.port],
        ];
        if (a && b && from < to) wanted.set(`${from} ${to}`, { a, b, ends });
      }
    }
    for (const [name, cable] of this.#joined) {
      const same = wanted.get(name);
      if (same?.a.port === cable.a.port && same.b.port === cable.b.port) continue;
      cable[Symbol.dispose]();
      this.#joined.delete(name);
    }
    for (const [name, { a, b, ends }] of wanted) {
      if (this.#joined.has(name)) continue;
      this.#joined.set(name, Object.assign(joinCable(a, b), { a, b }));
      for (const [network, port] of ends) this.#tell({ kind: "peer", network, port, isThere: true });
    }
  }
}
