// What a machine's power is told as: news from QEMU as inputs of the power's rules, and changes as lines of its story. Pure.
import { unreachable } from "@mimic/base";
import type { PowerInput, PowerState } from "@mimic/model";
import type { MachineNews } from "../ports/index.ts";

/** News that concern the power. */
export type PowerNews = Exclude<MachineNews, { kind: "reset" | "mediumChanged" }>;

export function powerInputOf(news: PowerNews): PowerInput {
  switch (news.kind) {
    case "paused":
      return { kind: "qemuPaused", why: news.why };
    case "resumed":
      return { kind: "qemuResumed" };
    case "shutDown":
      return { kind: "guestShutDown" };
    case "exited":
      return { kind: "qemuExited", expected: news.expected, why: news.why };
    default:
      return unreachable(news);
  }
}

/** “Goes on: resumed by you.” */
export function powerStory(before: PowerState, next: PowerState): string {
  const words = {
    starting: "Switching on",
    running: before.power === "paused" ? "Goes on" : "Runs",
    paused: "Stands still",
    stopping: "Ending",
    stopped: "Off",
    failed: "Failed",
  }[next.power];
  return `${words}: ${next.because}.`;
}
