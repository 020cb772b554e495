// Key combinations that a browser or this computer would keep for itself. The names are those of `mimic key`.
export interface Chord {
  readonly words: string;
  readonly keys: readonly string[];
}

export const CHORDS: readonly Chord[] = [
  { words: "Ctrl Alt Delete", keys: ["ctrl-alt-delete"] },
  { words: "Ctrl Alt F1", keys: ["ctrl-alt-f1"] },
  { words: "Ctrl Alt F2", keys: ["ctrl-alt-f2"] },
  { words: "Ctrl Alt F7", keys: ["ctrl-alt-f7"] },
  { words: "Alt Tab", keys: ["alt-tab"] },
  { words: "Alt F4", keys: ["alt-f4"] },
  { words: "Ctrl W", keys: ["ctrl-w"] },
  { words: "Ctrl ]", keys: ["ctrl-bracket_right"] },
  { words: "Esc", keys: ["esc"] },
  { words: "F11", keys: ["f11"] },
  { words: "F12", keys: ["f12"] },
  { words: "Print screen", keys: ["print"] },
];

/** Ctrl and ] gives the keyboard back to the page, as it does in `mimic console`. */
export const isLeaveKey = (event: Pick<KeyboardEvent, "ctrlKey" | "altKey" | "metaKey" | "code">): boolean =>
  event.ctrlKey && !event.altKey && !event.metaKey && event.code === "BracketRight";
