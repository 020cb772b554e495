export * from "./commands.ts";
export * from "./errors.ts";
export * from "./events.ts";
export * from "./framing.ts";
export * from "./session.ts";
