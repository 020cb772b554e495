export * from "./guest.ts";
export * from "./namespace.ts";
export * from "./run.ts";
