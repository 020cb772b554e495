export { compileC } from "./adaptor.ts";
export * from "./guest.ts";
export * from "./namespace.ts";
export * from "./run.ts";
