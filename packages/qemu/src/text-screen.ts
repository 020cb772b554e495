// A PC's text-mode screen as text: 80 × 25 cells of (character, attribute) at b8000h, in code page 437.

const HIGH =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ";

const COLUMNS = 80;
const ROWS = 25;

/** All of the text memory: Linux scrolls by moving the visible window through it. */
export const TEXT_MEMORY = { at: 0xb8000, bytes: 32_768 } as const;

/**
 * The 25 lines on the screen. Where the window is, only the card knows; it is taken to end with the last line
 * that was written. Control codes are pictures in text mode; they become spaces. No trailing spaces.
 */
export function visibleText(cells: Uint8Array): string {
  const rows: string[] = [];
  for (let row = 0; (row + 1) * COLUMNS * 2 <= cells.length; row++) rows.push(rowOf(cells, row));
  const last = rows.findLastIndex((line) => line !== "");
  const from = Math.max(0, last + 1 - ROWS);
  return rows.slice(from, from + ROWS).join("\n");
}

function rowOf(cells: Uint8Array, row: number): string {
  let line = "";
  for (let column = 0; column < COLUMNS; column++) {
    const code = cells[(row * COLUMNS + column) * 2] ?? 32;
    line += code >= 128 ? (HIGH[code - 128] ?? " ") : code >= 32 && code < 127 ? String.fromCharCode(code) : " ";
  }
  return line.trimEnd();
}

/** The VGA text modes of 80 × 25 are drawn as 720 × 400 (or 640 × 400). */
export const looksLikeTextMode = (size: { readonly width: number; readonly height: number }): boolean =>
  size.height === 400 && (size.width === 720 || size.width === 640);
