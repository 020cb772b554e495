export * from "./icmp.ts";
