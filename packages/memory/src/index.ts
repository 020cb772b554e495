export * from "./memory-hypervisor.ts";
export * from "./memory-store.ts";
