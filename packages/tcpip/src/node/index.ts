export * from "./scheduler.ts";
export * from "./tcp-duplex.ts";
