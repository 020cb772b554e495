export * from "./message.ts";
export * from "./options.ts";
export * from "./types.ts";
