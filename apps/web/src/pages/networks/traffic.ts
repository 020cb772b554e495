// Live rates of every port, outside of the page's state: the counters are asked for while somebody looks, and only
// what shows a port whose numbers changed is drawn again.
import { useEffect, useSyncExternalStore } from "react";
import { api } from "../../api.ts";
import { isHeld } from "./canvas/flow-ticker.ts";
import { NO_RATE, type Rate, type Reading, rateBetween } from "./rates.ts";

const EVERY_MS = 1_500;
/** Reasons that are no trouble: nobody is there, or the frame was where it should be already. */
const ORDINARY = new Set(["noPeer", "portDown", "sameSegment", "reservedAddress"]);

const readings = new Map<string, { readonly atMs: number; readonly reading: Reading }>();
const rates = new Map<string, Rate>();
const listeners = new Map<string, Set<() => void>>();

const same = (a: Rate, b: Rate): boolean => (Object.keys(a) as (keyof Rate)[]).every((key) => a[key] === b[key]);

/** Takes one answer of the counters in. The gateway's own port goes by `up_` and the network's id. */
export function takeCounters(network: string, at: string, ports: readonly (Reading & { readonly port: string })[]): void {
  const atMs = Date.parse(at);
  for (const counted of ports) {
    const id = counted.port === "gateway" ? `up_${network}` : counted.port;
    const drops = Object.fromEntries(Object.entries(counted.drops).filter(([reason]) => !ORDINARY.has(reason)));
    const reading = { received: counted.received, sent: counted.sent, drops };
    const before = readings.get(id);
    if (before && before.atMs >= atMs) continue;
    const rate = rateBetween(before?.reading, reading, before ? (atMs - before.atMs) / 1000 : 0);
    readings.set(id, { atMs, reading });
    if (same(rate, rates.get(id) ?? NO_RATE)) continue;
    rates.set(id, rate);
    for (const listener of listeners.get(id) ?? []) listener();
  }
}

export const rateOf = (id: string): Rate => rates.get(id) ?? NO_RATE;
function onRate(id: string, listener: () => void): () => void {
  const heard = listeners.get(id) ?? new Set();
  listeners.set(id, heard.add(listener));
  return () => {
    heard.delete(listener);
    if (heard.size === 0) listeners.delete(id);
  };
}
export const useRate = (id: string): Rate =>
  useSyncExternalStore(
    (listener) => onRate(id, listener),
    () => rateOf(id),
  );

/** Asks for the counters of these networks while the page that uses it is looked at. */
export function useTraffic(networks: readonly string[]): void {
  const which = networks.join(" ");
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const read = async () => {
      // Numbers that change while the picture is dragged would have it painted anew.
      if (!document.hidden && !isHeld())
        await Promise.all(
          (which === "" ? [] : which.split(" ")).map(async (network) => {
            try {
              const { at, ports } = await api.networks.counters({ network }, { signal: ended.signal });
              takeCounters(network, at, ports);
            } catch {
              // No numbers now; the cables show what they are without them.
            }
          }),
        );
      if (!ended.signal.aborted) timer = setTimeout(() => void read(), EVERY_MS);
    };
    void read();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [which]);
}
