// Makes the gateways of all networks of one process, which know of each other.
import type { GatewayMaker } from "../switch/gateway-port.ts";
import type { GatewayEnvironment } from "./environment.ts";
import { Gateway } from "./gateway.ts";
import { NetworkRegistry } from "./network-registry.ts";

export function gatewayMaker(environment: GatewayEnvironment): GatewayMaker {
  const registry = new NetworkRegistry();
  return (plan, surroundings) => new Gateway(plan, surroundings, { environment, registry });
}
