// The live packet list. (Decoding arrives with packages/wire.)
import { DoorError } from "../http/problem.ts";
import type { LiveCall } from "./live-call.ts";

export function openPackets({ viewer }: LiveCall): void {
  viewer.fail(new DoorError(501, "capture.not_decoded", "This Mimic cannot decode packets yet.", "Use: mimic net capture NETWORK -w -"));
}
