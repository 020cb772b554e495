// A network's gateway, put together. A new plan changes what differs; leases, flows and forwards that it still has go on.
import type { Lease, NetworkPlan } from "@mimic/model";
import { ETHER_TYPE, ipText, isMalformed, macText, parseIp, serializeEthernet, TPID_CUSTOMER } from "@mimic/wire";
import type { FabricConnection, ForwardState, TraceQuestion, TraceStep } from "@mimic/workbench/ports";
import type { GatewaySurroundings, NetworkGateway } from "../switch/gateway-port.ts";
import { RECORD_HEAD, recordLength } from "../switch/ports.ts";
import { macNumber } from "./dhcp/lease-keeper.ts";
import { addressNumber } from "./dhcp/lease-table.ts";
import { cannotConnect, noWayToGuests } from "./errors.ts";
import { feetOf, macOfPlan, ownAddresses, uplinkFeet } from "./feet.ts";
import { decideEgress, type EgressDecision } from "./filter/decide-egress.ts";
import { type NeighbourNetwork, segmentRanges } from "./filter/policy.ts";
import { isPublicAddress } from "./filter/special-ranges.ts";
import { NATIVE_VLAN } from "./link/frame-writer.ts";
import { seePacket } from "./link/packet.ts";
import { type GatewayParts, type GatewayState, type GatewayWorld, makeParts } from "./parts.ts";
import { traceFromGateway } from "./trace.ts";
import type { UplinkFlow } from "./uplink.ts";

const TICK_MS = 1000;

export class Gateway implements NetworkGateway {
  readonly #world: GatewayWorld;
  readonly #surroundings: GatewaySurroundings;
  readonly #ends = new AbortController();
  readonly #state: GatewayState;
  readonly #parts: GatewayParts;
  #isDelivering = false;
  #willFlush = false;
  #willAdvertise = false;
  #hadIpv6Uplink = false;

  constructor(plan: NetworkPlan, surroundings: GatewaySurroundings, world: GatewayWorld) {
    this.#world = world;
    this.#surroundings = surroundings;
    this.#state = { plan: { ...plan, gateway: undefined }, feet: [], uplink: undefined };
    this.#parts = makeParts({ state: this.#state, surroundings, world, namesChanged: () => this.#namesChanged() });
    this.apply(plan);
    void this.#keepTicking();
  }

  apply(plan: NetworkPlan): void {
    const { machines, names, link } = this.#parts;
    const before = this.#state.plan;
    this.#state.plan = plan;
    machines.apply(plan);
    const partOf = ({ gateway, mtu, name }: NetworkPlan): string => JSON.stringify({ gateway, mtu, name });
    if (partOf(before) !== partOf(plan)) this.#applyGateway(plan);
    names.apply(plan, this.#state.feet);
    this.#applyForwards();
    link.flush();
  }

  #applyGateway(plan: NetworkPlan): void {
    const { policies, router, link, leases, advertiser } = this.#parts;
    const { registry } = this.#world;
    const mac = macOfPlan(plan);
    const hasIpv6Uplink = this.#hasIpv6Uplink();
    this.#hadIpv6Uplink = hasIpv6Uplink;
    this.#eachOwn((vlan, own) => this.#surroundings.addresses.free(vlan, own));
    this.#state.feet = feetOf({ plan, mac, hasIpv6Uplink });
    this.#eachOwn((vlan, own) => this.#surroundings.addresses.hold(vlan, own, macNumber(macText(mac))));
    policies.apply(plan.gateway);
    registry.put(plan.id, { asNeighbour: this.#asNeighbour(), fromNetwork: (packet) => this.#fromNetwork(packet) });
    router.forgetFlows();
    link.apply(this.#state.feet, mac);
    leases.apply(this.#state.feet);
    advertiser.apply(this.#state.feet);
    this.#applyUplink(plan);
  }

  /** Whether this computer reaches the IPv6 Internet itself: only then are guests told that we lead there. */
  #hasIpv6Uplink(): boolean {
    return this.#world.environment.hostAddresses().some((address) => address.length === 16 && isPublicAddress(address));
  }

  #eachOwn(act: (vlan: number, own: Uint8Array) => void): void {
    for (const foot of this.#state.feet) for (const own of ownAddresses([foot])) act(foot.vlan, own);
  }

  #asNeighbour(): NeighbourNetwork {
    const { id, name, gateway } = this.#state.plan;
    return { id, name, ranges: gateway ? segmentRanges(gateway).map(({ range }) => range) : [] };
  }

  #applyUplink(plan: NetworkPlan): void {
    const { dnsOverTcp } = this.#parts;
    this.#state.uplink ??= this.#world.environment.makeUplink?.({
      mtu: plan.mtu,
      transmit: (run) => this.#surroundings.inlet.receive(run),
      decide: (flow) => this.#decideFlow(flow),
      cannotPing: (packet, from) => this.#surroundings.inlet.dropped(this.#frameOf(packet, from), "cannotPing", "filter:ping"),
      serveDns: (stream, from) => void dnsOverTcp.serve(stream, this.#macOf(from) ?? ipText(from)),
      told: (forward) => this.#surroundings.tell({ kind: "forward", network: plan.id, forward }),
    });
    this.#state.uplink?.setFeet(uplinkFeet(this.#state.feet, this.#parts.link.mac));
    this.#state.uplink?.review();
  }

  /** A forward leads to the address that its NIC has at the moment. */
  #applyForwards(): void {
    const { machines, leases } = this.#parts;
    const forwards = this.#state.plan.gateway?.forwards ?? [];
    const guestOf = (nic: string): Uint8Array | undefined => {
      const mac = machines.byPort(nic)?.mac;
      return mac === undefined ? undefined : (leases.addressOf(mac) ?? machines.v6Of(mac)[0]);
    };
    this.#state.uplink?.setForwards(forwards.map((forward) => ({ forward, guest: guestOf(forward.nic) })));
  }

  #namesChanged(): void {
    this.#parts.names.changed();
    this.#applyForwards();
  }

  deliver(run: Uint8Array, _frames: number): void {
    this.#isDelivering = true;
    const { uplink } = this.#state;
    for (let at = 0; at + RECORD_HEAD <= run.length; ) {
      const end = at + RECORD_HEAD + recordLength(run, at);
      if (end > run.length) return;
      const isKnown = uplink?.receiveKnown(run, at + RECORD_HEAD, end) === true;
      if (!isKnown) this.#parts.ingress.take(run.subarray(at + RECORD_HEAD, end));
      at = end;
    }
  }

  flush(): void {
    this.#isDelivering = false;
    this.#state.uplink?.flush();
    this.#parts.link.flush();
    this.#advertiseSoon();
  }

  /** What the way out asks once for each flow. A refusal is counted for the frame that began it. */
  #decideFlow(flow: UplinkFlow): EgressDecision {
    const { machines, policies, ingress } = this.#parts;
    const mac = this.#isDelivering ? macText(ingress.sender.mac) : (this.#macOf(flow.from) ?? "");
    const { from, to, protocol, vlan, toPort: port } = flow;
    const decision = decideEgress(policies.policy, { mac, machine: machines.byMac(mac)?.machine, vlan, from, to, protocol, port });
    if (decision.verdict !== "accept" && this.#isDelivering)
      this.#surroundings.inlet.dropped(ingress.frame, decision.reason, decision.rule);
    return decision;
  }

  /** As it came: what was kept of it is a packet. */
  #frameOf(payload: Uint8Array, { mac, vlan }: { readonly mac: Uint8Array; readonly vlan: number }): Uint8Array {
    const etherType = (payload[0] ?? 0) >> 4 === 6 ? ETHER_TYPE.ipv6 : ETHER_TYPE.ipv4;
    const tags = vlan === NATIVE_VLAN ? [] : [{ tpid: TPID_CUSTOMER, priority: 0, dropEligible: false, vlan }];
    return serializeEthernet({ destination: this.#parts.link.mac, source: mac, tags, etherType, payload });
  }

  #macOf(address: Uint8Array): string | undefined {
    const { link, machines, leases } = this.#parts;
    if (address.length === 16) return machines.macOfV6(address);
    const foot = link.footTo(address);
    return foot && leases.holderOf(foot.vlan, addressNumber(address))?.mac;
  }

  /** What comes from another network is gathered for one turn. */
  #flushSoon(): void {
    if (this.#willFlush) return;
    this.#willFlush = true;
    queueMicrotask(() => {
      this.#willFlush = false;
      this.#parts.link.flush();
    });
  }

  /** From another network's gateway; it is in our hands. */
  #fromNetwork(bytes: Uint8Array): boolean {
    const packet = seePacket((bytes[0] ?? 0) >> 4 === 6 ? 6 : 4, bytes);
    const isTaken = !isMalformed(packet) && this.#parts.router.routeFromNetwork(packet);
    if (isTaken) this.#flushSoon();
    return isTaken;
  }

  leases(): readonly Lease[] {
    return this.#parts.leases.leases();
  }

  release(mac: string): void {
    this.#parts.leases.release(mac);
  }

  forwards(): readonly ForwardState[] {
    return this.#state.uplink?.forwards() ?? [];
  }

  trace(question: TraceQuestion, from: { readonly mac: string | undefined; readonly vlan: number }): readonly TraceStep[] {
    const { policies, leases, machines, names } = this.#parts;
    const { plan, feet } = this.#state;
    return traceFromGateway({ plan, feet, policy: policies.policy, leases, machines, names }, question, from);
  }

  connect(to: { readonly address: string; readonly port: number }, options: { readonly signal: AbortSignal }): Promise<FabricConnection> {
    const { uplink, plan } = this.#state;
    const address = parseIp(to.address);
    if (!uplink) return Promise.reject(noWayToGuests(plan.name));
    if (!address || !this.#parts.link.footTo(address))
      return Promise.reject(cannotConnect(`${to.address} port ${to.port}`, "not an address of this network"));
    return uplink.connect({ address, port: to.port }, options);
  }

  async close(): Promise<void> {
    this.#ends.abort();
    this.#world.registry.remove(this.#state.plan.id);
    this.#parts.advertiser.farewell();
    this.#parts.link.flush();
    await this.#state.uplink?.close();
  }

  async #keepTicking(): Promise<void> {
    const { clock, log } = this.#world.environment;
    const { signal } = this.#ends;
    while (!signal.aborted) {
      await clock.sleep(TICK_MS, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        this.#tick();
      } catch (error) {
        log.error("the gateway's clock work failed", { network: this.#state.plan.id, error });
      }
    }
  }

  #tick(): void {
    const { link, leases, advertiser, router, machines } = this.#parts;
    for (const { packets } of link.tick()) for (const packet of packets) router.unreached(packet);
    if (this.#hasIpv6Uplink() !== this.#hadIpv6Uplink) this.#applyGateway(this.#state.plan);
    leases.tick();
    advertiser.tick();
    if (machines.forgetOldV6(this.#world.environment.clock.monotonicMs())) this.#namesChanged();
    link.flush();
  }

  /** An answer to a solicitation is due within half a second, sooner than the next tick. */
  #advertiseSoon(): void {
    const { clock } = this.#world.environment;
    const waitMs = (this.#parts.advertiser.nextAtMs() ?? Number.POSITIVE_INFINITY) - clock.monotonicMs();
    if (this.#willAdvertise || waitMs > TICK_MS) return;
    this.#willAdvertise = true;
    const due = (): void => {
      this.#willAdvertise = false;
      this.#parts.advertiser.tick();
      this.#parts.link.flush();
    };
    clock.sleep(Math.max(0, waitMs), { signal: this.#ends.signal }).then(due, () => {});
  }
}
