// The secrets of a tunnel. Both ends have one key of 32 bytes. Each connection makes fresh X25519 keys; what both sides then
// share, mixed with the key, gives one AES-256-GCM key per direction. So nothing that was recorded can be sent again (other
// keys), nothing can be reflected (other direction), left out or reordered (the nonce counts), and a key that is stolen
// later opens nothing that was recorded before.
import {
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";

export const MAGIC = Buffer.from("MIMICTN1", "latin1");
const PUBLIC_BYTES = 32;
export const HELLO_BYTES = MAGIC.length + PUBLIC_BYTES;
const TAG_BYTES = 16;
/** Clear: the length of what follows. */
export const RECORD_HEAD_BYTES = 4;
export const LONGEST_RECORD = 256 * 1024 + TAG_BYTES;
/** DER before a raw X25519 public key (RFC 8410 §4). */
const SPKI = Buffer.from("302a300506032b656e032100", "hex");

export interface OwnHello {
  readonly bytes: Buffer;
  readonly secret: KeyObject;
}

export function makeHello(): OwnHello {
  const { publicKey, privateKey } = generateKeyPairSync("x25519");
  return { bytes: Buffer.concat([MAGIC, publicKey.export({ type: "spki", format: "der" }).subarray(SPKI.length)]), secret: privateKey };
}

/** Undefined = not a hello of ours. */
export function secretsOf(key: Uint8Array, own: OwnHello, theirs: Buffer, role: "dials" | "listens"): TunnelSecrets | undefined {
  if (!theirs.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  try {
    const publicKey = createPublicKey({ key: Buffer.concat([SPKI, theirs.subarray(MAGIC.length)]), type: "spki", format: "der" });
    const shared = diffieHellman({ privateKey: own.secret, publicKey });
    const [first, second] = role === "dials" ? [own.bytes, theirs] : [theirs, own.bytes];
    const material = Buffer.from(hkdfSync("sha256", Buffer.concat([key, shared]), Buffer.concat([first, second]), "mimic tunnel", 64));
    const [out, back] = [material.subarray(0, 32), material.subarray(32)];
    return role === "dials" ? new TunnelSecrets(out, back) : new TunnelSecrets(back, out);
  } catch {
    // A point that gives no shared secret.
    return undefined;
  }
}

export class TunnelSecrets {
  readonly #sealKey: Buffer;
  readonly #openKey: Buffer;
  #sealed = 0;
  #opened = 0;

  constructor(sealKey: Buffer, openKey: Buffer) {
    this.#sealKey = sealKey;
    this.#openKey = openKey;
  }

  /** Length, ciphertext and tag. The length is authenticated too. */
  seal(plain: Uint8Array): Buffer {
    const head = Buffer.alloc(RECORD_HEAD_BYTES);
    head.writeUInt32BE(plain.length + TAG_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#sealKey, nonce(this.#sealed++)).setAAD(head);
    const body = cipher.update(plain);
    cipher.final();
    return Buffer.concat([head, body, cipher.getAuthTag()]);
  }

  /** Undefined = it is not what the other end sealed next. */
  open(sealed: Uint8Array): Buffer | undefined {
    if (sealed.length < TAG_BYTES) return undefined;
    const head = Buffer.alloc(RECORD_HEAD_BYTES);
    head.writeUInt32BE(sealed.length);
    const end = sealed.length - TAG_BYTES;
    try {
      const decipher = createDecipheriv("aes-256-gcm", this.#openKey, nonce(this.#opened++)).setAAD(head);
      decipher.setAuthTag(sealed.subarray(end));
      const plain = decipher.update(sealed.subarray(0, end));
      decipher.final();
      return plain;
    } catch {
      return undefined;
    }
  }
}

function nonce(count: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(count), 4);
  return bytes;
}
