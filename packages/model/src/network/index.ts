export * from "./counters.ts";
export * from "./firewall.ts";
export * from "./guards.ts";
export * from "./link-quality.ts";
export * from "./network.ts";
export * from "./nic.ts";
export * from "./plan.ts";
export * from "./port-mode.ts";
