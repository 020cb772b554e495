// The gateway's way out: in each VLAN an endpoint that answers for every address, and a NAT on it. What may go where is decided
// by the gateway; here it is done.
import type { Random } from "@mimic/base";
import type { DropReason } from "@mimic/model";
import { Endpoint, IpAddress, type Scheduler } from "@mimic/tcpip";
import { readU16, TPID_CUSTOMER } from "@mimic/wire";
import type { FabricConnection, ForwardState } from "@mimic/workbench/ports";
import { cannotConnect } from "../gateway/errors.ts";
import type { MakeUplink, ResolvedForward, Uplink, UplinkFoot, UplinkSurroundings } from "../gateway/uplink.ts";
import { fabricConnectionOf, streamOf } from "./connection-stream.ts";
import type { NatDecision, NatFlow } from "./flow.ts";
import type { ForwardNews, ForwardWish } from "./forwards.ts";
import type { HostSide } from "./host-side.ts";
import { Nat } from "./nat.ts";

/** What the gateway's port carries without a tag. */
const NATIVE_VLAN = 1;

export interface UplinkParts {
  readonly host: HostSide;
  readonly scheduler: Scheduler;
  readonly random: Random;
}

/** Uplinks for gateways, all over the same sockets of this computer. */
export const uplinkMaker =
  (parts: UplinkParts): MakeUplink =>
  (surroundings) =>
    new NatUplink(parts, surroundings);

interface Leg {
  readonly foot: UplinkFoot;
  readonly endpoint: Endpoint;
  readonly nat: Nat;
  isTouched: boolean;
}

class NatUplink implements Uplink {
  readonly #parts: UplinkParts;
  readonly #surroundings: UplinkSurroundings;
  readonly #legs = new Map<number, Leg>();
  /** Forwards whose machine has no address yet, or that are gone from their VLAN. */
  #waiting: ForwardState[] = [];

  constructor(parts: UplinkParts, surroundings: UplinkSurroundings) {
    this.#parts = parts;
    this.#surroundings = surroundings;
  }

  receive(frame: Uint8Array, vlan: number): void {
    const leg = this.#legs.get(vlan);
    if (leg === undefined) return;
    leg.isTouched = true;
    leg.endpoint.input(frame);
  }

  receiveKnown(bytes: Uint8Array, at: number, end: number): boolean {
    const isTagged = end - at >= 18 && readU16(bytes, at + 12) === TPID_CUSTOMER;
    const leg = this.#legs.get(isTagged ? readU16(bytes, at + 14) & 0xfff : NATIVE_VLAN);
    if (!leg?.endpoint.inputKnown(bytes, at, end)) return false;
    leg.isTouched = true;
    return true;
  }

  flush(): void {
    for (const leg of this.#legs.values()) {
      if (!leg.isTouched) continue;
      leg.isTouched = false;
      leg.endpoint.flush();
    }
  }

  setFeet(feet: readonly UplinkFoot[]): void {
    for (const [vlan, leg] of this.#legs) {
      const now = feet.find((foot) => foot.vlan === vlan);
      if (now && now.mac.join() === leg.foot.mac.join()) leg.endpoint.setAddresses(ownOf(now));
      else this.#remove(vlan, leg);
    }
    for (const foot of feet) if (!this.#legs.has(foot.vlan)) this.#legs.set(foot.vlan, this.#make(foot));
  }

  #make(foot: UplinkFoot): Leg {
    const { mtu, transmit } = this.#surroundings;
    const { scheduler, random, host } = this.#parts;
    const endpoint = new Endpoint({
      mac: foot.mac,
      mtu,
      vlan: foot.vlan === NATIVE_VLAN ? undefined : foot.vlan,
      addresses: ownOf(foot),
      answersFor: "every",
      scheduler,
      random,
      transmit: (run) => {
        transmit(run);
        return true;
      },
    });
    const nat = new Nat({
      endpoint,
      host,
      decide: (flow) => this.#decide(flow, foot.vlan, endpoint),
      cannotPing: (packet, mac) => this.#surroundings.cannotPing(packet, { mac, vlan: foot.vlan }),
    });
    nat.forwards.told = (news) => this.#surroundings.told(stateOf(news));
    return { foot, endpoint, nat, isTouched: false };
  }

  #decide(flow: NatFlow, vlan: number, endpoint: Endpoint): NatDecision {
    const { protocol, source, destination, destinationPort: port } = flow;
    const decision = this.#surroundings.decide({ protocol, vlan, from: source.bytes, to: destination.bytes, toPort: port });
    if (decision.verdict !== "accept") {
      if (decision.verdict === "drop") return { verdict: "drop" };
      return { verdict: "reject", how: refusalOf(decision, endpoint.isOwn(destination)) };
    }
    switch (decision.way) {
      case "uplink":
        return { verdict: "allow", dial: { address: destination.text, port } };
      case "host":
        return { verdict: "allow", dial: { address: destination.version === 4 ? "127.0.0.1" : "::1", port: decision.port } };
      case "gateway":
        return protocol === "tcp" ? { verdict: "serve", serve: (opening) => this.#serve(opening) } : { verdict: "reject", how: "refused" };
      case "segment":
      case "network":
        // The router deals with these before they come here.
        return { verdict: "reject", how: "noRoute" };
    }
  }

  #serve(opening: Parameters<NonNullable<Endpoint["events"]["opening"]>>[0]): void {
    const from = opening.remote.bytes;
    this.#surroundings.serveDns(streamOf(opening.accept({})), from);
  }

  setForwards(forwards: readonly ResolvedForward[]): void {
    const wishes = new Map<Leg, ForwardWish[]>([...this.#legs.values()].map((leg) => [leg, []]));
    this.#waiting = [];
    for (const { forward, guest } of forwards) {
      const address = guest && new IpAddress(guest.slice());
      const leg = address && this.#legTo(address);
      const { id, protocol, hostPort, hostAddress, guestPort } = forward;
      if (address === undefined || leg === undefined) this.#waiting.push({ id, hostPort: 0, problem: NO_ADDRESS });
      else wishes.get(leg)?.push({ id, protocol, host: { address: hostAddress, port: hostPort }, guest: { address, port: guestPort } });
    }
    for (const [leg, ours] of wishes) leg.nat.forwards.set(ours);
  }

  forwards(): readonly ForwardState[] {
    return [...[...this.#legs.values()].flatMap(({ nat }) => nat.forwards.list().map(stateOf)), ...this.#waiting];
  }

  #legTo(address: IpAddress): Leg | undefined {
    return [...this.#legs.values()].find(({ endpoint }) =>
      endpoint.addresses.some((own) => address.isInPrefix(own.address, own.prefixLength)),
    );
  }

  async connect(
    to: { readonly address: Uint8Array; readonly port: number },
    { signal }: { readonly signal: AbortSignal },
  ): Promise<FabricConnection> {
    signal.throwIfAborted();
    const address = new IpAddress(to.address.slice());
    const where = `${address.text} port ${to.port}`;
    const connection = this.#legTo(address)?.nat.connect({ address, port: to.port }, {});
    if (connection === undefined) throw cannotConnect(where);
    const stream = streamOf(connection);
    const give = (): void => stream.destroy();
    signal.addEventListener("abort", give, { once: true });
    try {
      await stream.opened;
    } catch (error) {
      signal.throwIfAborted();
      throw cannotConnect(where, error instanceof Error ? error.message : undefined);
    } finally {
      signal.removeEventListener("abort", give);
    }
    return fabricConnectionOf(stream);
  }

  review(): void {
    for (const { nat } of this.#legs.values()) nat.review();
  }

  async close(): Promise<void> {
    for (const [vlan, leg] of [...this.#legs]) this.#remove(vlan, leg);
  }

  #remove(vlan: number, leg: Leg): void {
    this.#legs.delete(vlan);
    leg.nat.close();
    leg.endpoint.close();
  }
}

const NO_ADDRESS = "The machine has no address on this network yet.";

const stateOf = ({ id, hostPort, problem }: ForwardNews): ForwardState => ({ id, hostPort, problem });

const ownOf = (foot: UplinkFoot): { address: IpAddress; prefixLength: number }[] =>
  foot.addresses.map(({ address, prefixLength }) => ({ address: new IpAddress(address.slice()), prefixLength }));

/** Our own address refuses as a host does; what is behind us is refused as a router does. */
function refusalOf({ reason }: { readonly reason: DropReason }, isOwn: boolean): "refused" | "prohibited" | "noRoute" {
  if (isOwn) return "refused";
  return reason === "noRoute" ? "noRoute" : "prohibited";
}
