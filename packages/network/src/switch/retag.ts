// Changes a frame's VLAN tag: in a copy, or where the frame lies.
import { lengthAt, RECORD_HEAD, writeRecordHead } from "./ports.ts";
import { FORM, type Form, isTagType, TAG_BYTES, TYPE_CTAG, TYPE_STAG } from "./vlan.ts";

/**
 * Copies a frame with its tag changed. `from` is the form that it has, `to` the one that it gets; both were decided
 * before. Answers the bytes written, or -1 when the frame, once its tag is off, would show another tag: that is how
 * VLANs are hopped (a double tag at a port without tags).
 */
export function copyRetagged(
  source: { readonly bytes: Uint8Array; readonly at: number; readonly length: number; readonly form: Form },
  target: { readonly bytes: Uint8Array; readonly at: number; readonly form: Form; readonly vlan: number; readonly mayNest: boolean },
): number {
  const { bytes, at, length } = source;
  const out = target.bytes;
  const cut = source.form === FORM.plain ? 0 : TAG_BYTES;
  if (length < 14 + cut) return -1;
  const inner = ((bytes[at + 12 + cut] as number) << 8) | (bytes[at + 13 + cut] as number);
  if (target.form === FORM.plain && !target.mayNest && isTagType(inner)) return -1;
  out.set(bytes.subarray(at, at + 12), target.at);
  let to = target.at + 12;
  if (target.form !== FORM.plain) {
    const priority = cut > 0 ? (bytes[at + 14] as number) & 0xf0 : 0;
    const type = target.form === FORM.stag ? TYPE_STAG : TYPE_CTAG;
    out[to] = type >> 8;
    out[to + 1] = type & 0xff;
    out[to + 2] = priority | (target.vlan >> 8);
    out[to + 3] = target.vlan & 0xff;
    to += TAG_BYTES;
  }
  out.set(bytes.subarray(at + 12 + cut, at + length), to);
  return to + length - 12 - cut - target.at;
}

/** What a change in place may touch: a tag's length before the record, its head, both addresses, and a tag. */
const BEFORE = TAG_BYTES;
export const KEPT_BYTES = BEFORE + RECORD_HEAD + 12 + TAG_BYTES;

/**
 * Changes the tag of the record at `at` without moving its payload: the addresses move by a tag's length. Answers where
 * the record begins now (it ends where it did), or -1 when it must be copied: no room before it, or it would show another tag.
 * `kept` gets what was there before.
 */
export function retagInPlace(
  bytes: Uint8Array,
  at: number,
  change: { readonly form: Form; readonly formOut: Form; readonly vlan: number; readonly mayNest: boolean },
  kept: Uint8Array,
): number {
  const { form, formOut, vlan, mayNest } = change;
  const cut = form === FORM.plain ? 0 : TAG_BYTES;
  const add = formOut === FORM.plain ? 0 : TAG_BYTES;
  const length = lengthAt(bytes, at);
  if (at < BEFORE || length < 14 + cut || length < 12 + TAG_BYTES) return -1;
  const typeAt = at + RECORD_HEAD + 12 + cut;
  if (add === 0 && !mayNest && isTagType(((bytes[typeAt] as number) << 8) | (bytes[typeAt + 1] as number))) return -1;
  const first = at - BEFORE;
  for (let i = 0; i < KEPT_BYTES; i++) kept[i] = bytes[first + i] as number;
  const start = at + cut - add;
  const priority = cut > 0 ? (kept[BEFORE + RECORD_HEAD + 14] as number) & 0xf0 : 0;
  writeRecordHead(bytes, start, length - cut + add);
  const addresses = start + RECORD_HEAD;
  for (let i = 0; i < 12; i++) bytes[addresses + i] = kept[BEFORE + RECORD_HEAD + i] as number;
  if (add === 0) return start;
  const type = formOut === FORM.stag ? TYPE_STAG : TYPE_CTAG;
  bytes[addresses + 12] = type >> 8;
  bytes[addresses + 13] = type & 0xff;
  bytes[addresses + 14] = priority | (vlan >> 8);
  bytes[addresses + 15] = vlan & 0xff;
  return start;
}

/** Undoes `retagInPlace` of the record that began at `at`. */
export function restore(bytes: Uint8Array, at: number, kept: Uint8Array): void {
  for (let i = 0; i < KEPT_BYTES; i++) bytes[at - BEFORE + i] = kept[i] as number;
}
