// What the switch's process and a network's gateway are to each other. The gateway stands at an internal port of the
// switch: a trunk that carries every VLAN, with VLAN 1 untagged, so that the default network never pays for tags.
import type { Lease, NetworkPlan } from "@mimic/model";
import type { FabricConnection, ForwardState, SwitchNews, TraceQuestion, TraceStep } from "@mimic/workbench/ports";
import type { FramePort, PortInlet } from "./ports.ts";

/** Who may speak as which address, for the guards of the ports. Addresses are 4 or 16 bytes. */
export interface AddressBook {
  /** The address belongs to this MAC (six bytes as a number) until it is freed; a lease takes it from whoever merely claimed it. */
  hold(vlan: number, address: Uint8Array, mac: number): void;
  free(vlan: number, address: Uint8Array): void;
}

/** What a gateway is given by the process that it lives in. */
export interface GatewaySurroundings {
  readonly inlet: PortInlet;
  readonly addresses: AddressBook;
  readonly tell: (news: SwitchNews) => void;
}

export type GatewayMaker = (plan: NetworkPlan, surroundings: GatewaySurroundings) => NetworkGateway;

export interface NetworkGateway extends FramePort {
  /** The plan changed (its ports too: they say which machine has which MAC and name). Flows that it still allows go on. */
  apply(plan: NetworkPlan): void;
  leases(): readonly Lease[];
  release(mac: string): void;
  forwards(): readonly ForwardState[];
  /** From the gateway's own door on: what would become of the question's packet. `fromMac`: the asking port's NIC. */
  trace(question: TraceQuestion, from: { readonly mac: string | undefined; readonly vlan: number }): readonly TraceStep[];
  /** Opens a TCP connection to a machine, from the gateway's address. Rejects with a `network.*` error. */
  connect(to: { readonly address: string; readonly port: number }, options: { readonly signal: AbortSignal }): Promise<FabricConnection>;
  /** Ends flows and forwards; leases stay on disk. */
  close(): Promise<void>;
}
