export type { DnsServerAddress, DnsTransport } from "./dns/forwarder.ts";
export { DnsTcpReader, framedForTcp } from "./dns/tcp-messages.ts";
export type { GatewayEnvironment, KeptText } from "./environment.ts";
export { decideEgress, type EgressDecision } from "./filter/decide-egress.ts";
export { gatewayMaker } from "./gateway-maker.ts";
export { PolicyKeeper } from "./policy-keeper.ts";
export type { MakeUplink, ResolvedForward, ServedStream, Uplink, UplinkFlow, UplinkSurroundings } from "./uplink.ts";
