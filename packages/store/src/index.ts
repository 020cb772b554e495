export * from "./document.ts";
export * from "./layout.ts";
