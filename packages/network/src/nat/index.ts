export * from "./flow.ts";
export * from "./forwards.ts";
export * from "./host-side.ts";
export * from "./nat.ts";
export { type UplinkParts, uplinkMaker } from "./uplink.ts";
