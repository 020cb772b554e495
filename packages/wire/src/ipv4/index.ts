export * from "./ipv4.ts";
