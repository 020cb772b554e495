export * from "./files.ts";
export * from "./lock.ts";
export * from "./open-store.ts";
export * from "./process.ts";
