// A gamepad presses keys. QEMU imitates no joystick, and games of the DOS years take keys as well; these are the ones that
// most of them begin with. What the pad says is read many times a second, and only what changed is pressed.

export interface PadKey {
  readonly keysym: number;
  readonly code: string;
  readonly words: string;
}

const key = (keysym: number, code: string, words: string): PadKey => ({ keysym, code, words });
const LEFT = key(0xff51, "ArrowLeft", "Left");
const UP = key(0xff52, "ArrowUp", "Up");
const RIGHT = key(0xff53, "ArrowRight", "Right");
const DOWN = key(0xff54, "ArrowDown", "Down");

/** By the numbers of the “standard gamepad” (W3C Gamepad, §11). */
export const PAD_BUTTONS: Readonly<Record<number, PadKey>> = {
  0: key(0xffe3, "ControlLeft", "Ctrl"),
  1: key(0xffe9, "AltLeft", "Alt"),
  2: key(0x20, "Space", "Space"),
  3: key(0xff0d, "Enter", "Enter"),
  4: key(0xffe1, "ShiftLeft", "Shift"),
  5: key(0xff09, "Tab", "Tab"),
  8: key(0xff1b, "Escape", "Esc"),
  9: key(0xff0d, "Enter", "Enter"),
  12: UP,
  13: DOWN,
  14: LEFT,
  15: RIGHT,
};

/** For people. */
export const PAD_WORDS = "stick and cross are the arrows; A is Ctrl, B Alt, X the space bar, Y Enter, the shoulders Shift and Tab";

/** A stick that is nearly in the middle is in the middle. */
const DEAD = 0.5;

export interface PadState {
  readonly axes: readonly number[];
  readonly buttons: readonly { readonly pressed: boolean }[];
}

/** The keys that these pads hold down. Pure. */
export function heldKeys(pads: readonly (PadState | null)[]): ReadonlyMap<string, PadKey> {
  const held = new Map<string, PadKey>();
  const hold = (one: PadKey | undefined) => one && held.set(one.code, one);
  for (const pad of pads) {
    if (pad === null) continue;
    for (const [at, { pressed }] of pad.buttons.entries()) if (pressed) hold(PAD_BUTTONS[at]);
    const [x = 0, y = 0] = pad.axes;
    if (x < -DEAD) hold(LEFT);
    if (x > DEAD) hold(RIGHT);
    if (y < -DEAD) hold(UP);
    if (y > DEAD) hold(DOWN);
  }
  return held;
}

export interface KeyChange {
  readonly key: PadKey;
  readonly down: boolean;
}

export const changedKeys = (before: ReadonlyMap<string, PadKey>, now: ReadonlyMap<string, PadKey>): KeyChange[] => [
  ...[...before].filter(([code]) => !now.has(code)).map(([, one]) => ({ key: one, down: false })),
  ...[...now].filter(([code]) => !before.has(code)).map(([, one]) => ({ key: one, down: true })),
];

/** Looks at all pads at each picture of the page; lets go of everything at the end. `press` gets what changed. */
export function watchGamepads(press: (change: KeyChange) => void): Disposable {
  let before: ReadonlyMap<string, PadKey> = new Map();
  let frame = 0;
  const become = (now: ReadonlyMap<string, PadKey>) => {
    for (const change of changedKeys(before, now)) press(change);
    before = now;
  };
  const look = () => {
    // A page in the background gets no pictures, and must hold nothing down.
    become(document.hasFocus() ? heldKeys(navigator.getGamepads()) : new Map());
    frame = requestAnimationFrame(look);
  };
  frame = requestAnimationFrame(look);
  return {
    [Symbol.dispose]() {
      cancelAnimationFrame(frame);
      become(new Map());
    },
  };
}
