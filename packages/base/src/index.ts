export * from "./channel.ts";
export * from "./error.ts";
export * from "./ids.ts";
export * from "./ports.ts";
export * from "./secret.ts";
export * from "./shell-mark.ts";
export * from "./text.ts";
export * from "./units.ts";
