import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { may, Power, type PowerInput, type PowerState, stepPower } from "./power.ts";

const inputs: PowerInput[] = [
  { kind: "start" },
  { kind: "stop" },
  { kind: "kill" },
  { kind: "pause" },
  { kind: "resume" },
  { kind: "reset" },
  { kind: "booted" },
  { kind: "bootFailed", why: "x" },
  { kind: "adopted", paused: false },
  { kind: "qemuPaused", why: "asked" },
  { kind: "qemuPaused", why: "diskFull" },
  { kind: "qemuResumed" },
  { kind: "guestShutDown" },
  { kind: "qemuExited", expected: true, why: "x" },
  { kind: "qemuExited", expected: false, why: "x" },
];
const anyState = fc.record({ power: fc.constantFrom(...Power.options), because: fc.constant(""), ending: fc.boolean() });
const off = (state: PowerState) => state.power === "stopped" || state.power === "failed";

describe("the power of a machine, for any state and input", () => {
  test("the guest boots only from off, so one machine never has two QEMUs", () => {
    fc.assert(
      fc.property(anyState, fc.constantFrom(...inputs), (state, input) => {
        if (stepPower(state, input, "m").effects.includes("boot")) expect(off(state)).toBe(true);
      }),
    );
  });
  test("a refusal changes nothing and does nothing", () => {
    fc.assert(
      fc.property(anyState, fc.constantFrom(...inputs), (state, input) => {
        const step = stepPower(state, input, "m");
        if (step.refused || step.already) {
          expect(step.next).toBe(state);
          expect(step.effects).toEqual([]);
        }
      }),
    );
  });
  test("once its QEMU is gone the machine is off, whatever came before", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...inputs), { maxLength: 30 }), (sequence) => {
        let state: PowerState = { power: "stopped", because: "" };
        for (const input of sequence) state = stepPower(state, input, "m").next;
        const running = state.power === "running" || state.power === "paused" || state.power === "stopping";
        if (running) expect(off(stepPower(state, { kind: "qemuExited", expected: false, why: "x" }, "m").next)).toBe(true);
      }),
    );
  });
  test("kill is never refused", () => {
    fc.assert(
      fc.property(anyState, (state) => {
        expect(stepPower(state, { kind: "kill" }, "m").refused).toBeUndefined();
      }),
    );
  });
});

describe("the power of a machine", () => {
  test("an exit that nobody asked for is a failure, with its reason", () => {
    expect(stepPower({ power: "running", because: "" }, { kind: "qemuExited", expected: false, why: "signal 11" }, "m").next).toEqual({
      power: "failed",
      because: "signal 11",
    });
  });
  test("an exit after kill is no failure, even when QEMU did not announce it", () => {
    const killed = stepPower({ power: "running", because: "" }, { kind: "kill" }, "m").next;
    expect(stepPower(killed, { kind: "qemuExited", expected: false, why: "signal 9" }, "m").next.power).toBe("stopped");
  });
  test("killed while it was being switched on, it ends off and not failed", () => {
    const killed = stepPower({ power: "starting", because: "" }, { kind: "kill" }, "m");
    expect(killed.effects).toEqual(["endProcess"]);
    expect(stepPower(killed.next, { kind: "bootFailed", why: "ended" }, "m").next.power).toBe("stopped");
  });
  test("a full disk pauses it with that trouble, and resuming clears it", () => {
    const full = stepPower({ power: "running", because: "" }, { kind: "qemuPaused", why: "diskFull" }, "m").next;
    expect(full).toMatchObject({ power: "paused", trouble: "diskFull" });
    expect(stepPower(full, { kind: "qemuResumed" }, "m").next).toEqual({ power: "running", because: "resumed" });
  });
  test("the reason why a button is disabled is the refusal itself", () => {
    expect(may("pause", "stopped", "box")).toEqual({ why: "“box” is stopped; only a running machine can be paused." });
    expect(may("start", "stopped", "box")).toBe(true);
  });
});
