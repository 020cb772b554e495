// A cable between ports of two networks in this process. What goes in at one end comes out at the other in the next turn of the
// event loop, never within the same call: a circle of cables would otherwise hold everything up for ever, and the
// probes that find it would never be sent. What may lie in a cable is bounded.
import type { Outlet, Sent } from "../../switch/outlet.ts";
import type { Switch } from "../../switch/switch.ts";
import type { SwitchPort } from "../../switch/switch-port.ts";

export interface CableEnd {
  readonly lan: Switch;
  readonly port: SwitchPort;
}

const CROWDED_BYTES = 256 * 1024;
const MOST_BYTES = 2 * 1024 * 1024;

/** Joins two ports; dispose to pull the cable. */
export function joinCable(a: CableEnd, b: CableEnd): Disposable {
  const there = new Way(b);
  const back = new Way(a);
  a.lan.attach(a.port, there);
  b.lan.attach(b.port, back);
  return {
    [Symbol.dispose]: () => {
      there.close();
      back.close();
      a.lan.detach(a.port);
      b.lan.detach(b.port);
    },
  };
}

class Way implements Outlet {
  readonly gathers = false;
  readonly #to: CableEnd;
  #runs: Uint8Array[] = [];
  #bytes = 0;
  #waiters: (() => void)[] = [];
  #turn: NodeJS.Immediate | undefined;

  constructor(to: CableEnd) {
    this.#to = to;
  }

  send(bytes: Uint8Array, from: number, to: number): Sent {
    if (this.#bytes + to - from > MOST_BYTES) return "full";
    this.#runs.push(bytes.slice(from, to));
    this.#bytes += to - from;
    this.#turn ??= setImmediate(() => this.#pass());
    return this.#bytes > CROWDED_BYTES ? "crowded" : "taken";
  }

  flush(): void {}
  queuedBytes(): number {
    return this.#bytes;
  }
  whenRelieved(then: () => void): void {
    if (this.#bytes <= CROWDED_BYTES) then();
    else this.#waiters.push(then);
  }

  close(): void {
    clearImmediate(this.#turn);
    this.#runs = [];
    this.#bytes = 0;
    this.#relieve();
  }

  #pass(): void {
    this.#turn = undefined;
    const runs = this.#runs;
    this.#runs = [];
    this.#bytes = 0;
    for (const run of runs) this.#to.lan.receive(this.#to.port, run, 0, run.length, undefined);
    this.#relieve();
  }

  #relieve(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }
}
