// TCP options (RFC 9293 §3.2): maximum segment size, window scale and time stamps (RFC 7323 §2, §3), selective
// acknowledgements (RFC 2018 §2, §3). What is unknown, cut off or senseless is passed over.
import { readU16, readU32, writeU16, writeU32 } from "../bytes.ts";

export const TCP_OPTION = { end: 0, nop: 1, mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8 } as const;

/** RFC 7323 §2.3. */
export const LARGEST_SCALE = 14;
/** That is what fits in. */
const MOST_SACK_BLOCKS = 4;

export interface TcpOptions {
  readonly mss?: number;
  readonly windowScale?: number;
  readonly sackPermitted?: boolean;
  /** [left edge, right edge) each. */
  readonly sack?: readonly (readonly [number, number])[];
  readonly timestamps?: { readonly value: number; readonly echo: number };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export function parseTcpOptions(bytes: Uint8Array): TcpOptions {
  const options: Mutable<TcpOptions> = {};
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at];
    if (kind === TCP_OPTION.end) break;
    if (kind === TCP_OPTION.nop) {
      at++;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) break;
    readOption(options, bytes, at, length);
    at += length;
  }
  return options;
}

function readOption(options: Mutable<TcpOptions>, bytes: Uint8Array, at: number, length: number): void {
  const kind = bytes[at];
  if (kind === TCP_OPTION.mss && length === 4) options.mss = readU16(bytes, at + 2);
  else if (kind === TCP_OPTION.windowScale && length === 3) options.windowScale = Math.min(bytes[at + 2] as number, LARGEST_SCALE);
  else if (kind === TCP_OPTION.sackPermitted && length === 2) options.sackPermitted = true;
  else if (kind === TCP_OPTION.timestamps && length === 10) {
    options.timestamps = { value: readU32(bytes, at + 2), echo: readU32(bytes, at + 6) };
  } else if (kind === TCP_OPTION.sack && length % 8 === 2) {
    const blocks: [number, number][] = [];
    for (let block = at + 2; block < at + length; block += 8) blocks.push([readU32(bytes, block), readU32(bytes, block + 4)]);
    options.sack = blocks;
  }
}

/** A multiple of 4 bytes, at most 40: selective acknowledgements that do not fit in are left out. */
export function serializeTcpOptions(options: TcpOptions): Uint8Array {
  const bytes: number[] = [];
  const u16 = (value: number): number[] => [value >>> 8, value & 0xff];
  if (options.mss !== undefined) bytes.push(TCP_OPTION.mss, 4, ...u16(options.mss));
  if (options.sackPermitted) bytes.push(TCP_OPTION.sackPermitted, 2);
  if (options.timestamps) {
    bytes.push(TCP_OPTION.timestamps, 10, ...new Uint8Array(8));
    const view = new Uint8Array(8);
    writeU32(view, 0, options.timestamps.value);
    writeU32(view, 4, options.timestamps.echo);
    bytes.splice(-8, 8, ...view);
  }
  if (options.windowScale !== undefined) bytes.push(TCP_OPTION.windowScale, 3, options.windowScale);
  const room = Math.floor((40 - bytes.length - 2) / 8);
  const blocks = (options.sack ?? []).slice(0, Math.max(0, Math.min(room, MOST_SACK_BLOCKS)));
  if (blocks.length > 0) {
    const view = new Uint8Array(2 + 8 * blocks.length);
    writeU16(view, 0, (TCP_OPTION.sack << 8) | view.length);
    blocks.forEach(([left, right], index) => {
      writeU32(view, 2 + 8 * index, left);
      writeU32(view, 6 + 8 * index, right);
    });
    bytes.push(...view);
  }
  while (bytes.length % 4 !== 0) bytes.push(TCP_OPTION.end);
  return Uint8Array.from(bytes);
}
