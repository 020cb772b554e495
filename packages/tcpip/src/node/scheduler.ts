// Node's clock and timers for an endpoint.
import type { Scheduler } from "../scheduler.ts";

export const nodeScheduler: Scheduler = {
  monotonicMs: () => performance.now(),
  start(ms, wake) {
    const timer = setTimeout(wake, ms);
    // Waiting connections alone keep no process alive; their sockets do.
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
  soon: (work) => queueMicrotask(work),
};
