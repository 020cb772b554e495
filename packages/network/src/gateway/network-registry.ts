// The networks of one process that have a gateway: so that a rule can lead from one to another.
import type { NeighbourNetwork } from "./filter/policy.ts";

export interface RegisteredGateway {
  readonly asNeighbour: NeighbourNetwork;
  /** A packet from another network, whose rules let it go; the bytes are the receiver's. False = it was not taken. */
  fromNetwork(packet: Uint8Array): boolean;
}

export class NetworkRegistry {
  readonly #gateways = new Map<string, RegisteredGateway>();
  #others = new Map<string, readonly NeighbourNetwork[]>();

  put(network: string, gateway: RegisteredGateway): void {
    this.#gateways.set(network, gateway);
    this.#others.clear();
  }
  remove(network: string): void {
    this.#gateways.delete(network);
    this.#others.clear();
  }
  find(network: string): RegisteredGateway | undefined {
    return this.#gateways.get(network);
  }
  /** The same list until something changes: who keeps it may compare by identity. */
  others(network: string): readonly NeighbourNetwork[] {
    const known = this.#others.get(network);
    if (known) return known;
    const others = [...this.#gateways].flatMap(([id, gateway]) => (id === network ? [] : [gateway.asNeighbour]));
    this.#others.set(network, others);
    return others;
  }
}
