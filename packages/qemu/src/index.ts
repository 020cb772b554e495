export * from "./argv/index.ts";
export * from "./capabilities.ts";
export * from "./files.ts";
export * from "./firmware.ts";
