export * from "./address/index.ts";
export * from "./bytes.ts";
export * from "./decode/index.ts";
export * from "./group/index.ts";
export * from "./internet.ts";
export * from "./link/index.ts";
export * from "./services.ts";
