// One network as it lives in the switch process: its switch, the other ends of its ports and its gateway. A new plan is
// compared with the one in force; what is the same is not touched, so traffic there goes on undisturbed.
import { type NetworkPlan, noGuards, type PortPlan } from "@mimic/model";
import type { SwitchNews } from "@mimic/workbench/ports";
import type { GatewayMaker, NetworkGateway } from "../../switch/gateway-port.ts";
import { outletOf } from "../../switch/outlet.ts";
import { BufferPool } from "../../switch/run-buffer.ts";
import { Switch } from "../../switch/switch.ts";
import type { PortWish, SwitchPort } from "../../switch/switch-port.ts";
import type { SwitchWorld } from "../../switch/switch-world.ts";
import { type AttachmentPlace, dialAttachment, listenAttachment, type PortAttachment } from "../ports/attachment.ts";
import type { CableEnd } from "../ports/cable.ts";
import { tunnelAttachment } from "../ports/tunnel.ts";

export interface HostSurroundings {
  readonly world: Omit<SwitchWorld, "tell" | "wakeAt">;
  readonly tell: (news: SwitchNews) => void;
  readonly warn: (words: string, facts: Readonly<Record<string, unknown>>) => void;
  /** Where a plan's path is in this process. */
  readonly pathOf: (path: string) => string;
  readonly makeGateway: GatewayMaker | undefined;
}

const READ_BYTES = 256 * 1024;
const KEPT_BUFFERS = 64;
export const GATEWAY_PORT = "gateway";

interface LivePort {
  plan: PortPlan;
  readonly port: SwitchPort;
  attachment: PortAttachment | undefined;
  /** Why it does not lead where it shall. */
  trouble: string | undefined;
}

/** No Buffer: its `slice` is a view and no copy, and whoever looks at frames keeps pieces of them. */
const plainMemory = (): Uint8Array => new Uint8Array(Buffer.allocUnsafeSlow(READ_BYTES).buffer);

export class NetworkHost {
  readonly #around: HostSurroundings;
  readonly lan: Switch;
  readonly #pool = new BufferPool(plainMemory, KEPT_BUFFERS);
  readonly #live = new Map<string, LivePort>();
  #plan: NetworkPlan;
  #gateway: NetworkGateway | undefined;
  #gatewayPort: SwitchPort | undefined;
  #mirrors: Disposable[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(plan: NetworkPlan, around: HostSurroundings) {
    this.#around = around;
    this.#plan = { ...plan, ports: [] };
    this.lan = new Switch(settingsOf(plan), {
      ...around.world,
      wakeAt: (atMs) => this.#wake(atMs),
      tell: (news) => around.tell({ kind: "loop", network: plan.id, port: news.port, words: news.words }),
    });
    this.apply(plan);
  }

  get gateway(): NetworkGateway | undefined {
    return this.#gateway;
  }

  get plan(): NetworkPlan {
    return this.#plan;
  }

  apply(plan: NetworkPlan): void {
    if (!isSame(settingsOf(plan), settingsOf(this.#plan))) this.lan.configure(settingsOf(plan));
    this.#plan = plan;
    for (const [id, live] of this.#live) if (!plan.ports.some((port) => port.id === id)) this.#remove(live);
    for (const port of plan.ports) this.#applyPort(port);
    this.#applyGateway(plan);
    this.#applyMirrors(plan);
  }

  /** The end of a cable here, if this port has one that leads there. */
  cableEnd(id: string, to: { readonly network: string; readonly port: string }): CableEnd | undefined {
    const live = this.#live.get(id);
    if (live?.plan.attach.how !== "cable") return undefined;
    const { network, port } = live.plan.attach;
    return network === to.network && port === to.port ? { lan: this.lan, port: live.port } : undefined;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    for (const live of this.#live.values()) this.#remove(live);
    await this.#closeGateway();
  }

  #applyPort(plan: PortPlan): void {
    const live = this.#live.get(plan.id);
    if (live === undefined) {
      const port = this.lan.addPort(wishOf(plan));
      const fresh: LivePort = { plan, port, attachment: undefined, trouble: undefined };
      this.#live.set(plan.id, fresh);
      fresh.attachment = this.#attach(plan, port);
      return;
    }
    if (!isSame(wishOf(plan), wishOf(live.plan))) this.lan.changePort(live.port, wishOf(plan));
    if (!isSame(plan.attach, live.plan.attach)) {
      live.attachment?.[Symbol.dispose]();
      live.attachment = this.#attach(plan, live.port);
    } else {
      live.attachment?.hurry();
      // Whoever sends plans again is perhaps a daemon that has not heard it yet.
      if (live.trouble !== undefined) this.#tellTrouble(plan.id, live.trouble);
    }
    live.plan = plan;
  }

  #applyMirrors(plan: NetworkPlan): void {
    for (const mirror of this.#mirrors.splice(0)) mirror[Symbol.dispose]();
    for (const { id, attach } of plan.ports) {
      const mirror = this.#live.get(id)?.port;
      if (attach.how === "mirror" && mirror) this.#mirrors.push(...attach.of.map((of) => this.lan.mirror(mirror, of)));
    }
  }

  #wake(atMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.lan.release(), Math.max(0, Math.ceil(atMs - performance.now())));
  }

  #remove(live: LivePort): void {
    live.attachment?.[Symbol.dispose]();
    this.lan.removePort(live.port);
    this.#live.delete(live.plan.id);
  }

  #attach(plan: PortPlan, port: SwitchPort): PortAttachment | undefined {
    const place: AttachmentPlace = {
      lan: this.lan,
      port,
      pool: this.#pool,
      peer: (isThere) => {
        if (isThere) this.#noteTrouble(plan.id, undefined);
        this.#around.tell({ kind: "peer", network: this.#plan.id, port: plan.id, isThere });
      },
      problem: (words) => this.#noteTrouble(plan.id, words),
    };
    switch (plan.attach.how) {
      case "dial":
      case "lan":
        return dialAttachment(this.#around.pathOf(plan.attach.path), place);
      case "listen":
      case "mirror":
        return listenAttachment(this.#around.pathOf(plan.attach.path), place);
      case "tunnel":
        return tunnelAttachment(plan.attach, place);
      // Needs the other network: see SwitchHost.
      case "cable":
        return undefined;
      default:
        return plan.attach satisfies never;
    }
  }

  #noteTrouble(port: string, words: string | undefined): void {
    const live = this.#live.get(port);
    if (live?.trouble === words) return;
    if (live !== undefined) live.trouble = words;
    if (words !== undefined) this.#around.warn("a port could not be joined", { network: this.#plan.id, port, words });
    this.#tellTrouble(port, words);
  }

  #tellTrouble(port: string, words: string | undefined): void {
    this.#around.tell({ kind: "trouble", network: this.#plan.id, port, ...(words !== undefined && { words }) });
  }

  #applyGateway(plan: NetworkPlan): void {
    if (plan.gateway === undefined || this.#around.makeGateway === undefined) {
      void this.#closeGateway();
      return;
    }
    if (this.#gateway !== undefined) {
      this.#gateway.apply(plan);
      return;
    }
    const port = this.lan.addPort(gatewayWish(plan.gateway.mac));
    const gateway = this.#around.makeGateway(plan, {
      addresses: this.lan.addresses,
      tell: this.#around.tell,
      inlet: {
        receive: (run) => void this.lan.receive(port, run, 0, run.length, undefined),
        dropped: (frame, reason, rule) => this.lan.dropped(port, reason, frame, 0, frame.length, rule),
      },
    });
    this.#gatewayPort = port;
    this.#gateway = gateway;
    this.lan.attach(port, outletOf(gateway));
  }

  async #closeGateway(): Promise<void> {
    const gateway = this.#gateway;
    // It says goodbye within the call, and its port must still be there for that.
    const closing = gateway?.close();
    if (this.#gatewayPort !== undefined) this.lan.removePort(this.#gatewayPort);
    this.#gatewayPort = undefined;
    this.#gateway = undefined;
    await closing;
  }
}

const settingsOf = (plan: NetworkPlan) => ({
  id: plan.id,
  mtu: plan.mtu,
  macAgeSeconds: plan.macAgeSeconds,
  snooping: plan.snooping,
  loopGuard: plan.spanningTree,
});

const wishOf = (plan: PortPlan): PortWish => ({
  id: plan.id,
  label: plan.label,
  mac: plan.mac,
  mode: plan.mode,
  isUp: plan.isUp,
  guards: plan.guards,
  quality: plan.quality,
  isMirror: plan.attach.how === "mirror",
  isInternal: false,
  isLink: plan.attach.how === "cable" || plan.attach.how === "tunnel" || plan.attach.how === "lan",
});

/** A trunk with every VLAN, VLAN 1 untagged. Its address is guarded like a NIC's: nobody else may speak as the gateway. */
const gatewayWish = (mac: string): PortWish => ({
  id: GATEWAY_PORT,
  label: "gateway",
  mac,
  mode: { mode: "trunk", native: 1, allowed: "all" },
  isUp: true,
  guards: { ...noGuards, mac: true },
  quality: { up: {}, down: {} },
  isMirror: false,
  isInternal: true,
  isLink: false,
});

/** Plans are plain data. */
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
