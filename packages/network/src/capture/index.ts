export * from "./filter/index.ts";
export * from "./pcap/index.ts";
