export * from "./master-text.ts";
export * from "./message.ts";
export * from "./name.ts";
export * from "./record-data.ts";
export * from "./svcb.ts";
export * from "./types.ts";
