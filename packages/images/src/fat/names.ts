// Names as DOS knows them: eight characters, a dot, three. Names of people's files are data: whatever they hold, what
// comes out is made of letters, digits and a few signs, and is different for each file of a folder.

const ALLOWED = /[^A-Z0-9!#$%&'()\-@^_`{}~]/g;
/** Devices of DOS: a file of that name could not be opened. */
const RESERVED = /^(CON|PRN|AUX|NUL|COM\d|LPT\d|CLOCK\$)$/;

const clean = (text: string, length: number): string =>
  text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toUpperCase()
    .replace(/[ .]+/g, "")
    .replace(ALLOWED, "_")
    .slice(0, length);

/** The 11 bytes of a directory entry, padded, none of them in `taken` (to which it is added). */
export function shortName(name: string, taken: Set<string>): string {
  const dot = name.lastIndexOf(".");
  const extension = dot > 0 ? clean(name.slice(dot + 1), 3) : "";
  let base = clean(dot > 0 ? name.slice(0, dot) : name, 8) || "_";
  if (RESERVED.test(base)) base = `${base.slice(0, 7)}_`;
  const pad = (stem: string): string => stem.padEnd(8) + extension.padEnd(3);
  let short = pad(base);
  for (let n = 1; taken.has(short); n++) short = pad(`${base.slice(0, 7 - String(n).length)}~${n}`);
  taken.add(short);
  return short;
}
