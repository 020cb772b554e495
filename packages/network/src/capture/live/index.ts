export { LivePackets, type LiveRow, type RowLayer } from "./live-packets.ts";
