// Relative time that stays true while the page is open; the exact time on hover and for screen readers.
import { useSyncExternalStore } from "react";
import { ago } from "../words.ts";

const TICK_MS = 20_000;
let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function onTick(listener: () => void): () => void {
  listeners.add(listener);
  // Nobody looked for a while: the clock was not kept.
  if (timer === undefined) now = Date.now();
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

export function Ago({ at }: { at: string }) {
  const tick = useSyncExternalStore(onTick, () => now);
  const exact = new Date(at);
  return (
    <time dateTime={at} title={Number.isNaN(exact.getTime()) ? at : exact.toLocaleString()}>
      {/* What happened between two ticks is not in the future. */}
      {ago(at, Math.max(tick, exact.getTime() || 0))}
    </time>
  );
}
