// One clock for all dashes of the picture. Each cable with an animation of its own would have the picture painted for
// every one of them, at every frame; so all are moved together, less often the more they are, and not at all while the
// picture itself is dragged or nobody looks.

/** Units of the picture from one dash to the next. */
export const PERIOD = 24;

interface Dash {
  readonly line: SVGPathElement;
  /** Units a second; below zero against the path. */
  speed: number;
  at: number;
}

/** With more than this many, dashes move sixteen times a second. */
const FEW = 24;
const SLOW_MS = 62;

const dashes = new Set<Dash>();
let frame: number | undefined;
let last = 0;
let held = false;

function tick(now: number): void {
  frame = dashes.size > 0 ? requestAnimationFrame(tick) : undefined;
  if (held || (dashes.size > FEW && now - last < SLOW_MS)) return;
  // After a pause nothing jumps.
  const seconds = Math.min(0.1, (now - last) / 1000);
  last = now;
  for (const dash of dashes) {
    dash.at = nextOffset(dash.at, dash.speed, seconds);
    dash.line.style.strokeDashoffset = String(dash.at);
  }
}

/** Where the dashes stand a moment later: a smaller offset is further along the path. */
export const nextOffset = (at: number, speed: number, seconds: number): number => {
  const next = (at - speed * seconds) % PERIOD;
  return Math.round((next < 0 ? next + PERIOD : next) * 10) / 10;
};

/** Moves the line's dashes until it is let go. */
export function runDashes(line: SVGPathElement, speed: number): { setSpeed: (speed: number) => void; stop: () => void } {
  const dash: Dash = { line, speed, at: 0 };
  dashes.add(dash);
  if (frame === undefined) frame = requestAnimationFrame(tick);
  return {
    setSpeed: (next) => {
      dash.speed = next;
    },
    stop: () => dashes.delete(dash),
  };
}

/** While the picture is dragged, dashes stand: the picture is then one layer that moves without being painted. */
export function holdDashes(yes: boolean): void {
  held = yes;
}
export const isHeld = (): boolean => held;
