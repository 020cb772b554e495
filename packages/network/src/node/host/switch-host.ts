// All networks of this installation, in the switch process. Answers what the control socket asks.
import { randomFillSync } from "node:crypto";
import { join } from "node:path";
import { unreachable } from "@mimic/base";
import type { SwitchNews } from "@mimic/workbench/ports";
import type { AnswerTo, Ask } from "../../control/messages.ts";
import { noGateway, unknownNetwork } from "../../errors.ts";
import type { GatewayMaker } from "../../switch/gateway-port.ts";
import { traceThrough } from "../../switch/trace.ts";
import { Cables } from "./cables.ts";
import { NetworkHost } from "./network-host.ts";

export interface SwitchHostOptions {
  /** The folder that plans' paths are relative to. */
  readonly netFolder: string;
  readonly makeGateway: GatewayMaker | undefined;
  readonly tell: (news: SwitchNews) => void;
  readonly warn: (words: string, facts: Readonly<Record<string, unknown>>) => void;
}

const TICK_MS = 500;

export class SwitchHost {
  readonly #options: SwitchHostOptions;
  readonly #networks = new Map<string, NetworkHost>();
  readonly #cables: Cables;
  readonly #ticking: NodeJS.Timeout;

  constructor(options: SwitchHostOptions) {
    this.#options = options;
    this.#cables = new Cables(options.tell);
    this.#ticking = setInterval(() => {
      for (const network of this.#networks.values()) network.lan.tick();
    }, TICK_MS);
  }

  get networks(): string[] {
    return [...this.#networks.keys()];
  }

  network(id: string): NetworkHost {
    const network = this.#networks.get(id);
    if (network === undefined) throw unknownNetwork(id);
    return network;
  }

  async answer(ask: Ask): Promise<AnswerTo<Ask["ask"]>> {
    switch (ask.ask) {
      case "apply":
        return this.#apply(ask.plan);
      case "remove":
        return this.#remove(ask.network);
      case "counters":
        return this.network(ask.network).lan.counters();
      case "vlanCounters":
        return this.network(ask.network).lan.vlanCounters();
      case "leases":
        return [...(this.network(ask.network).gateway?.leases() ?? [])];
      case "release":
        return this.#release(ask.network, ask.mac);
      case "drops":
        return [...this.network(ask.network).lan.drops(ask.port)];
      case "forwards":
        return (this.network(ask.network).gateway?.forwards() ?? []).map((forward) => ({ ...forward, problem: forward.problem }));
      case "trace":
        return [...traceThrough(this.network(ask.network), ask.question)];
      case "end":
        return null;
      default:
        return unreachable(ask);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    await Promise.all([...this.#networks.values()].map((network) => network.close()));
    this.#networks.clear();
  }

  #apply(plan: Extract<Ask, { ask: "apply" }>["plan"]): null {
    const network = this.#networks.get(plan.id);
    if (network !== undefined) network.apply(plan);
    else this.#networks.set(plan.id, new NetworkHost(plan, this.#surroundings()));
    this.#cables.fit(this.#networks);
    return null;
  }

  async #remove(id: string): Promise<null> {
    const network = this.#networks.get(id);
    this.#networks.delete(id);
    this.#cables.fit(this.#networks);
    await network?.close();
    return null;
  }

  #release(id: string, mac: string): null {
    const { gateway } = this.network(id);
    if (gateway === undefined) throw noGateway(id);
    gateway.release(mac);
    return null;
  }

  #surroundings() {
    const { netFolder, makeGateway, tell, warn } = this.#options;
    return {
      world: {
        nowMs: () => performance.now(),
        wallMs: () => Date.now(),
        random: (bytes: number) => randomFillSync(new Uint8Array(bytes)),
      },
      pathOf: (path: string) => (path.startsWith("/") ? path : join(netFolder, path)),
      makeGateway,
      tell,
      warn,
    };
  }
}
