export * from "./ipv6.ts";
