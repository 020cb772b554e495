// A guest's text for people: lines stay lines, terminal sequences are taken out (also those whose ESC, and the CR
// at ends of lines, the daemon has already made harmless as U+FFFD).
import { plainBlock } from "@mimic/base";

const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal control sequences (ECMA-48) are what is removed
  /[\u001b\ufffd]\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)|\u001b[@-_]|\r|\ufffd(?=\n)/g;

/** Colour and cursor sequences would be shown as rubble: they go first, and what is left of them cannot be obeyed. */
export const harmlessText = (text: string): string => plainBlock(text.replace(SEQUENCES, ""), Number.POSITIVE_INFINITY);
