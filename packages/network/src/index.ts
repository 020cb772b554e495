export * from "./quality/index.ts";
