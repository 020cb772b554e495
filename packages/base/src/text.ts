// Strings that a guest, an image or a web page had a hand in are shown, never obeyed.

const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters to remove
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/**
 * A hostile string made harmless for a terminal, a log line or a label: no C0/C1 controls (so no
 * escape sequences), no bidi overrides, no zero-width marks; line ends and tabs become spaces; cut at `max`.
 */
export function plain(text: string, max = 200): string {
  const cleaned = text.replace(/[\t\n]/g, " ").replace(UNSAFE, "\ufffd");
  return cleaned.length > max ? `${cleaned.slice(0, max - 1)}…` : cleaned;
}

/** Whole control sequences (ECMA-48: CSI …, and OSC, DCS, APC, PM, SOS up to their end), so that no leavings like “[6n” remain. */
const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are exactly the characters to remove
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]|\u001b[\]P_^X][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)|\u001b[ -/]{0,4}[0-Z\\^-~]/g;

/** As `plain`, but keeps line ends and tabs: for logs shown as a block. A terminal's sequences are left out, its “\r\n” ends a line. */
export function plainBlock(text: string, max = 65_536): string {
  const cleaned = text.replace(SEQUENCES, "").replace(/\r+\n/g, "\n").replace(UNSAFE, "\ufffd");
  return cleaned.length > max ? `…${cleaned.slice(-max)}` : cleaned;
}

/** “name” – how names from people are quoted in sentences. */
export const quoted = (name: string): string => `“${plain(name, 80)}”`;
