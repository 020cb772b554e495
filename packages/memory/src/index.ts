export * from "./memory-host-usb.ts";
export * from "./memory-hypervisor.ts";
export * from "./memory-lan.ts";
export * from "./memory-moments.ts";
export * from "./memory-networks.ts";
export * from "./memory-storages.ts";
export * from "./memory-store.ts";
