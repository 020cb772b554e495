export * from "./igmp.ts";
export * from "./mld.ts";
