// When routers speak (RFC 4861 §6.2): a few advertisements soon after the start, then one every some minutes, and an answer to
// whoever asks. Pure: time and chance are arguments.

/** Seconds of RFC 4861 §6.2.1 and §10. */
const MOST_INTERVAL_MS = 600_000;
const LEAST_INTERVAL_MS = 200_000;
const INITIAL_INTERVAL_MS = 16_000;
const INITIAL_COUNT = 3;
const LEAST_BETWEEN_MULTICASTS_MS = 3_000;
const MOST_DELAY_MS = 500;

/** How long what an advertisement says holds: three of the longest intervals. */
export const ROUTER_LIFETIME_SECONDS = (3 * MOST_INTERVAL_MS) / 1000;

export interface AdvertiserState {
  readonly nextAtMs: number;
  readonly initialLeft: number;
  readonly lastMulticastAtMs: number;
}

/** The first advertisement goes out at once. */
export const startAdvertiser = (nowMs: number): AdvertiserState => ({
  nextAtMs: nowMs,
  initialLeft: INITIAL_COUNT,
  lastMulticastAtMs: Number.NEGATIVE_INFINITY,
});

/** `chance`: from 0 up to 1. */
export function tickAdvertiser(
  state: AdvertiserState,
  nowMs: number,
  chance: number,
): { readonly state: AdvertiserState; readonly sends: boolean } {
  if (nowMs < state.nextAtMs) return { state, sends: false };
  const initialLeft = Math.max(0, state.initialLeft - 1);
  const interval = Math.round(LEAST_INTERVAL_MS + chance * (MOST_INTERVAL_MS - LEAST_INTERVAL_MS));
  const nextAtMs = nowMs + (initialLeft > 0 ? Math.min(interval, INITIAL_INTERVAL_MS) : interval);
  return { state: { nextAtMs, initialLeft, lastMulticastAtMs: nowMs }, sends: true };
}

/**
 * Somebody asks (§6.2.6). Who has an address gets an answer for itself at once: there is no second router on our segments whose
 * answer could collide. Who has none yet is answered to all, a little later and not more often than every three seconds.
 */
export function solicited(
  state: AdvertiserState,
  asked: { readonly hasAddress: boolean; readonly nowMs: number; readonly chance: number },
): { readonly state: AdvertiserState; readonly answersNow: boolean } {
  if (asked.hasAddress) return { state, answersNow: true };
  const soonest = Math.max(asked.nowMs + Math.round(asked.chance * MOST_DELAY_MS), state.lastMulticastAtMs + LEAST_BETWEEN_MULTICASTS_MS);
  return { state: { ...state, nextAtMs: Math.min(state.nextAtMs, soonest) }, answersNow: false };
}
