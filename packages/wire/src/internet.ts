export * from "./checksum/index.ts";
export * from "./icmp/index.ts";
export * from "./ipv4/index.ts";
export * from "./ipv6/index.ts";
export * from "./tcp/index.ts";
export * from "./udp/index.ts";
