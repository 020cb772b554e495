export { type NodeEnvironmentOptions, type NodeGatewayEnvironment, nodeGatewayEnvironment } from "./environment.ts";
export { watchHostAddresses } from "./host-addresses.ts";
