// Logs are shown as text: what would move a cursor or colour a terminal is taken out. Pure.
import { plainBlock } from "@mimic/base";

const ESCAPES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences of terminals, to be removed
  /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\^_()][0-9A-Za-z]?)/g;

/** Lines of a serial console without their colours and cursor movements. */
export const withoutEscapes = (text: string): string => plainBlock(text.replace(/\r+\n/g, "\n").replace(ESCAPES, ""));
