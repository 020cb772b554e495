// The two bits in which a router, or a route, says how much it wants to be used (RFC 4191 §2.1).
import type { RouterPreference } from "./types.ts";

/** 10 is reserved and read as medium. */
export const preferenceOf = (flags: number): RouterPreference =>
  (["medium", "high", "medium", "low"] as const)[(flags >> 3) & 3] ?? "medium";

export const preferenceBits = (preference: RouterPreference): number => (preference === "high" ? 8 : preference === "low" ? 24 : 0);
