export * from "./builders.ts";
export * from "./clock.ts";
export * from "./wire/index.ts";
