export * from "./ipv4-address.ts";
export * from "./ipv6-address.ts";
export * from "./mac-address.ts";
export * from "./range.ts";
