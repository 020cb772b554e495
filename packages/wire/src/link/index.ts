export * from "./ethernet.ts";
export * from "./vlan.ts";
