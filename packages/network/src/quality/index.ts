export * from "./chance.ts";
export * from "./delay-line.ts";
export * from "./impaired-links.ts";
export * from "./link-engine.ts";
