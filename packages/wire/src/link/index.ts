export * from "./arp.ts";
export * from "./bpdu.ts";
export * from "./ethernet.ts";
export * from "./lldp.ts";
export * from "./vlan.ts";
