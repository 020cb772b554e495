export * from "./udp.ts";
