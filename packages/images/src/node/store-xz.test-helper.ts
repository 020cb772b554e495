// Writes an .xz file whose content is stored, not compressed (XZ format 1.1.0, LZMA2 uncompressed chunks): for tests.
import { crc32 } from "node:zlib";

const u32 = (value: number): Buffer => {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
};

function variable(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    out.push((rest % 128) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...out, rest]);
}

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

export function storeXz(content: Uint8Array): Buffer {
  const flags = Buffer.from([0, 1]);
  const header = Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), flags, u32(crc32(flags))]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 65_536) {
    const part = Buffer.from(content.subarray(at, at + 65_536));
    chunks.push(Buffer.from([at === 0 ? 1 : 2, (part.length - 1) >> 8, (part.length - 1) & 0xff]), part);
  }
  const data = Buffer.concat([...chunks, Buffer.from([0])]);
  const blockHead = Buffer.from([2, 0, 0x21, 1, 0x16, 0, 0, 0]);
  const block = Buffer.concat([blockHead, u32(crc32(blockHead)), data]);
  const check = u32(crc32(content));
  const index = padded(Buffer.concat([Buffer.from([0, 1]), variable(block.length + 4), variable(content.length)]));
  const tail = Buffer.concat([u32((index.length + 4) / 4 - 1), flags]);
  return Buffer.concat([header, padded(block), check, index, u32(crc32(index)), u32(crc32(tail)), tail, Buffer.from("YZ")]);
}
