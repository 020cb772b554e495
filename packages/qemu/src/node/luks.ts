// A LUKS1 header for a key that lives in memory only: 32 random bytes, so stretching it is pointless and the least number
// of rounds is used (a person's password would need a million). Only what QEMU's reader wants is written: one key slot,
// AES-256 in XTS mode, SHA-256. (LUKS On-Disk Format Specification 1.2.3; QEMU docs/interop/qcow2.txt, full disk encryption)
import { createCipheriv, createHash, pbkdf2Sync, randomBytes, randomUUID } from "node:crypto";

const SECTOR = 512;
/** Stripes of the anti-forensic split: the specification's own number. */
const STRIPES = 4000;
const KEY_BYTES = 64;
/** The specification's least. */
const ROUNDS = 1000;
const DIGEST_BYTES = 20;
const SALT_BYTES = 32;
/** First sector of the key's material; the header takes 592 bytes, and the reader wants a page's alignment. */
const MATERIAL_AT = 8;
const SLOT_SECTORS = Math.ceil((KEY_BYTES * STRIPES) / SECTOR);
const ALIGN = 8;
const SLOTS = 8;
const SLOT_ENABLED = 0x00ac71f3;
const SLOT_DISABLED = 0x0000dead;

/** The sectors before the encrypted data. `secret` is what QEMU is given as the key's words. */
export function luksHeader(secret: string): Uint8Array {
  const slotStride = Math.ceil(SLOT_SECTORS / ALIGN) * ALIGN;
  const payloadAt = MATERIAL_AT + slotStride * SLOTS;
  const header = Buffer.alloc((MATERIAL_AT + slotStride * SLOTS) * SECTOR);
  const master = randomBytes(KEY_BYTES);
  const masterSalt = randomBytes(SALT_BYTES);
  header.write("LUKS\xba\xbe", 0, "latin1");
  header.writeUInt16BE(1, 6);
  header.write("aes", 8, "latin1");
  header.write("xts-plain64", 40, "latin1");
  header.write("sha256", 72, "latin1");
  header.writeUInt32BE(payloadAt, 104);
  header.writeUInt32BE(KEY_BYTES, 108);
  pbkdf2Sync(master, masterSalt, ROUNDS, DIGEST_BYTES, "sha256").copy(header, 112);
  masterSalt.copy(header, 132);
  header.writeUInt32BE(ROUNDS, 164);
  header.write(randomUUID(), 168, "latin1");
  for (let slot = 0; slot < SLOTS; slot++) {
    const at = 208 + slot * 48;
    header.writeUInt32BE(slot === 0 ? SLOT_ENABLED : SLOT_DISABLED, at);
    header.writeUInt32BE(slot === 0 ? ROUNDS : 0, at + 4);
    header.writeUInt32BE(MATERIAL_AT + slot * slotStride, at + 40);
    header.writeUInt32BE(STRIPES, at + 44);
  }
  const salt = randomBytes(SALT_BYTES);
  salt.copy(header, 208 + 8);
  const slotKey = pbkdf2Sync(secret, salt, ROUNDS, KEY_BYTES, "sha256");
  encryptSectors(slotKey, split(master)).copy(header, MATERIAL_AT * SECTOR);
  return header;
}

/** AFsplit: the key, spread over 4000 stripes so that losing any of them loses it. (Specification, 2.4) */
function split(key: Buffer): Buffer {
  const out = Buffer.alloc(Math.ceil((KEY_BYTES * STRIPES) / SECTOR) * SECTOR);
  let last: Buffer = Buffer.alloc(KEY_BYTES);
  for (let stripe = 0; stripe < STRIPES - 1; stripe++) {
    const random = randomBytes(KEY_BYTES);
    random.copy(out, stripe * KEY_BYTES);
    last = diffuse(xor(last, random));
  }
  xor(last, key).copy(out, (STRIPES - 1) * KEY_BYTES);
  return out;
}

function xor(a: Buffer, b: Buffer): Buffer {
  const out = Buffer.alloc(a.length);
  for (let i = 0; i < a.length; i++) out[i] = (a[i] as number) ^ (b[i] as number);
  return out;
}

/** Each digest-long piece becomes the digest of its number and itself. */
function diffuse(block: Buffer): Buffer {
  const out = Buffer.alloc(block.length);
  for (let piece = 0; piece * 32 < block.length; piece++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(piece);
    const part = block.subarray(piece * 32, piece * 32 + 32);
    createHash("sha256")
      .update(number)
      .update(part)
      .digest()
      .copy(out, piece * 32, 0, part.length);
  }
  return out;
}

/** xts-plain64: the sector's number, little-endian, is the tweak; numbered from 0 within the material. */
function encryptSectors(key: Buffer, plainBytes: Buffer): Buffer {
  const out = Buffer.alloc(plainBytes.length);
  for (let sector = 0; sector * SECTOR < plainBytes.length; sector++) {
    const tweak = Buffer.alloc(16);
    tweak.writeUInt32LE(sector);
    const cipher = createCipheriv("aes-256-xts", key, tweak).setAutoPadding(false);
    const piece = plainBytes.subarray(sector * SECTOR, (sector + 1) * SECTOR);
    Buffer.concat([cipher.update(piece), cipher.final()]).copy(out, sector * SECTOR);
  }
  return out;
}
