export * from "./message.ts";
export * from "./types.ts";
