export * from "./hostile-wire.ts";
export * from "./virtual-scheduler.ts";
