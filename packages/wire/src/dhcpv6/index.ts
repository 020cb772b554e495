export * from "./identity-association.ts";
export * from "./message.ts";
