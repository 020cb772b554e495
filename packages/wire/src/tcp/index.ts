export * from "./options.ts";
export * from "./tcp.ts";
