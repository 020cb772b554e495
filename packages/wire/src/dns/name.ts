// Domain names (RFC 1035 §3.1, §4.1.4) in the usual written form (§5.1): labels with dots between, no dot at the end, "" for
// the root; a byte that is no plain letter, digit, "-" or "_" is written "\." or "\046", so that a hostile label stays a label.
// Case is kept as it came (0x20 needs that); compare with `sameName` or `foldName`.

export const MAX_NAME_BYTES = 255;
const MAX_LABEL_BYTES = 63;

export interface ReadName {
  readonly name: string;
  /** Where reading goes on, behind the name as it stands there. */
  readonly next: number;
}

const isPlain = (byte: number): boolean =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x2d || byte === 0x5f;

function writeLabel(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0;
    if (isPlain(byte)) text += String.fromCharCode(byte);
    else if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, "0")}`;
  }
  return text;
}

/**
 * Reads a name, following pointers (RFC 1035 §4.1.4). Each pointer must lead further back than the part that it ends, so that no
 * loop is possible; undefined when the bytes are no name.
 */
export function parseName(bytes: Uint8Array, offset: number): ReadName | undefined {
  let at = offset;
  let next = -1;
  let partBegan = offset;
  let size = 1;
  let name = "";
  for (;;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length === 0) return { name, next: next === -1 ? at + 1 : next };
    if ((length & 0xc0) === 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return undefined;
      const target = ((length & 0x3f) << 8) | low;
      if (target >= partBegan) return undefined;
      if (next === -1) next = at + 2;
      at = target;
      partBegan = target;
      continue;
    }
    if (length > MAX_LABEL_BYTES || at + 1 + length > bytes.length) return undefined;
    size += length + 1;
    if (size > MAX_NAME_BYTES) return undefined;
    const label = writeLabel(bytes, at + 1, at + 1 + length);
    name = name === "" ? label : `${name}.${label}`;
    at += 1 + length;
  }
}

/** The labels of a written name as bytes; undefined when it is none. A dot at the end is allowed. */
export function labelsOfName(name: string): Uint8Array[] | undefined {
  if (name === "" || name === ".") return [];
  const labels: Uint8Array[] = [];
  let label: number[] = [];
  let size = 1;
  const endLabel = (): boolean => {
    if (label.length === 0 || label.length > MAX_LABEL_BYTES) return false;
    size += label.length + 1;
    labels.push(Uint8Array.from(label));
    label = [];
    return size <= MAX_NAME_BYTES;
  };
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code === 0x2e) {
      if (!endLabel()) return undefined;
    } else if (code === 0x5c) {
      const digits = /^\d{3}/.exec(name.slice(at + 1, at + 4))?.[0];
      const byte = digits === undefined ? name.charCodeAt(at + 1) : Number(digits);
      if (!(byte <= 255)) return undefined;
      label.push(byte);
      at += digits === undefined ? 1 : 3;
    } else {
      if (code > 0x7e || code < 0x21) return undefined;
      label.push(code);
    }
    if (label.length > MAX_LABEL_BYTES) return undefined;
  }
  return name.endsWith(".") && label.length === 0 ? labels : endLabel() ? labels : undefined;
}

/** The labels of a written name, escapes kept: "a\\.b.c" is "a\\.b" and "c". A dot at the end is left out. */
export function splitName(name: string): string[] {
  const labels: string[] = [];
  let began = 0;
  for (let at = 0; at < name.length; at++) {
    if (name[at] === "\\") at++;
    else if (name[at] === ".") {
      labels.push(name.slice(began, at));
      began = at + 1;
    }
  }
  if (began < name.length) labels.push(name.slice(began));
  return labels;
}

/** The name in lower case (ASCII only, RFC 4343) and without a dot at the end: for keys and comparing. */
export function foldName(name: string): string {
  const folded = name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  return folded.endsWith(".") ? splitName(folded).join(".") : folded;
}

export const sameName = (a: string, b: string): boolean => a === b || foldName(a) === foldName(b);

/** Whether `name` is `domain` or below it. */
export function isWithin(name: string, domain: string): boolean {
  const [lower, root] = [splitName(foldName(name)), splitName(foldName(domain))];
  return lower.length >= root.length && root.every((label, index) => label === lower[lower.length - root.length + index]);
}

/** What the name is below: "b.c" for "a.b.c"; "" for a single label. */
export const parentOf = (name: string): string => splitName(name).slice(1).join(".");

/** "2.2.0.10.in-addr.arpa" (RFC 1035 §3.5) or the nibbles of ip6.arpa (RFC 3596 §2.5), from the address's 4 or 16 bytes. */
export function reverseName(address: Uint8Array): string {
  const backwards = [...address].reverse();
  if (address.length === 4) return `${backwards.join(".")}.in-addr.arpa`;
  return `${backwards.map((byte) => `${(byte & 15).toString(16)}.${(byte >> 4).toString(16)}`).join(".")}.ip6.arpa`;
}
