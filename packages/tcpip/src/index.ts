export * from "./address.ts";
export * from "./endpoint.ts";
export type { Complaint } from "./icmp-errors.ts";
export * from "./options.ts";
export { Packet } from "./packet.ts";
export * from "./scheduler.ts";
export type { TcpOpening, TcpRefusal } from "./tcp/opening.ts";
export type { TcpClosing, TcpConnection, TcpEvents, TcpFacts } from "./tcp/tcp-connection.ts";
