// The whole power policy of a machine, pure: imported by the daemon and by the browser.
//
//   stopped ─start→ starting ─ready→ running ⇄ paused
//      ▲               │                │  │
//      └──── qemuExited┴── stopping ◄───┘  └ qemuExited (unasked) → failed
//
// Inputs wait in one queue per machine and pass here one by one; effects report back as inputs.
import { type Refusal, refusal, unreachable } from "@mimic/base";
import { z } from "zod";

export const Power = z.enum(["stopped", "starting", "running", "paused", "stopping", "failed"]);
export type Power = z.infer<typeof Power>;

export type PowerInput =
  | { readonly kind: "start" }
  | { readonly kind: "stop" }
  | { readonly kind: "kill" }
  | { readonly kind: "pause" }
  | { readonly kind: "resume" }
  | { readonly kind: "reset" }
  /** QEMU runs and the guest's processors were let go. */
  | { readonly kind: "booted" }
  /** QEMU could not be started; nothing runs. */
  | { readonly kind: "bootFailed"; readonly why: string }
  /** A QEMU of ours was found running after a restart of the daemon. */
  | { readonly kind: "adopted"; readonly paused: boolean }
  | { readonly kind: "qemuPaused"; readonly why: "asked" | "diskFull" | "diskError" | "guestPanicked" }
  | { readonly kind: "qemuResumed" }
  /** The guest switched itself off (or was asked to and did). */
  | { readonly kind: "guestShutDown" }
  /** The QEMU process is gone. `expected` = after a shutdown or an order of ours. */
  | { readonly kind: "qemuExited"; readonly expected: boolean; readonly why: string };

export type PowerEffect = "boot" | "pressPowerButton" | "endProcess" | "pauseGuest" | "resumeGuest" | "resetGuest";

export interface PowerState {
  readonly power: Power;
  /** In plain words: why it is in this state. */
  readonly because: string;
  /** Set while paused by trouble rather than by a person. */
  readonly trouble?: "diskFull" | "diskError" | "guestPanicked" | undefined;
  /** An order to end was given: the next exit is expected. */
  readonly ending?: boolean | undefined;
}

export interface PowerStep {
  readonly next: PowerState;
  readonly effects: readonly PowerEffect[];
  /** Set when a request was answered with no; `next` is then the present state. */
  readonly refused?: Refusal | undefined;
  /** The request asks for what already is. */
  readonly already?: boolean | undefined;
}

const off = (power: Power): boolean => power === "stopped" || power === "failed";

const TROUBLE_WORDS = {
  asked: "paused",
  diskFull: "paused: this computer's disk is full",
  diskError: "paused: a disk could not be read or written",
  guestPanicked: "paused: the guest's own system crashed",
} as const;

export function stepPower(state: PowerState, input: PowerInput, name: string): PowerStep {
  const stay: PowerStep = { next: state, effects: [] };
  const already: PowerStep = { ...stay, already: true };
  const refuse = (code: `machine.${string}`, why: string, hint: string): PowerStep => ({ ...stay, refused: refusal(code, why, hint) });
  const { power } = state;
  switch (input.kind) {
    case "start":
      if (off(power)) return { next: { power: "starting", because: "started by you" }, effects: ["boot"] };
      if (power === "stopping")
        return refuse("machine.still_stopping", `“${name}” is still shutting down.`, `Wait, or end it now: mimic kill ${name}`);
      if (power === "paused") return refuse("machine.paused", `“${name}” is paused, not stopped.`, `Let it go on: mimic resume ${name}`);
      return already;
    case "stop":
      if (off(power)) return already;
      if (power === "starting")
        return refuse(
          "machine.still_starting",
          `“${name}” is only just being switched on.`,
          `Wait a moment, or end it now: mimic kill ${name}`,
        );
      if (power === "paused")
        return refuse(
          "machine.paused",
          `“${name}” is paused, so it cannot hear that it should shut down.`,
          `Let it go on first (mimic resume ${name}), or end it: mimic kill ${name}`,
        );
      // Pressing again while stopping is harmless and sometimes needed.
      return { next: { ...state, power: "stopping", because: "shutting down" }, effects: ["pressPowerButton"] };
    case "kill":
      if (off(power)) return already;
      return { next: { power: "stopping", because: "being ended", ending: true }, effects: ["endProcess"] };
    case "pause":
      if (power === "paused") return already;
      if (power !== "running")
        return refuse(
          "machine.not_running",
          `“${name}” is ${power}; only a running machine can be paused.`,
          `Start it first: mimic start ${name}`,
        );
      return { next: state, effects: ["pauseGuest"] };
    case "resume":
      if (power === "running") return already;
      if (power !== "paused")
        return refuse(
          "machine.not_paused",
          `“${name}” is ${power}, not paused.`,
          off(power) ? `Start it: mimic start ${name}` : "Wait until it runs.",
        );
      return { next: state, effects: ["resumeGuest"] };
    case "reset":
      if (power !== "running" && power !== "paused")
        return refuse(
          "machine.not_running",
          `“${name}” is ${power}; only a running machine has a reset button.`,
          `Start it: mimic start ${name}`,
        );
      return { next: state, effects: ["resetGuest"] };
    case "booted":
      return power === "starting" ? { next: { power: "running", because: "switched on" }, effects: [] } : stay;
    case "bootFailed":
      // Ended by order before it ran: that is no failure.
      if (power === "stopping") return { next: { power: "stopped", because: "ended before it ran" }, effects: [] };
      return power === "starting" ? { next: { power: "failed", because: input.why }, effects: [] } : stay;
    case "adopted":
      return { next: { power: input.paused ? "paused" : "running", because: "it went on while Mimic was away" }, effects: [] };
    case "qemuPaused":
      if (power !== "running" && power !== "paused" && power !== "starting") return stay;
      return {
        next: { power: "paused", because: TROUBLE_WORDS[input.why], trouble: input.why === "asked" ? undefined : input.why },
        effects: [],
      };
    case "qemuResumed":
      return power === "paused" ? { next: { power: "running", because: "resumed" }, effects: [] } : stay;
    case "guestShutDown":
      return off(power) ? stay : { next: { ...state, power: "stopping", because: "its system shut down", ending: true }, effects: [] };
    case "qemuExited": {
      if (off(power)) return stay;
      const expected = input.expected || state.ending === true;
      return {
        next: { power: expected ? "stopped" : "failed", because: expected ? (state.ending ? "switched off" : input.why) : input.why },
        effects: [],
      };
    }
    default:
      return unreachable(input);
  }
}

export type PowerAction = "start" | "stop" | "kill" | "pause" | "resume" | "reset";

/** May this be done now? The reason when not: for disabled buttons. */
export function may(action: PowerAction, power: Power, name: string): true | { readonly why: string } {
  const step = stepPower({ power, because: "" }, { kind: action }, name);
  if (step.refused) return { why: step.refused.why };
  if (step.already)
    return {
      why:
        action === "start" || action === "resume"
          ? `“${name}” already runs.`
          : action === "pause"
            ? `“${name}” is already paused.`
            : `“${name}” is off.`,
    };
  return true;
}
