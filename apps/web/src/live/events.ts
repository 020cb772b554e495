// Follows the daemon's live stream: resumes after a break from the last number seen, and says when events were
// lost so that the state is read again. Whoever follows gives the three answers; nothing here knows the page.
import { API_PREFIX, rawRoutes } from "@mimic/api/routes";
import type { Event, StreamLagged } from "@mimic/model";
import { apiFetch } from "../api.ts";
import { SseReader } from "./sse.ts";

export interface Follower {
  event(event: Event): void;
  /** Events are missing: read everything again. */
  lagged(): void;
  connected(yes: boolean): void;
}

/** After how long to try again: quick at first, never more than every ten seconds. */
export const retryAfterMs = (failures: number): number => Math.min(10_000, 500 * 2 ** Math.min(failures, 5));

function readMessage(data: string): Event | StreamLagged | undefined {
  try {
    const value = JSON.parse(data) as Event | StreamLagged;
    return typeof value === "object" && value !== null && typeof value.seq === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Runs until aborted. */
export async function followEvents(follower: Follower, signal: AbortSignal): Promise<void> {
  let after: number | undefined;
  let failures = 0;
  let first = true;
  while (!signal.aborted) {
    try {
      const query = after === undefined ? "" : `?after=${after}`;
      const response = await apiFetch(API_PREFIX + rawRoutes.events.path + query, { signal });
      if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
      follower.connected(true);
      failures = 0;
      // Between the first reading of the state and the first connection something may have happened.
      if (first || after === undefined) follower.lagged();
      first = false;
      const reader = new SseReader();
      for await (const text of readText(response.body)) {
        for (const message of reader.push(text)) {
          const value = readMessage(message.data);
          if (!value) continue;
          after = value.seq;
          if ("fact" in value) follower.event(value);
          else follower.lagged();
        }
      }
    } catch {
      // Told to the page below; the reason does not matter to a person.
    }
    if (signal.aborted) return;
    follower.connected(false);
    await pause(retryAfterMs(failures++), signal);
  }
}

async function* readText(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}
