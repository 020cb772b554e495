export { type NodeEnvironmentOptions, type NodeGatewayEnvironment, nodeGatewayEnvironment } from "./environment.ts";
