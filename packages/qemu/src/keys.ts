// Key names and what they are on a US keyboard. QEMU's names are qcodes (qapi/ui.json).
import { MimicError, plain } from "@mimic/base";

const ALIASES: Readonly<Record<string, string>> = {
  control: "ctrl",
  enter: "ret",
  return: "ret",
  escape: "esc",
  del: "delete",
  ins: "insert",
  space: "spc",
  win: "meta_l",
  meta: "meta_l",
  super: "meta_l",
  bksp: "backspace",
  pageup: "pgup",
  pagedown: "pgdn",
  arrowup: "up",
  arrowdown: "down",
  arrowleft: "left",
  arrowright: "right",
  print: "print",
  altgr: "alt_r",
};

const KNOWN: ReadonlySet<string> = new Set([
  ..."abcdefghijklmnopqrstuvwxyz0123456789",
  ...Array.from({ length: 12 }, (_, i) => `f${i + 1}`),
  ..."shift shift_r alt alt_r ctrl ctrl_r meta_l meta_r menu esc minus equal backspace tab bracket_left bracket_right ret semicolon apostrophe grave_accent backslash comma dot slash asterisk spc caps_lock num_lock scroll_lock kp_divide kp_multiply kp_subtract kp_add kp_enter kp_decimal sysrq less print home pgup pgdn end left up down right insert delete pause power sleep wake".split(
    " ",
  ),
  ...Array.from({ length: 10 }, (_, i) => `kp_${i}`),
]);

const unknownKey = (name: string): MimicError =>
  new MimicError("input.unknown_key", `There is no key “${plain(name, 40)}” on the keyboard.`, {
    hint: "Key names look like: ctrl, alt, delete, f1, ret, esc, tab, spc, up, a, 1.",
  });

/** QEMU's name of a key, from what people call it. Throws `input.unknown_key`. */
export function qcodeOf(name: string): string {
  const lower = name.toLowerCase();
  const qcode = ALIASES[lower] ?? lower;
  if (!KNOWN.has(qcode)) throw unknownKey(name);
  return qcode;
}

const PLAIN: Readonly<Record<string, string>> = {
  "\n": "ret",
  "\t": "tab",
  " ": "spc",
  "-": "minus",
  "=": "equal",
  "[": "bracket_left",
  "]": "bracket_right",
  "\\": "backslash",
  ";": "semicolon",
  "'": "apostrophe",
  "`": "grave_accent",
  ",": "comma",
  ".": "dot",
  "/": "slash",
};
const SHIFTED: Readonly<Record<string, string>> = {
  "!": "1",
  "@": "2",
  "#": "3",
  $: "4",
  "%": "5",
  "^": "6",
  "&": "7",
  "*": "8",
  "(": "9",
  ")": "0",
  _: "minus",
  "+": "equal",
  "{": "bracket_left",
  "}": "bracket_right",
  "|": "backslash",
  ":": "semicolon",
  '"': "apostrophe",
  "~": "grave_accent",
  "<": "comma",
  ">": "dot",
  "?": "slash",
};

/** The chords that type this text on a US keyboard. Throws `input.unknown_key` before anything is typed. */
export function chordsOf(text: string): readonly (readonly string[])[] {
  return [...text.replaceAll("\r\n", "\n")].map((c) => {
    if (/^[a-z0-9]$/.test(c)) return [c];
    if (/^[A-Z]$/.test(c)) return ["shift", c.toLowerCase()];
    const plainKey = PLAIN[c];
    if (plainKey) return [plainKey];
    const shifted = SHIFTED[c];
    if (shifted) return ["shift", shifted];
    throw unknownKey(c);
  });
}
