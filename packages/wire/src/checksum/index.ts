export * from "./checksum.ts";
