// What the clock alone gives up. A clock can be wrong (an empty battery, a computer that wakes with another date), and what
// was deleted does not come back when it is put right. So what has become due is only noted as due, and goes at a look at
// least a day later that still finds it so. Pure.
export const NOTED_MS = 24 * 3600_000;

/** `note`: write down that it is due, and since when (now). `takeBack`: it is not due any more, whatever was noted. */
export type DueStep = "stay" | "note" | "takeBack" | "go";

/** `dueSince`: ISO 8601, as noted by an earlier look. */
export function decideDue(
  { isDue, dueSince }: { readonly isDue: boolean; readonly dueSince?: string | undefined },
  nowMs: number,
): DueStep {
  if (!isDue) return dueSince === undefined ? "stay" : "takeBack";
  const noted = dueSince === undefined ? Number.NaN : Date.parse(dueSince);
  // Noted at a time that is yet to come: that clock was wrong, and this look is the first that counts.
  if (Number.isNaN(noted) || noted > nowMs) return "note";
  return nowMs - noted >= NOTED_MS ? "go" : "stay";
}
