// The switch and the gateway, pure: who may send what to whom, and what the network itself answers.

export * from "./capture/index.ts";
export * from "./gateway/index.ts";
export * from "./nat/index.ts";
export * from "./quality/index.ts";
export type { AddressBook, GatewayMaker, GatewaySurroundings, NetworkGateway } from "./switch/gateway-port.ts";
export {
  type FramePort,
  framesOf,
  LONGEST_FRAME,
  type PortInlet,
  RECORD_HEAD,
  recordLength,
  runOf,
  SHORTEST_FRAME,
  writeRecordHead,
} from "./switch/ports.ts";
